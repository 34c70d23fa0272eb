"""A view cut into windows of pieces, as the encoder reads it.

A window holds whole sentences: those that it owns, some before them, and the headline. Names stand
behind a marker of their kind, an amount is a marker and its order of magnitude, so that the encoder
learns the sentence and not the company or the figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from processors.pieces import Pieces
from processors.view import View

WINDOW = 360
"""Pieces of a window, at most (a single longer sentence apart)."""
_BEFORE = 50
_HEADLINE = 40
_AFTER = 50
"""Pieces of earlier sentences, of the headline and of the next sentence that a window repeats."""
_SENTENCE = 200
_WORD = 8
_NAME = 5
"""Pieces of a sentence, a word and a name, at most."""
_BACK = 6
_MAGNITUDES = 14

_SENT, _HEAD, _NUMBER, _YEAR, _MONEY = (f"[unused{n}]" for n in range(1, 6))
_KINDS = {"<O>": "[unused6]", "<P>": "[unused7]", "<L>": "[unused8]", "<D>": "[unused9]"}
_MAGNITUDE = [f"[unused{20 + n}]" for n in range(_MAGNITUDES)]
_SCALES = ("dollar", "thousand", "million", "billion", "trillion")
MARKERS = {
    **{"[CLS]": "[CLS]", "[SEP]": "[SEP]", _SENT: ".", _HEAD: ":", _MONEY: "$"},
    **{_NUMBER: "number", _YEAR: "2019"},
    **dict(zip(_KINDS.values(), ("company", "man", "city", "firm"), strict=True)),
    **{marker: _SCALES[n // 3] for n, marker in enumerate(_MAGNITUDE)},
}
"""Pieces that stand for something, and the word as which each begins to be learned."""


class Row(NamedTuple):
    """A sentence in pieces, and where its names and amounts stand: (index in the view, piece)."""

    ids: list[int]
    names: list[tuple[int, int]]
    money: list[tuple[int, int]]


@dataclass(slots=True)
class Window:
    """Pieces of consecutive sentences.

    `sentences` are their numbers in the view, `starts` the piece where each begins, and `owned` the
    indices of those that this window decides on. Names and amounts are (index in the view, index of
    the sentence in this window, piece).
    """

    ids: list[int]
    sentences: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    owned: list[int] = field(default_factory=list)
    names: list[tuple[int, int, int]] = field(default_factory=list)
    money: list[tuple[int, int, int]] = field(default_factory=list)

    def ends(self) -> list[int]:
        """Return the piece behind the last one of each sentence."""
        return [*self.starts[1:], len(self.ids) - 1]


class Candidate(NamedTuple):
    """A name that may take part in a deal that an owned sentence (`at`, an index) states.

    `pieces`: where it stands in that sentence, else where it was last met. `gap`: how many
    sentences back (0: inside, 7: only later). `rank`: its order among the names inside. `often`:
    its mentions in the article. All three are capped, as the model's tables are.
    """

    at: int
    name: int
    pieces: list[int]
    gap: int
    rank: int
    often: int
    headline: bool


class Windows:
    """Makes the windows of a view."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._ids = pieces.ids

    def rows(self, view: View, renamed: Mapping[int, str] | None = None) -> list[Row]:
        """Return the sentences in pieces; `renamed` gives names another text (training does)."""
        met = [0] * len(view.names)
        return [self._row(view, number, renamed or {}, met) for number in range(len(view.symbols))]

    def _row(self, view: View, number: int, renamed: Mapping[int, str], met: list[int]) -> Row:
        ids = [self._ids[_HEAD if view.sentences[number].heading else _SENT]]
        names, money = [], []
        for symbol in view.symbols[number]:
            if symbol.name >= 0:
                names.append((symbol.name, len(ids)))
                mentions = view.names[symbol.name].mentions
                text = mentions[min(met[symbol.name], len(mentions) - 1)].text
                met[symbol.name] += 1
                ids.append(self._ids[_KINDS[symbol.word]])
                ids += self._pieces.of_text(renamed.get(symbol.name, text), _NAME)
            elif symbol.money >= 0:
                money.append((symbol.money, len(ids)))
                amount = view.money[symbol.money]
                ids.append(self._ids[_MONEY])
                ids.append(self._ids[_MAGNITUDE[magnitude(amount.low or amount.high or 0)]])
            elif symbol.word == "<N>":
                ids.append(self._ids[_NUMBER])
            elif symbol.word == "<Y>":
                ids.append(self._ids[_YEAR])
            else:
                ids += self._pieces.of(symbol.word)[:_WORD]
        return Row(
            ids[:_SENTENCE],
            [(name, at) for name, at in names if at < _SENTENCE],
            [(amount, at) for amount, at in money if at + 1 < _SENTENCE],
        )

    def cut(self, rows: Sequence[Row]) -> Iterator[Window]:
        """Yield windows that own all sentences, in order."""
        lengths = [len(row.ids) for row in rows]
        at = 0
        while at < len(rows):
            start, size = at, 2
            while start > 0 and size + lengths[start - 1] <= _BEFORE + 2:
                start -= 1
                size += lengths[start]
            headline = [0] if start > 0 and lengths[0] < _HEADLINE else []
            size += sum(lengths[number] for number in headline)
            end = at
            while end < len(rows) and (end == at or size + lengths[end] <= WINDOW):
                size += lengths[end]
                end += 1
            shown = [*headline, *range(start, end)]
            if end < len(rows) and lengths[end] < _AFTER:
                shown.append(end)
            yield self._window(rows, shown, range(at, end), len(headline))
            at = end

    def _window(self, rows: Sequence[Row], shown: list[int], owned: range, skipped: int) -> Window:
        window = Window([self._ids["[CLS]"]], shown)
        for index, number in enumerate(shown):
            base, row = len(window.ids), rows[number]
            window.starts.append(base)
            window.ids += row.ids
            window.names += [(name, index, base + at) for name, at in row.names]
            window.money += [(amount, index, base + at) for amount, at in row.money]
            if index >= skipped and number in owned:
                window.owned.append(index)
        window.ids.append(self._ids["[SEP]"])
        return window


