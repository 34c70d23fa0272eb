"""Numbers with scale and currency, read off tokens: "$2.5bn", "un million et demi d'euros"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processors.currencies import Currencies
from processors.numbers import Numbers
from processors.text import Token, tokens

Phrases = dict[tuple[str, ...], Any]

MAIN = "main"
"""Stands for the currency that the article mostly uses."""

_LINKS = {"de", "d", "of", "in", "en"}
_GLUED = {"R", "N", "K", "P", "W", "C", "DA", "DT", "DH", "Dh", "SR", "RM"}
"""Signs that are ordinary letters: nothing may stand between them and the number."""


@dataclass(slots=True)
class Quantity:
    """A number as tokens `first` to `last` (excluded); scale 0, currency "": none is said."""

    first: int
    last: int
    value: float
    scale: float = 0.0
    currency: str = ""
    about: bool = False
    floor: bool = False
    figures: bool = True
    weak: bool = False
    """The currency is one letter before the number, as in R5: a name as like as not."""

    def amount(self) -> float:
        return round(self.value * (self.scale or 1), 4)


def _phrases(words: Mapping[str, Any], fold: bool = True) -> Phrases:
    """Return `words` keyed by their tokens, in lower case unless told otherwise."""
    return {
        tuple(t.low if fold else t.text for t in tokens(word, 0, len(word))): value
        for word, value in words.items()
    }


def _longest(table: Phrases, words: Sequence[str], at: int, size: int = 6) -> tuple[int, Any]:
    """Return how many of `words` from `at` on make an entry of `table`, and the entry; 0: none."""
    for length in range(min(size, len(words) - at), 0, -1):
        if (entry := table.get(tuple(words[at : at + length]))) is not None:
            return length, entry
    return 0, None


class Quantities:
    """Reads the quantities of one language; `table` is its money.toml."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.numbers = Numbers(table)
        self.currencies = Currencies(table)
        self._halves = _phrases(self.numbers.halves)
        self._vague = _phrases({**self.numbers.about, **self.numbers.floors})
        self._parts = _phrases(self.numbers.parts)
        self._floors = set(_phrases(self.numbers.floors))
        self._scales = _phrases({s: v for s, v in self.numbers.scales.items() if len(s) > 3})
        self._letters = _phrases(
            {s: v for s, v in self.numbers.scales.items() if len(s) <= 3}, False
        )
        self._names = _phrases(self.currencies.words)
        self._cents = _phrases({name: code or MAIN for name, code in self.currencies.cents.items()})
        self._scaled = _phrases(table["scaled"], False)
        self._signs = _phrases(self.currencies.signs, False)
        self._ambiguous = self.currencies.ambiguous
        starts = {key[0] for key in [*self._vague, *self._scales, *self._parts]}
        self.starts = frozenset({*self.numbers.words, *starts})

    def begins(self, low: str) -> bool:
        """Whether a number may begin with the token."""
        return low[0].isdigit() or low in self.starts

    def name(self, low: list[str], at: int) -> str:
        """Return the currency that the tokens from `at` on name, or ""."""
        return _longest(self._names, low, at)[1] or ""

    def name_before(self, low: list[str], first: int, last: int) -> tuple[int, str]:
        """Return the last currency that tokens from `first` to `last` name, and where."""
        for at in range(last - 1, first - 1, -1):
            if low[at] in ".;":
                break
            if self.name(low, at):
                start = next(
                    (i for i in (at - 2, at - 1) if i >= first and self._covers(low, i, at)), at
                )
                return start, self.name(low, start)
        return 0, ""

    def _covers(self, low: list[str], start: int, at: int) -> bool:
        return start + _longest(self._names, low, start)[0] > at

    def at(self, text: list[str], low: list[str], spans: list[Token], at: int) -> Quantity | None:
        """Return the quantity whose number begins at token `at`, or None."""
        found = self._number(low, spans, at)
        if found is None:
            return None
        self._sign_before(text, spans, found)
        if not found.currency and found.figures and self._glued(text, spans, at):
            return None  # S4C, G7
        self._scale(text, low, spans, found)
        if not found.currency:
            self._currency_after(text, low, spans, found)
        return found

    def _number(self, low: list[str], spans: list[Token], at: int) -> Quantity | None:
        if low[at][0].isdigit():
            last, word = at + 1, low[at]
            while (
                last < len(low)
                and len(low[last].partition(",")[0].partition(".")[0]) == 3
                and low[last][0].isdigit()
                and spans[last].start == spans[last - 1].end + 1
                and low[last - 1].isdecimal()
                and (len(low[last - 1]) == 3 or last == at + 1)
                and len(low[at]) <= 3
            ):
                word += low[last]
                last += 1
            value = self.numbers.figures(word)
            return None if value is None else Quantity(at, last, value)
        length, vague = _longest(self._vague, low, at)
        if length:
            floor = tuple(low[at : at + length]) in self._floors
            last = at + length + (at + length < len(low) and low[at + length] in ("de", "of"))
            last += last < len(low) and low[last] == "d" and 2
            return Quantity(at, last, vague, about=True, floor=floor, figures=False)
        length, part = _longest(self._parts, low, at)
        if length and _longest(self._scales, low, at + length)[0]:
            return Quantity(at, at + length, part, figures=False)
        if low[at] in ("un", "half") or low[at] == "demi":
            scale_at = at + 2 if low[at + 1 : at + 2] in (["a"], ["-"]) else at + 1
            length, scale = _longest(self._scales, low, scale_at)
            if length and (low[at] == "half" or low[scale_at] == "demi"):
                return Quantity(
                    at, scale_at + length, 0.5 if low[at] == "half" else 1.0, scale, figures=False
                )
        if low[at][-1] == "s" and self._scales.get((low[at],), 0) >= 1e6:  # "des milliards"
            return Quantity(at, at, 1.0, about=True, floor=True, figures=False)
        last = at
        while last < len(low) and low[last] in self.numbers.words:
            last += 1
            if _longest(self._halves, low, last)[0]:
                break
            if (
                last + 1 < len(low)
                and low[last] in ("-", "et", "and")
                and low[last + 1] in self.numbers.words
            ):
                last += 1
        value = self.numbers.spelled(" ".join(w for w in low[at:last] if w != "-"))
        return None if value is None else Quantity(at, last, value, figures=False)

    def _sign_before(self, text: list[str], spans: list[Token], found: Quantity) -> None:
        for length in range(min(4, found.first), 0, -1):
            first = found.first - length
            code = self._signs.get(tuple(text[first : found.first]))
            if code is None:
                continue
            gap = spans[found.first].start - spans[found.first - 1].end
            inside = spans[found.first - 1].end - spans[first].start
            alone = length == 1 and text[first] in _GLUED
            if gap > (0 if alone else 1) or inside > length + 6:
                continue
            if text[found.first - 1] in "$£" and self._spaced(spans, first, found.first):
                continue  # "A $90 million loan"
            if (
                first
                and spans[first].start == spans[first - 1].end
                and text[first - 1].isalnum()
                and text[first].isalpha()
            ):
                continue
            found.first, found.currency = first, code
            found.weak = alone and len(text[first]) == 1
            return

    @staticmethod
    def _glued(text: list[str], spans: list[Token], at: int) -> bool:
        """Whether a letter stands right before the token."""
        return at > 0 and spans[at - 1].end == spans[at].start and text[at - 1][-1].isalpha()

    @staticmethod
    def _spaced(spans: list[Token], first: int, last: int) -> bool:
        """Whether there is a space between any of the tokens."""
        return any(spans[i].start > spans[i - 1].end for i in range(first + 1, last))

    def _scale(self, text: list[str], low: list[str], spans: list[Token], found: Quantity) -> None:
        self._half(low, found)
        at = found.last + (low[found.last : found.last + 1] == ["-"])
        length, scale = _longest(self._scales, low, at)
        if not length:
            length, scale = _longest(self._letters, text, at, 1)
        if length:
            found.scale = scale * (found.scale or 1)
            found.last = at + length
            self._half(low, found)
            again, scale = _longest(self._scales, low, found.last)
            if (
                again and scale > 1 and low[found.last - 1] != low[found.last]
            ):  # mille milliards, lakh crore
                found.scale *= scale
                found.last += again
        if found.scale >= 1e6 and not found.figures and not found.about:
            self._rest(low, spans, found)

    def _rest(self, low: list[str], spans: list[Token], found: Quantity) -> None:
        """Read on after the scale: "un million deux cent mille", and "un million deux" for short."""
        at = found.last + (low[found.last : found.last + 1] == ["and"])
        if at >= len(low) or low[at] not in self.numbers.words:
            return
        rest = self._number(low, spans, at)
        if rest is None or rest.about or rest.first != at:
            return
        after = low[rest.last] if rest.last < len(low) else "."
        if 1000 <= rest.value < found.scale:
            found.value += rest.value / found.scale
        elif self.numbers.tenths and 2 <= rest.value <= 9 and not after[0].isalnum():
            found.value += rest.value / 10
        else:
            return
        found.last = rest.last

    def _half(self, low: list[str], found: Quantity) -> None:
        length, half = _longest(self._halves, low, found.last)
        if length:
            found.value += half
            found.last += length

    def _currency_after(
        self, text: list[str], low: list[str], spans: list[Token], found: Quantity
    ) -> None:
        at = found.last
        if low[at : at + 1] == ["-"]:
            at += 1
        if low[at : at + 1] and low[at] in _LINKS:
            at += 2 if low[at : at + 2] == ["d", "'"] else 1
        if at >= len(low):
            return
        length, scaled = _longest(self._scaled, text, at)
        if length:
            found.scale, found.currency = scaled
            found.last = at + length
            return
        for table, words in ((self._cents, low), (self._names, low), (self._signs, text)):
            length, code = _longest(table, words, at)
            if not length or (table is self._signs and not found.figures):
                continue
            small = found.value < 1000 or 1900 <= found.value < 2100  # a count, or a year
            if low[at] in self._ambiguous and not found.scale and small and table is self._names:
                continue
            if not found.figures and not found.scale and text[at][0].isupper():
                continue  # "un Euro PP"
            if (
                table is self._signs
                and text[at] in _GLUED
                and not found.scale
                and found.value < 1000
            ):
                continue
            if table is self._cents:
                glued = spans[at].start == spans[at - 1].end
                if not found.figures and found.value == 1:
                    continue  # "not a penny"
                if found.scale or (low[at] in ("p", "c") and not glued):
                    continue
                found.scale = 0.001 if code in self.currencies.mills else 0.01
            found.currency, found.last = code, at + length
            return
