"""Amounts of money: value, scale, currency, range and hedge, in one pass over the tokens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import ahocorasick_rs

from processors import lexicon
from processors.hedges import Hedges
from processors.quantities import MAIN, Quantities, Quantity
from processors.setting import Setting
from processors.text import Token, tokens

_FULL_STOP = re.compile(r"[.!?]\s|\n")
_YEARS = range(1900, 2100)
_CHANGE_WITHIN = 60
"""How far before "de 34 à 46" the verb may stand that makes it a change and no range."""


class Money(NamedTuple):
    """An amount in the text. An open side is None."""

    start: int
    end: int
    low: float | None
    high: float | None
    currency: str
    approx: bool


class Amounts:
    """Finds the amounts of money of one language."""

    def __init__(self, language: str) -> None:
        table = lexicon.table(f"{language}/money")
        self._quantities = Quantities(table)
        self._hedges = Hedges(table)
        ranges: dict[str, list[str]] = table["ranges"]
        self._between, self._from = set(ranges["between"]), set(ranges["from"])
        self._joins = set(ranges["joins"])
        self._within = re.compile("|".join(map(re.escape, ranges["within"])))
        self._change = re.compile("|".join(map(re.escape, ranges["change"])))
        self._followers = set(table["implied"]["followers"].split())
        self._against = set(table["implied"]["against"])
        self._nouns = set(table["implied"]["nouns"].split())
        currencies = self._quantities.currencies
        names = [*table["currencies"], *currencies.signs, *table["cents"], *table["scaled"]]
        cues = {name.lower() for name in names if len(name) > 1 or not name.isalnum()}
        cues |= {f"{digit}{sign}" for sign in "pc" for digit in range(10)}
        cues |= {f"{sign}{digit}" for sign in "rnkpw" for digit in range(10)}
        scales = {scale.lower() for scale in table["scales"] if len(scale) > 1}
        self._cues = sorted(cues) + sorted(scales - cues)
        self._currency_cues = len(cues)
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
        spans = self._worth_reading(text, low_text)
        if not spans:
            return []
        found: list[tuple[Quantity, Quantity | None]] = []
        at, words, lows = 0, [t.text for t in spans], [t.low for t in spans]
        while at < len(spans):
            if self._begins(lows[at]):
                quantity = self._quantities.at(words, lows, spans, at)
                if quantity is not None:
                    other = self._second(words, lows, spans, quantity)
                    found.append((quantity, other))
                    at = max(at + 1, (other or quantity).last)
                    continue
            at += 1
        return self._settle(text, low_text, spans, lows, found)

    def _second(
        self, words: list[str], lows: list[str], spans: list[Token], first: Quantity
    ) -> Quantity | None:
        """Return the quantity that is joined to `first`, when the two belong together."""
        at = first.last
        if at + 1 >= len(lows) or lows[at] not in self._joins:
            return None
        joint = lows[at]
        before = lows[first.first - 1] if first.first else ""
        if joint in ("et", "and", "ou", "or") and before not in self._between and first.currency:
            return None
        if joint == "-" and lows[at + 1 : at + 3] == ["to", "-"]:
            at += 2
        number = next(
            (i for i in range(at + 1, min(at + 5, len(lows))) if self._begins(lows[i])), 0
        )
        second = self._quantities.at(words, lows, spans, number) if number else None
        if second is None or second.first > first.last + (3 if lows[first.last + 1] == "to" else 1):
            return None
        if not second.currency and not first.currency and not second.scale:
            return None
        if joint in ("et", "and") and before not in self._between:
            return None
        if not first.currency and not first.scale and first.value in _YEARS:
            return None
        if first.currency and second.currency and first.currency != second.currency:
            return None
        if second.first < number and not first.currency:  # "3 to £8,200"
            return None
        if first.currency and not second.currency and not second.scale:
            return second if second.figures and self._uncounted(lows, second) else None
        return second

    def _begins(self, low: str) -> bool:
        return low[0].isdigit() or low in self._quantities.starts

    def _settle(
        self,
        text: str,
        low_text: str,
        spans: list[Token],
        lows: list[str],
        found: list[tuple[Quantity, Quantity | None]],
    ) -> list[Money]:
        """Turn quantities into amounts: those with a currency, or with an implied one."""
        explicit = [p.currency or (q.currency if q else "") for p, q in found]
        settle = Setting(low_text).settle
        counts = Counter(
            settle(code, spans[one.first].start)
            for (one, _), code in zip(found, explicit, strict=True)
            if code not in ("", MAIN)
        )
        main = max(counts, key=lambda code: counts[code], default="")
        money = self._specials(low_text, main, settle)
        taken = [(m.start, m.end) for m in money]
        near, near_end = "", 0
        for (one, two), code in zip(found, explicit, strict=True):
            last = two or one
            if code:
                near, near_end = code, spans[last.last - 1].end
            else:
                same = near and not _FULL_STOP.search(text, near_end, spans[one.first].start)
                if main and self._implied(lows, last):
                    code = near if same else MAIN
                elif same and self._compared(lows, one):
                    code = near
                else:
                    continue
            start, end = spans[one.first].start, spans[last.last - 1].end
            currency = main or "USD?" if code == MAIN else code
            currency = settle(currency, start)
            if any(s < end and start < e for s, e in taken):
                continue
            if end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
                continue
            money += self._money(text, low_text, spans, one, two, currency)
        return sorted(money)

    def _implied(self, lows: list[str], last: Quantity) -> bool:
        """Whether a number without a currency is money: millions that count nothing."""
        return last.scale >= 1e6 and len(lows[last.last - 1]) > 1 and self._uncounted(lows, last)

    def _compared(self, lows: list[str], one: Quantity) -> bool:
        """Whether a bare number is set against an amount: "16 euros, contre 22 en 2012"."""
        before = lows[one.first - 1] if one.first else ""
        return before in self._against and one.figures and self._uncounted(lows, one)

    def _uncounted(self, lows: list[str], last: Quantity) -> bool:
        """Whether no noun follows that the number would count, other than one of money."""
        after = [*lows[last.last : last.last + 3], ".", ".", "."]
        if after[0] in ("de", "of"):
            return after[1] in self._nouns
        if after[:2] == ["d", "'"]:
            return after[2] in self._nouns
        return after[0] in self._followers or not (after[0].isalpha() or after[0] == "%")

    def _specials(
        self, low_text: str, main: str, settle: Callable[[str, int], str]
    ) -> list[Money]:
        found = []
        for phrase, (low, high, code, approx) in self._special.items():
            start = low_text.find(phrase)
            while start >= 0:
                fallback = code or main or "USD?"
                end = start + len(phrase)
                found.append(Money(start, end, low, high, settle(fallback, start), approx))
                start = low_text.find(phrase, start + len(phrase))
        return found

    def _money(
        self,
        text: str,
        low_text: str,
        spans: list[Token],
        one: Quantity,
        two: Quantity | None,
        currency: str,
    ) -> list[Money]:
        """Return one amount, or two where a range turns out to be a change."""
        start, end = spans[one.first].start, spans[one.last - 1].end
        if two is None:
            return [self._single(low_text, start, end, one, currency)]
        if not one.scale and two.scale and (one.value <= 20 * two.value or two.scale < 1e3):
            one.scale = two.scale
        elif not one.scale and two.scale >= 1e6:
            one.scale = two.scale / 1e3
        if not two.scale and one.scale and (one.scale > 1 or not two.currency):
            two.scale = one.scale
        start2, end2 = spans[two.first].start, spans[two.last - 1].end
        if one.amount() >= two.amount() or self._is_change(low_text, start):
            return [
                self._single(low_text, start, end, one, currency),
                self._single(low_text, start2, end2, two, currency),
            ]
        hedge = self._hedges.around(low_text, start, end2)
        return [Money(start, end2, one.amount(), two.amount(), currency, hedge.approx)]

    def _is_change(self, low_text: str, start: int) -> bool:
        """Whether "from A to B" at `start` tells a change: a verb of change, or a bare from."""
        before = low_text[max(0, start - _CHANGE_WITHIN) : start].rstrip()
        if self._within.search(before[-30:]):
            return False
        return before.rpartition(" ")[2] in self._from and bool(self._change.search(before))

    def _single(
        self, low_text: str, start: int, end: int, quantity: Quantity, currency: str
    ) -> Money:
        value = quantity.amount()
        hedge = self._hedges.around(low_text, start, end)
        approx = hedge.approx or quantity.about
        low = None if hedge.bound == "less" else value
        high = None if hedge.bound == "more" or quantity.floor else value
        return Money(start, end, low, high, currency, approx)
