"""What else a sentence says of its deal: stake, round, instrument, price per share."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any

from processors import lexicon
from processors.amounts import Money
from processors.view import View

_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?) ?(?:%|per cent|percent|pour cent)")
_REACH = 30
"""How far from a percentage the word may stand that makes it a stake, in characters."""


class Facts:
    """Reads the lesser facts of deals in one language."""

    def __init__(self, language: str) -> None:
        table = lexicon.table(f"{language}/grammar")["facts"]
        self._stake = _any(table["stake"])
        self._per_share = _any(table["per_share"])
        self._rounds = {name: _any(cues) for name, cues in table["rounds"].items()}
        self._instruments = {name: _any(cues) for name, cues in table["instruments"].items()}

    def of(self, view: View, kind: str, span: tuple[int, int]) -> dict[str, Any]:
        """Return the facts of a deal of type `kind` stated at `span`, by the event's field."""
        sentence = view.low_text[span[0] : span[1]]
        first = bisect_left(view.money, span[0], key=_start)
        last = bisect_left(view.money, span[1], key=_start)
        found: dict[str, Any] = {}
        if kind in ("acquisition", "investment") and (stake := self._stake_in(sentence)):
            found["stake_pct"] = stake
        if kind == "investment" and (name := _first(self._rounds, sentence)):
            found["round"] = name
        if kind == "debt" and (name := _first(self._instruments, sentence)):
            found["instrument"] = name
        if kind in ("acquisition", "investment", "ipo"):
            for money in view.money[first:last]:
                if self.is_per_share(view, money):
                    found["price_per_share"] = money
        return found

    def is_per_share(self, view: View, money: Money) -> bool:
        """Whether an amount is that of one share."""
        return self._per_share.match(view.low_text, money.end) is not None

    def _stake_in(self, sentence: str) -> float | None:
        for match in _PERCENT.finditer(sentence):
            around = sentence[max(0, match.start() - _REACH) : match.end() + _REACH]
            value = float(match.group(1).replace(",", "."))
            if self._stake.search(around) and 0 < value <= 100:
                return value
        return None


def _start(money: Money) -> int:
    return money.start


def _any(cues: list[str]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, cues)) + r")(?!\w)")


def _first(patterns: dict[str, re.Pattern[str]], sentence: str) -> str | None:
    return next((name for name, pattern in patterns.items() if pattern.search(sentence)), None)
