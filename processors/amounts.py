"""Amounts of money: value, scale, currency, range and hedge, in one pass over the tokens."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import ahocorasick_rs

from processors import lexicon
from processors.ellipsis import Ellipses
from processors.money import Money, Quantity, Words
from processors.quantities import Quantities
from processors.ranges import Ranges
from processors.setting import Setting
from processors.settling import Settling
from processors.text import Token, tokens

__all__ = ["Amounts", "Money"]


class Amounts:
    """Finds the amounts of money of one language."""

    def __init__(self, language: str) -> None:
        table = dict(lexicon.table(f"{language}/money"))
        table["currencies"] = lexicon.table(f"{language}/currency_names") | table["currencies"]
        self._quantities = Quantities(table)
        self._ellipses = Ellipses(table)
        self._ranges = Ranges(table, self._quantities, self._ellipses)
        self._settling = Settling(table, self._quantities, self._ellipses)
        currencies = self._quantities.denominations.currencies
        names = [*table["currencies"], *currencies.signs, *table["cents"], *currencies.scaled]
        names += table["scaled"]
        cues = {
            name.lower()
            for name in names
            if len(name) > 1 or not (name.isascii() and name.isalnum())
        }
        cues |= {f"{digit}{sign}" for sign in "pc" for digit in range(10)}
        cues |= {f"{sign}{digit}" for sign in "rnkpwc" for digit in range(10)}
        scales = {scale.lower() for scale in table["scales"] if len(scale) > 1}
        self._cues = sorted(cues) + sorted(scales - cues)
        # Where readers have a currency of their own, millions alone may be money.
        self._currency_cues = len(self._cues) if table["implied"]["home"] else len(cues)
        self._hints = ahocorasick_rs.AhoCorasick(self._cues, store_patterns=False)
        self._special: dict[str, list[Any]] = table["special"]

    def _worth_reading(self, text: str, low_text: str) -> list[Token]:
        """Return the tokens of the lines with a sign or word of money; most texts have none."""
        places, money = [], False
        for cue, start, end in self._hints.find_matches_as_indexes(low_text, overlapping=True):
            if self._is_cue(text, start, end):
                money = money or cue < self._currency_cues
                places.append(start)
        spans: list[Token] = []
        done = -1
        for place in sorted(places) if money else ():
            if place > done:
                line = text.rfind("\n", max(0, done), place) + 1
                done = text.find("\n", place)
                done = len(text) if done < 0 else done
                spans += tokens(text, line, done)
        return spans

    @staticmethod
    def _is_cue(text: str, start: int, end: int) -> bool:
        """Whether a hit of the hints stands by itself, or as a sign of one letter on a figure."""
        first, last, after = text[start], text[end - 1], text[end : end + 1]
        if first.isdigit():
            return not after.isalnum()
        if last.isdigit():
            return first.isupper() and not text[start - 1 : start].isalnum()
        if first.isalpha() and text[start - 1 : start].isalpha():
            return False
        return not (last.isalpha() and after.isalpha() and after != "s")

    def find(self, text: str, low_text: str) -> list[Money]:
        """Return the amounts of a normalised text, in the order of the text."""
        w = Words(text, low_text, self._worth_reading(text, low_text))
        if not w.spans:
            return []
        found: list[tuple[Quantity, Quantity | None]] = []
        read = owned = 0
        for at in [i for i, low in enumerate(w.lows) if self._quantities.begins(low)]:
            if at < read:
                continue
            quantity = self._quantities.at(w, at, owned)
            if quantity is not None:
                other = self._ranges.second(w, quantity)
                found.append((quantity, other))
                read = (other or quantity).last
                if quantity.figures or quantity.currency:  # and not the A of "A$5"
                    owned = read
        setting = Setting(low_text)
        codes, main = self._settling.settle(w, found, setting)
        specials = self._specials(low_text, main or "USD?", setting)
        starts = [special.start for special in specials]
        money = list(specials)
        for (one, two), code in zip(found, codes, strict=True):
            start, end = w.between(one.first, (two or one).last)
            before = bisect_left(starts, end) - 1
            taken = before >= 0 and specials[before].end > start
            cut = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
            if code and not taken and not cut:
                money += self._ranges.money(w, one, two, code)
        return sorted(money)

    def _specials(self, low_text: str, main: str, setting: Setting) -> list[Money]:
        """Return the amounts that are phrases: "a six-figure", "l'euro symbolique"."""
        found = []
        for phrase, (low, high, code, approx) in self._special.items():
            start = low_text.find(phrase)
            while start >= 0:
                end = start + len(phrase)
                currency = setting.settle(code or main, start)
                found.append(Money(start, end, low, high, currency, approx))
                start = low_text.find(phrase, end)
        return sorted(found)