def magnitude(value: float) -> int:
    """Return the order of magnitude of an amount: the number of digits but one, at most 13."""
    return min(_MAGNITUDES - 1, int(math.log10(value))) if value >= 1 else 0


def candidates(view: View, window: Window) -> list[Candidate]:
    """Return who may take part in the deals that the owned sentences of a window state."""
    places: dict[int, list[tuple[int, int]]] = {}
    for name, at, piece in window.names:
        places.setdefault(name, []).append((at, piece))
    headline = {name for name, at, _ in window.names if window.sentences[at] == 0}
    found = []
    for at in window.owned:
        inside = dict.fromkeys(name for name, other, _ in window.names if other == at)
        ranks = {name: rank for rank, name in enumerate(inside)}
        for name, some in places.items():
            pieces, gap = _where(window, some, at)
            if pieces:
                found.append(
                    Candidate(
                        at,
                        name,
                        pieces,
                        gap,
                        min(ranks.get(name, 4), 4),
                        min(len(view.places[name]), 5),
                        name in headline,
                    )
                )
    return found


def _where(window: Window, places: list[tuple[int, int]], at: int) -> tuple[list[int], int]:
    """Return the pieces at which to look for a name, and how many sentences back they are."""
    inside = [piece for other, piece in places if other == at]
    if inside:
        return inside, 0
    before = [place for place in places if place[0] < at]
    number = window.sentences[at]
    if before:
        other, piece = max(before)
        return [piece], min(number - window.sentences[other], _BACK)
    other, piece = min(places)
    return ([piece], _BACK + 1) if window.sentences[other] - number <= 1 else ([], 0)
