"""Two quantities that are one amount, "between £12m and £15m", or a change from one to another."""

from __future__ import annotations

import re
from typing import Any

from processors.ellipsis import Ellipses
from processors.hedges import Hedges
from processors.money import Money, Quantity, Words
from processors.quantities import Quantities

_YEARS = range(1900, 2100)
_CHANGE_WITHIN = 60
"""How far before "de 34 à 46" the verb may stand that makes it a change and no range."""


class Ranges:
    """Joins and parts the quantities of one language; `table` is its money.toml."""

    def __init__(self, table: dict[str, Any], quantities: Quantities, ellipses: Ellipses) -> None:
        self._quantities = quantities
        self._ellipses = ellipses
        self._hedges = Hedges(table)
        ranges: dict[str, list[str]] = table["ranges"]
        self._between, self._from = set(ranges["between"]), set(ranges["from"])
        self._joins, self._both = set(ranges["joins"]), set(ranges["both"])
        self._and = set(table["number"]["and"])
        self._moved = set(ranges["moved"])
        self._within = re.compile("|".join(map(re.escape, ranges["within"])))
        self._change = re.compile("|".join(map(re.escape, ranges["change"])))

    def second(self, w: Words, first: Quantity) -> Quantity | None:
        """Return the quantity that is joined to `first`, when the two belong together."""
        at, lows = first.last, w.lows
        if at + 1 >= len(lows) or lows[at] not in self._joins:
            return None
        joint = lows[at]
        before = lows[first.first - 1] if first.first else ""
        if joint in self._both and before not in self._between and first.currency:
            return None
        if joint == "-" and lows[at + 1 : at + 3] == ["to", "-"]:
            at += 2
        begins = self._quantities.begins
        number = next((i for i in range(at + 1, min(at + 5, len(lows))) if begins(lows[i])), 0)
        second = self._quantities.at(w, number, first.last) if number else None
        if second is None or second.first > first.last + (3 if lows[first.last + 1] == "to" else 1):
            return None
        if not second.currency and not first.currency and not second.scale:
            return None
        if joint in self._and and before not in self._between:
            return None
        if not first.currency and not first.scale and first.value in _YEARS:
            return None
        if first.currency and second.currency and first.currency != second.currency:
            return None
        if second.first < number and not first.currency:  # "3 to £8,200"
            return None
        if first.currency and not second.currency and not second.scale:
            return second if second.figures and self._ellipses.uncounted(lows, second) else None
        return second

    def money(self, w: Words, one: Quantity, two: Quantity | None, currency: str) -> list[Money]:
        """Return one amount, or two where a range turns out to be a change."""
        if two is None:
            return [self._single(w, one, currency)]
        if not one.scale and two.scale and (one.value <= 20 * two.value or two.scale < 1e3):
            one.scale = two.scale
        elif not one.scale and two.scale >= 1e6 and one.value < 1000:
            one.scale = two.scale / 1e3
        if not two.scale and one.scale and (one.scale > 1 or not two.currency):
            two.scale = one.scale
        if one.amount() >= two.amount() or self._is_change(w, one):
            return [self._single(w, one, currency), self._single(w, two, currency)]
        start, end = w.between(one.first, two.last)
        hedge = self._hedges.around(w.low_text, start, end)
        return [Money(start, end, one.amount(), two.amount(), currency, hedge.approx)]

    def _is_change(self, w: Words, one: Quantity) -> bool:
        """Whether "from A to B" tells a change: a verb of change, or "fell 3p to 214p"."""
        start = w.spans[one.first].start
        before = w.low_text[max(0, start - _CHANGE_WITHIN) : start].rstrip()
        if self._within.search(before[-30:]):
            return False
        last = before.rpartition(" ")[2]
        if last in self._moved:
            return True
        return last in self._from and bool(self._change.search(before))

    def _single(self, w: Words, quantity: Quantity, currency: str) -> Money:
        value = quantity.amount()
        start, end = w.between(quantity.first, quantity.last)
        hedge = self._hedges.around(w.low_text, start, end)
        approx = hedge.approx or quantity.about
        low = None if hedge.bound == "less" else value
        high = None if hedge.bound == "more" or quantity.floor else value
        return Money(start, end, low, high, currency, approx)
