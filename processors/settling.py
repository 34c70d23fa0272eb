"""In which currency each quantity of an article is, and whether it is money at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

from processors import lexicon
from processors.ellipsis import Ellipses
from processors.money import MAIN, Quantity, Words
from processors.quantities import Quantities
from processors.setting import Setting

Pair = tuple[Quantity, Quantity | None]
"""A quantity, and the other end of its range."""

_FULL_STOP = re.compile(r"[.!?]\s+|\n+")
_LINE_END = re.compile(r"\n")
_NEAR = 300
"""How far after an amount a number may leave out what that amount says, in characters."""
_EXCHANGED = 12
"""How many words before a rate of exchange its currency may be named."""


_LINE = 2
"""How many times a currency named in the same line counts against one of another line."""


class _Last(NamedTuple):
    """The amount read last: what an ellipsis after it leaves out."""

    quantity: Quantity
    currency: str
    end: int


class _Said(NamedTuple):
    """The currency that an article names most, the one whose cents it means, and those of lines."""

    main: str
    cents: str
    line_of: list[int]
    lines: list[str]

    def likely(self, index: int) -> str:
        """Return the currency of a quantity that names none."""
        return self.lines[self.line_of[index]]


class Settling:
    """Settles the currencies of one language; `table` is its money.toml."""

    def __init__(self, table: dict[str, Any], quantities: Quantities, ellipses: Ellipses) -> None:
        self._denominations = quantities.denominations
        self._ellipses = ellipses
        self._exchange = [tuple(words.split()) for words in table["implied"]["exchange"]]
        self._articles = set(table["implied"]["articles"])
        self._home, self._foreign = table["implied"]["home"], set(table["implied"]["foreign"])
        self._and = set(table["number"]["and"])
        self._negative = set(table["implied"]["negative"])
        codes = lexicon.table("currencies")["codes"]
        self._whole = set(codes["no_cents"].split())
        self._historic = set(codes["historic"].split())

    def settle(self, w: Words, found: Sequence[Pair], setting: Setting) -> tuple[list[str], str]:
        """Return the currency of each pair, "" where it is no money, and the article's own.

        Gives bare numbers the scale that they leave out.
        """
        own = [self._own(w, pair, setting) for pair in found]
        sure = {code for code, (one, _) in zip(own, found, strict=True) if not _flimsy(one)}
        own = [
            "" if _flimsy(one) and code not in sure else code
            for code, (one, _) in zip(own, found, strict=True)
        ]
        said = self._said(w, found, own)
        settled: list[str] = []
        last: _Last | None = None
        counted, rate_end = False, -1
        for index, pair in enumerate(found):
            one, two = pair[0], pair[1] or pair[0]
            code = own[index]
            if code == MAIN:
                code = self._of_cents(w, found, own, index, sentence=True)
                if not code and said.main in self._whole:
                    code = self._of_cents(w, found, own, index, sentence=False) or said.cents
                code = code or said.main or setting.settle("USD?")
            elif not code and not one.currency:
                code, rate_end = self._rate(w, one, rate_end, setting)
                code = code or self._shared(w, found, own, index)
                code = code or self._left_out(w, pair, last, said.likely(index), counted)
            if one.first < rate_end and not one.figures:
                code = ""  # the "one dollar" of a rate
            settled.append(code)
            if code:
                last, counted = _Last(two, code, w.spans[two.last - 1].end), False
            else:
                counted = counted or self._ellipses.counts(w.lows, two)
        return settled, said.main

    def _said(self, w: Words, found: Sequence[Pair], own: Sequence[str]) -> _Said:
        """Return which currencies the article names most, as a whole and by line."""
        total: Counter[str] = Counter()
        lines: list[Counter[str]] = [Counter()]
        line_of, at = [], 0
        for (one, _), code in zip(found, own, strict=True):
            start = w.spans[one.first].start
            if w.text.find("\n", at, start) >= 0:
                lines.append(Counter())
            at = start
            line_of.append(len(lines) - 1)
            if code not in ("", MAIN) and code not in self._historic:
                total[code] += 1
                lines[-1][code] += 1
        main = max(total, key=lambda code: total[code], default="") or self._home
        cents = _most(Counter({c: n for c, n in total.items() if c not in self._whole}))
        if main in self._foreign:
            total[self._home] += 1
        even = self._home if self._home in total else main
        likely = [_most(total + _scaled(line)) or even for line in lines]
        return _Said(main, cents, line_of, likely)

    def _own(self, w: Words, pair: Pair, setting: Setting) -> str:
        """Return the currency that a pair names, MAIN for cents, "" for none."""
        one, two = pair
        code = one.currency or (two.currency if two else "")
        if not code:
            return ""
        unit = not one.figures and one.value == 1 and one.scale < 1
        if unit and not self._negative.isdisjoint(w.lows[max(0, one.first - 5) : one.first]):
            return ""  # "not a penny"
        if unit and w.lows[one.first] in self._articles:  # "a euro benchmark"
            return setting.settle(code) if self._ellipses.uncounted(w.lows, one) else ""
        return MAIN if code == MAIN else setting.settle(code, w.spans[one.first].start)

    def _of_cents(
        self, w: Words, found: Sequence[Pair], own: Sequence[str], index: int, sentence: bool
    ) -> str:
        """Return the currency nearest to an amount of cents, in its sentence or its paragraph."""
        stop = _FULL_STOP if sentence else _LINE_END
        start, end = w.between(found[index][0].first, found[index][0].last)
        before, after = range(index - 1, max(-1, index - 4), -1), range(index + 1, index + 3)
        for other in chain(before, (i for i in after if i < len(found))):
            code = own[other]
            if code in ("", MAIN) or code in self._whole:
                continue
            first, last = w.between(found[other][0].first, found[other][0].last)
            left, right = min(last, start), max(first, end)
            if right - left <= _NEAR and not stop.search(w.text, left, right):
                return code
        return ""

    def _rate(self, w: Words, one: Quantity, rate_end: int, setting: Setting) -> tuple[str, int]:
        """Return the currency of a rate of exchange, "the yen at 158 for one euro", and its end."""
        if one.scale or not one.figures:
            return "", rate_end
        for words in self._exchange:
            end = one.last + len(words)
            if tuple(w.lows[one.last : end]) == words and self._denominations.name(w.lows, end):
                first = max(0, one.first - _EXCHANGED)
                at, code = self._denominations.name_before(w.lows, first, one.first)
                if code:
                    return setting.settle(code, w.spans[at].start), end + 1
        return "", rate_end

    def _shared(self, w: Words, found: Sequence[Pair], own: Sequence[str], index: int) -> str:
        """Return the currency that a number has from the next one: "190 et 85 millions d'euros"."""
        one, two = found[index]
        if two is not None or index + 1 == len(found) or not one.figures or one.scale:
            return ""
        other = found[index + 1][0]
        if other.first != one.last + 1 or w.lows[one.last] not in self._and:
            return ""
        named = own[index + 1] if w.spans[other.first].text[0].isdigit() else ""
        scale = self._ellipses.fitting(one, other) if named else None
        if scale is None:
            return ""
        one.scale = scale
        return named

    def _left_out(
        self, w: Words, pair: Pair, last: _Last | None, likely: str, counted: bool
    ) -> str:
        """Return the currency that a number leaves out, "" when it is no money."""
        one, two = pair
        start = w.spans[one.first].start
        stops = _NEAR
        if last is not None and start - last.end <= _NEAR:
            stops = len(_FULL_STOP.findall(w.text, last.end, start))
        if likely and self._ellipses.implied(w.lows, two or one):
            return last.currency if last and not stops else likely
        if last is None or stops > 2 or two is not None:
            return ""
        scale = self._ellipses.scale(w.lows, one, last.quantity, stops, counted)
        if scale is None:
            return ""
        one.scale = scale
        return last.currency


def _most(counts: Counter[str]) -> str:
    """Return the code that was counted most, "" when there are none or two as often."""
    most = counts.most_common(2)
    return most[0][0] if most and (len(most) == 1 or most[0][1] > most[1][1]) else ""


def _scaled(line: Counter[str]) -> Counter[str]:
    return Counter({code: _LINE * n for code, n in line.items()})


def _flimsy(one: Quantity) -> bool:
    """Whether a currency of one letter, on a small number, is as like a name as money: R5."""
    return one.weak and not one.scale and one.value < 1000 and one.value.is_integer()
