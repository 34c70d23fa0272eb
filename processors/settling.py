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
_NEAR = 300
"""How far after an amount a number may leave out what that amount says, in characters."""
_EXCHANGED = 12
"""How many words before a rate of exchange its currency may be named."""


class _Last(NamedTuple):
    """The amount read last: what an ellipsis after it leaves out."""

    quantity: Quantity
    currency: str
    end: int


class Settling:
    """Settles the currencies of one language; `table` is its money.toml."""

    def __init__(self, table: dict[str, Any], quantities: Quantities, ellipses: Ellipses) -> None:
        self._denominations = quantities.denominations
        self._ellipses = ellipses
        self._exchange = [tuple(words.split()) for words in table["implied"]["exchange"]]
        self._articles = set(table["implied"]["articles"])
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
        counts = Counter(code for code in own if code not in ("", MAIN))
        main = max(counts, key=lambda code: counts[code], default="")
        main = "EUR" if main in self._historic else main
        settled: list[str] = []
        last: _Last | None = None
        counted, rate_end = False, -1
        for index, pair in enumerate(found):
            one, two = pair[0], pair[1] or pair[0]
            code = own[index]
            if code == MAIN:
                code = self._of_cents(w, found, own, index) or main or setting.settle("USD?")
            elif not code and not one.currency:
                code, rate_end = self._rate(w, one, rate_end, setting)
                code = code or self._left_out(w, pair, last, main, counted)
            if one.first < rate_end and not one.figures:
                code = ""  # the "one dollar" of a rate
            settled.append(code)
            if code:
                last, counted = _Last(two, code, w.spans[two.last - 1].end), False
            else:
                counted = counted or self._ellipses.counts(w.lows, two)
        return settled, main

    def _own(self, w: Words, pair: Pair, setting: Setting) -> str:
        """Return the currency that a pair names, MAIN for cents, "" for none."""
        one, two = pair
        code = one.currency or (two.currency if two else "")
        if not code or code == MAIN:
            return code
        unit = not one.figures and one.value == 1 and not one.scale
        if unit and w.lows[one.first] in self._articles:  # "a euro benchmark"
            return setting.settle(code) if self._ellipses.uncounted(w.lows, one) else ""
        return setting.settle(code, w.spans[one.first].start)

    def _of_cents(self, w: Words, found: Sequence[Pair], own: Sequence[str], index: int) -> str:
        """Return the currency nearest to an amount of cents in its paragraph; pounds have none."""
        start, end = w.between(found[index][0].first, found[index][0].last)
        before, after = range(index - 1, max(-1, index - 4), -1), range(index + 1, index + 3)
        for other in chain(before, (i for i in after if i < len(found))):
            code = own[other]
            if code in ("", MAIN) or code in self._whole:
                continue
            first, last = w.between(found[other][0].first, found[other][0].last)
            gap = w.text[min(last, start) : max(first, end)][: _NEAR + 1]
            if len(gap) <= _NEAR and "\n" not in gap:
                return code
        counts = Counter(code for code in own if code not in ("", MAIN, *self._whole))
        return max(counts, key=lambda code: counts[code], default="")

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

    def _left_out(self, w: Words, pair: Pair, last: _Last | None, main: str, counted: bool) -> str:
        """Return the currency that a number leaves out, "" when it is no money."""
        one, two = pair
        start = w.spans[one.first].start
        stops, lines = _NEAR, _NEAR
        if last is not None and start - last.end <= _NEAR:
            stops = len(_FULL_STOP.findall(w.text, last.end, start))
            lines = w.text.count("\n", last.end, start)
        if main and self._ellipses.implied(w.lows, two or one):
            return last.currency if last and not lines else main
        if last is None or stops > 2 or two is not None:
            return ""
        scale = self._ellipses.scale(w.lows, one, last.quantity, stops, counted)
        if scale is None:
            return ""
        one.scale = scale
        return last.currency


def _flimsy(one: Quantity) -> bool:
    """Whether a currency of one letter, on a small number, is as like a name as money: R5."""
    return one.weak and not one.scale and one.value < 1000 and one.value.is_integer()
