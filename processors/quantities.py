"""Numbers with scale and currency, read off tokens: "$2.5bn", "un million et demi d'euros"."""

from __future__ import annotations

from typing import Any

from processors.denominations import Denominations
from processors.money import Quantity, Words
from processors.numbers import Numbers
from processors.phrases import Phrases

_GROUPS = 8
"""Groups of three figures that one number may have."""


class Quantities:
    """Reads the quantities of one language; `table` is its money.toml."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.numbers = Numbers(table)
        self.denominations = Denominations(table)
        self._halves = Phrases(self.numbers.halves)
        self._vague = Phrases({**self.numbers.about, **self.numbers.floors})
        self._parts = Phrases(self.numbers.parts)
        self._floors = Phrases(self.numbers.floors)
        scales = self.numbers.scales
        self._scales = Phrases({s: v for s, v in scales.items() if len(s) > 3})
        self._letters = Phrases({s: v for s, v in scales.items() if len(s) <= 3}, False)
        self._and = set(table["number"]["and"])
        starts = [table.firsts() for table in (self._vague, self._scales, self._parts)]
        self._starts = frozenset(self.numbers.words).union(*starts)

    def begins(self, low: str) -> bool:
        """Whether a number may begin with the token."""
        return low[0].isdigit() or low in self._starts

    def at(self, w: Words, at: int, read: int = 0) -> Quantity | None:
        """Return the quantity whose number begins at token `at`, or None.

        Tokens before `read` belong to another one.
        """
        found = self._number(w, at)
        if found is None:
            return None
        self.denominations.before(w, found, read)
        if not found.currency and found.figures and self.denominations.glued(w, at):
            return None  # S4C, G7
        self._scale(w, found)
        if not found.currency:
            self.denominations.after(w, found)
            if found.currency and not found.scale:
                self._scale(w, found)  # "75 USD million"
            if found.currency:
                self._change(w, found)
            elif found.scale >= 1e3:
                self.denominations.named_before(w, found, read)
        return found

    def _change(self, w: Words, found: Quantity) -> None:
        """Read the hundredths after an amount: "15 dollars and 50 cents"."""
        at = found.last + (found.last < len(w.lows) and w.lows[found.last] in self._and)
        if at < len(w.lows) and self.begins(w.lows[at]):
            rest = self._number(w, at)
            if rest is not None and not rest.about and rest.first == at:
                self.denominations.change(w, found, rest)

    def _number(self, w: Words, at: int) -> Quantity | None:
        low = w.lows
        if low[at][0].isdigit():
            return self._figures(w, at)
        length, vague = self._vague.longest(low, at)
        if length:
            floor = self._floors.get(low[at : at + length]) is not None
            last = at + length + (at + length < len(low) and low[at + length] in ("de", "of"))
            last += last < len(low) and low[last] == "d" and 2
            return Quantity(at, last, vague, about=True, floor=floor, figures=False)
        length, part = self._parts.longest(low, at)
        if length and self._scales.longest(low, at + length)[0]:
            return Quantity(at, at + length, part, figures=False)
        length, scale = self._scales.longest(low, at)
        if length and scale >= 1e6 and low[at][-1] == "s":  # "des milliards"
            return Quantity(at, at, 1.0, about=True, floor=True, figures=False)
        return self._spelled(w, at)

    def _figures(self, w: Words, at: int) -> Quantity | None:
        low = w.lows
        last, word = at + 1, low[at]
        while len(word) < 3 * _GROUPS and len(low[at]) <= 3 and word.isdecimal():
            # Figures are grouped by spaces, in Switzerland by apostrophes.
            group = last + (low[last : last + 1] == ["'"])
            if not self._is_group(w, group) or w.spans[group].start != w.spans[last - 1].end + 1:
                break
            word += low[group]
            last = group + 1
        value = self.numbers.figures(word)
        return None if value is None else Quantity(at, last, value)

    @staticmethod
    def _is_group(w: Words, at: int) -> bool:
        """Whether a token is three figures, decimals behind them apart."""
        if at >= len(w.lows) or not w.lows[at][0].isdigit():
            return False
        return len(w.lows[at].partition(",")[0].partition(".")[0]) == 3

    def _spelled(self, w: Words, at: int) -> Quantity | None:
        low, last, words = w.lows, at, self.numbers.words
        while last < len(low) and low[last] in words:
            last += 1
            if self._halves.longest(low, last)[0]:
                break
            joined = last + 1 < len(low) and (low[last] == "-" or low[last] in self._and)
            if joined and low[last + 1] in words:
                last += 1
        value = self.numbers.spelled(" ".join(word for word in low[at:last] if word != "-"))
        return None if value is None else Quantity(at, last, value, figures=False)

    def _scale(self, w: Words, found: Quantity) -> None:
        """Take the scale after a number into it, a half before or after it, and a second scale."""
        low = w.lows
        self._half(w, found)
        at = found.last + (low[found.last : found.last + 1] == ["-"])
        length, scale = self._scales.longest(low, at)
        if not length:
            length, scale = self._letters.longest(w.words, at)
        if length:
            found.scale = scale * (found.scale or 1)
            found.last = at + length
            self._half(w, found)
            again, scale = self._scales.longest(low, found.last)
            if again and scale > 1 and low[found.last - 1] != low[found.last]:
                found.scale *= scale  # mille milliards, lakh crore
                found.last += again
        if found.scale >= 1e6 and not found.figures and not found.about:
            self._rest(w, found)

    def _rest(self, w: Words, found: Quantity) -> None:
        """Read on after a scale: "un million deux cent mille", or "un million deux" for short."""
        low = w.lows
        at = found.last + (found.last < len(low) and low[found.last] in self._and)
        if at >= len(low) or low[at] not in self.numbers.words:
            return
        rest = self._number(w, at)
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

    def _half(self, w: Words, found: Quantity) -> None:
        length, half = self._halves.longest(w.lows, found.last)
        if length:
            found.value += half
            found.last += length
