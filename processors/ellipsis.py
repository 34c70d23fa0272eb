"""Money that leaves its currency out, or its scale too: "un prêt de 15 millions", "contre 22"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from processors.quantities import Quantity

_REACH = 5
"""How many words before a number its pronoun may stand: "n'en a finalement déposé que 3"."""
_LIKE = 1000
"""A number that leaves its scale out is at most so many times larger or smaller than the last."""
_YEARS = range(1900, 2100)


class Ellipses:
    """Tells the numbers without a currency that are money; `table` is the money.toml."""

    def __init__(self, table: dict[str, Any]) -> None:
        implied: dict[str, Any] = table["implied"]
        self._against = set(implied["against"])
        self._followers = set(implied["followers"].split())
        self._nouns = set(implied["nouns"].split())
        self._passing = set(implied["passing"].split())
        self._of = set(implied["of"])
        self._bare_nouns = bool(implied["bare_nouns"])
        self._pronouns = set(implied["pronouns"])
        self._counting = set(implied["counting"].split())
        self._steps = set(implied["steps"])
        self._moves = set(implied["moves"].split())

    def uncounted(self, lows: Sequence[str], quantity: Quantity) -> bool:
        """Whether no noun follows that the number would count, other than one of money."""
        after = [*lows[quantity.last : quantity.last + 3], ".", ".", "."]
        if after[0] in self._of:
            return after[1] in self._nouns
        if after[:2] == ["d", "'"]:
            return after[2] in self._nouns
        return after[0] in self._followers or not (after[0].isalpha() or after[0] == "%")

    def implied(self, lows: Sequence[str], quantity: Quantity) -> bool:
        """Whether a number without a currency is money: millions that count nothing."""
        at = quantity.last
        if quantity.scale < 1e6 or len(lows[at - 1]) == 1 or quantity.last == quantity.first + 1:
            return False  # "des milliards" of whatever
        if self._makes(lows, quantity):
            return False
        if self.uncounted(lows, quantity):
            return True
        return self._bare_nouns and at < len(lows) and lows[at] not in (*self._of, "d", "%")

    def counts(self, lows: Sequence[str], quantity: Quantity) -> bool:
        """Whether a number counts things, so that a bare number after it would count them too."""
        if self.uncounted(lows, quantity) or self._is_year(quantity):
            return False
        return lows[quantity.last] not in self._passing

    def scale(self, lows: Sequence[str], bare: Quantity, last: Quantity) -> float | None:
        """Return the scale of a bare number after the amount `last`; None: it is no money."""
        if not bare.first or not self.uncounted(lows, bare) or bare.about or bare.scale:
            return None
        if self._is_year(bare) or not (bare.figures or bare.value > 1):
            return None
        if not self._cued(lows, bare):
            return None
        return self._fitting(bare.value, last)

    @staticmethod
    def _is_year(bare: Quantity) -> bool:
        """Whether a number is a year: 1980, and not 1 980."""
        return bare.figures and bare.value in _YEARS and bare.last == bare.first + 1

    @staticmethod
    def _fitting(value: float, last: Quantity) -> float | None:
        """Return the scale that makes a value most like the amount before it."""
        whole = last.amount()
        if not value or not whole:
            return None
        found, best = None, float(_LIKE)
        for scale in (last.scale, 0.0):
            ratio = value * (scale or 1) / whole
            ratio = max(ratio, 1 / ratio)
            if ratio < best:
                found, best = scale, ratio
        return found

    def _cued(self, lows: Sequence[str], bare: Quantity) -> bool:
        """Whether the words before a bare number set it beside an amount."""
        before = lows[bare.first - 1]
        if before in self._against:
            return bare.figures
        if self._pronoun(lows, bare):
            return not self._makes(lows, bare)
        if before in self._steps and bare.figures:
            moved = bare.first > 1 and lows[bare.first - 2] in self._moves
            return bare.value >= 1000 or moved
        return False

    def _pronoun(self, lows: Sequence[str], quantity: Quantity) -> bool:
        """Whether a pronoun before a number stands for what it counts: "on lui en donne 9"."""
        for at in range(quantity.first - 2, max(-1, quantity.first - _REACH - 1), -1):
            if not (lows[at + 1].isalpha() or lows[at + 1] == "'"):
                return False
            if lows[at] in self._pronouns:
                return lows[at + 1] not in self._passing
        return False

    def _makes(self, lows: Sequence[str], quantity: Quantity) -> bool:
        """Whether a pronoun and a verb before a number say that it counts things."""
        before = lows[max(0, quantity.first - 3) : quantity.first]
        return self._pronoun(lows, quantity) and not self._counting.isdisjoint(before)
