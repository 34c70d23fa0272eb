"""The currency of a number: the sign before it, or the sign, name or hundredth after it."""

from __future__ import annotations

from typing import Any

from processors.currencies import Currencies
from processors.money import MAIN, Quantity, Words
from processors.phrases import Phrases

_LINKS = {"de", "d", "of", "in", "en"}
_GLUED = {"R", "N", "K", "P", "W", "C", "DA", "DT", "DH", "Dh", "SR", "RM"}
"""Signs that are ordinary letters: nothing may stand between them and the number."""
_SPACES = 6
"""How many characters longer than its tokens a sign may be: "F CFA"."""


class Denominations:
    """Reads the currencies of one language; `table` is its money.toml."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.currencies = Currencies(table)
        self._names = Phrases(self.currencies.words)
        cents = self.currencies.cents
        self._cents = Phrases({name: code or MAIN for name, code in cents.items()})
        self._scaled = Phrases(self.currencies.scaled | table["scaled"], False)
        self._signs = Phrases(self.currencies.signs, False)
        self._edges = self._signs.lasts | self._scaled.lasts
        self._ambiguous = self.currencies.ambiguous
        self._unless = set(table["ambiguous"]["unless"])
        self._articles = set(table["implied"]["articles"])
        self._and = set(table["number"]["and"])

    def name(self, low: list[str], at: int) -> str:
        """Return the currency that the tokens from `at` on name, or ""."""
        return self._names.longest(low, at)[1] or ""

    def name_before(self, low: list[str], first: int, last: int) -> tuple[int, str]:
        """Return the last currency that tokens from `first` to `last` name, and where."""
        for at in range(last - 1, first - 1, -1):
            if low[at] in ".;":
                break
            if self.name(low, at):
                wider = (i for i in (at - 2, at - 1) if i >= first and self._covers(low, i, at))
                start = next(wider, at)
                return start, self.name(low, start)
        return 0, ""

    def _covers(self, low: list[str], start: int, at: int) -> bool:
        return start + self._names.longest(low, start)[0] > at

    def before(self, w: Words, found: Quantity, read: int) -> None:
        """Take the sign before a number into it: "US$ 5", "R5", "MSEK 60"."""
        text, spans = w.words, w.spans
        if not found.first or text[found.first - 1] not in self._edges:
            return
        for length in range(min(4, found.first - read), 0, -1):
            first = found.first - length
            words = text[first : found.first]
            code = self._signs.get(words)
            scaled = self._scaled.get(words) if code is None else None
            if code is None and scaled is None:
                continue
            gap = spans[found.first].start - spans[found.first - 1].end
            inside = spans[found.first - 1].end - spans[first].start
            alone = length == 1 and text[first] in _GLUED
            if gap > (0 if alone else 1) or inside > length + _SPACES:
                continue
            if text[found.first - 1] in "$£" and self._spaced(w, first, found.first):
                continue  # "A $90 million loan"
            if first and text[first].isalpha() and self.glued(w, first, str.isalnum):
                continue
            found.first, found.weak = first, alone and len(text[first]) == 1
            found.currency = code or ""
            if scaled:
                found.scale, found.currency = scaled
            return

    def named_before(self, w: Words, found: Quantity, read: int) -> None:
        """Take the name before a scaled number into it: "rupees 500 crore"."""
        first = found.first - 1
        if first >= read and w.spans[first].end + 1 == w.spans[found.first].start:
            code = self._names.get(w.lows[first : found.first])
            if code and w.lows[first] not in self._ambiguous:
                found.first, found.currency = first, code

    @staticmethod
    def glued(w: Words, at: int, kind: Any = str.isalpha) -> bool:
        """Whether a letter stands right before the token."""
        return at > 0 and w.spans[at - 1].end == w.spans[at].start and kind(w.words[at - 1][-1])

    @staticmethod
    def _spaced(w: Words, first: int, last: int) -> bool:
        """Whether there is a space between any of the tokens."""
        return any(w.spans[i].start > w.spans[i - 1].end for i in range(first + 1, last))

    def after(self, w: Words, found: Quantity) -> None:
        """Take the currency after a number into it: "5 millions d'euros", "450p", "12 M€"."""
        at, text, low = found.last, w.words, w.lows
        if low[at : at + 1] == ["-"]:
            at += 1
        if low[at : at + 1] and low[at] in _LINKS:
            at += 2 if low[at : at + 2] == ["d", "'"] else 1
        if at >= len(low):
            return
        length, scaled = self._scaled.longest(text, at)
        if length:
            (found.scale, found.currency), found.last = scaled, at + length
            return
        length, code = self._cents.longest(low, at)
        if length and self._are_cents(w, at, found):
            part = 0.001 if code in self.currencies.mills else 0.01
            found.scale, found.currency = part * (found.scale or 1), code
            found.last = at + length
            return
        length, code = self._names.longest(low, at)
        if length and self._is_name(w, at, found):
            found.currency, found.last = code, at + length
            return
        length, code = self._signs.longest(text, at)
        if length and found.figures and self._is_sign(w, at, length, found):
            found.currency, found.last = code, at + length

    def _are_cents(self, w: Words, at: int, found: Quantity) -> bool:
        """Whether the hundredths after a number are its unit: no "not a penny", "5 c", "80C"."""
        if not found.figures and found.value == 1 and w.lows[found.first] in self._articles:
            return False
        glued = w.spans[at].start == w.spans[at - 1].end
        return len(w.lows[at]) > 1 or (glued and not found.scale and w.words[at].islower())

    def _is_name(self, w: Words, at: int, found: Quantity) -> bool:
        """Whether a name after a number is a currency, and not "120 won" or "un Euro PP"."""
        small = found.value < 1000 or 1900 <= found.value < 2100  # a count, or a year
        if w.lows[at] in self._ambiguous and not found.scale and small:
            unit = not found.figures and found.value == 1 and found.first > 0
            return unit and w.lows[found.first - 1] in self._unless
        return bool(found.figures or found.scale or not w.words[at][0].isupper())

    @staticmethod
    def _is_sign(w: Words, at: int, length: int, found: Quantity) -> bool:
        """Whether a sign after a number is its own, and not the next one's: "in 2015 $10m"."""
        if w.words[at] in _GLUED and not found.scale and found.value < 1000:
            return False
        end = at + length
        if end >= len(w.words) or not w.words[end][0].isdigit():
            return True
        return w.spans[end].start > w.spans[end - 1].end or (
            w.spans[at].start == w.spans[at - 1].end
        )

    def change(self, w: Words, found: Quantity, rest: Quantity) -> bool:
        """Take the hundredths after an amount into it: "15 dollars 50", "3 euros et 20 cents"."""
        low, end = w.lows, rest.last
        if rest.value >= 100 and self._cents.longest(low, end - 1)[0] == 1:
            rest.value, end = rest.value / 100, end - 1  # "quarante-cinq cents" is no 4,500 here
        if found.scale or not found.value.is_integer() or not 0 < rest.value < 100:
            return False
        length, code = self._cents.longest(low, end)
        if length and len(low[end]) > 1 and code in (MAIN, found.currency):
            end += length
        elif rest.figures and w.words[found.last - 1][0].isalpha() and rest.value >= 10:
            if end < len(low) and low[end][0].isalnum():
                return False
        else:
            return False
        found.value, found.last = found.value + rest.value / 100, end
        return True
