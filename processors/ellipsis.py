"""Money that leaves its currency out, or its scale too: "un prêt de 15 millions", "contre 22"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from processors.money import Quantity

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
        self._done = tuple(implied["done"])
        self._passing = set(implied["passing"].split())
        self._of = set(implied["of"])
        self._bare_nouns = bool(implied["bare_nouns"])
        self._pronouns = set(implied["pronouns"])
        self._owners = set(implied["owners"].split())
        self._takers = set(implied["takers"].split())
        self._counting = set(implied["counting"].split())
        self._steps = set(implied["steps"])
        self._ends = set(implied["ends"])
        self._moves = set(implied["moves"].split())

    def uncounted(self, lows: Sequence[str], quantity: Quantity) -> bool:
        """Whether no noun follows that the number would count, other than one of money."""
        after = [*lows[quantity.last : quantity.last + 3], ".", ".", "."]
        if after[0] in self._of:
            return after[1] in self._nouns or after[1] in self._owners
        if after[:2] == ["d", "'"]:
            return after[2] in self._nouns
        if after[1][0].isdigit() and after[2] == "%":
            return False  # "from 10 to 35 %"
        if after[0] == "-":
            return not after[1].isalpha()  # "a 275-million-cubic-foot plant"
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
        if self._bare_nouns:
            return lows[at] not in (*self._of, "d", "%", "-")
        ends = at + 1 == len(lows) or not lows[at + 1].isalpha() or lows[at + 1] in self._followers
        return ends and self._participle(lows, quantity)

    def counts(self, lows: Sequence[str], quantity: Quantity) -> bool:
        """Whether a number counts things, so that a bare number after it would count them too."""
        if self.uncounted(lows, quantity) or self._is_year(quantity):
            return False
        return lows[quantity.last] not in self._passing

    def scale(
        self, lows: Sequence[str], bare: Quantity, last: Quantity, stops: int, counted: bool
    ) -> float | None:
        """Return the scale of a bare number after the amount `last`; None: it is no money.

        `stops` sentences end between the two, and there things may have been `counted`.
        """
        if not bare.first or bare.about or bare.scale or self._is_year(bare):
            return None
        before = lows[bare.first - 1]
        if self._taken(lows, bare):
            cued = bare.figures or bare.value > 1
        elif counted or stops > 1 or not bare.figures:
            return None
        elif before in self._against:
            cued = self.uncounted(lows, bare) or self._participle(lows, bare)
        elif not self.uncounted(lows, bare):
            return None
        elif before == ",":
            cued = not stops and lows[bare.first - 2] not in self._passing
        elif before in self._steps:
            moved = bare.first > 1 and lows[bare.first - 2] in self._moves
            ends = (
                before in self._ends
                and last.scale >= 1e6
                and lows[bare.last : bare.last + 1] in (["."], [";"])
            )
            cued = moved or ends or bare.value >= 1000
        else:
            cued = False
        return self.fitting(bare, last) if cued else None

    def _taken(self, lows: Sequence[str], bare: Quantity) -> bool:
        """Whether a pronoun and a verb of money say what a number is: "on lui en donne 9"."""
        if not self.uncounted(lows, bare):
            return False
        window = lows[max(0, bare.first - _REACH) : bare.first]
        if not self._pronoun(lows, bare) or self._makes(lows, bare):
            return False
        return not self._takers.isdisjoint(window) or not bare.value.is_integer()

    def _participle(self, lows: Sequence[str], bare: Quantity) -> bool:
        """Whether what follows tells what was done with the money: "dont 14 empruntés"."""
        return bare.last < len(lows) and lows[bare.last].endswith(self._done)

    @staticmethod
    def _is_year(bare: Quantity) -> bool:
        """Whether a number is a year: 1980, and not 1 980."""
        return bare.figures and bare.value in _YEARS and bare.last == bare.first + 1

    def fitting(self, bare: Quantity, like: Quantity) -> float | None:
        """Return the scale that makes a number most like the amount that says it; None: none."""
        whole = like.amount()
        if not bare.value or not whole or self._is_year(bare):
            return None
        found, best = None, float(_LIKE)
        for scale in (like.scale, 0.0):
            ratio = bare.value * (scale or 1) / whole
            ratio = max(ratio, 1 / ratio)
            if ratio < best:
                found, best = scale, ratio
        return found

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
