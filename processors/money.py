"""What the steps that find amounts of money hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from processors.text import Token


class Money(NamedTuple):
    """An amount in the text. An open side is None."""

    start: int
    end: int
    low: float | None
    high: float | None
    currency: str
    approx: bool


MAIN = "main"
"""Stands for the currency that the article mostly uses."""


@dataclass(slots=True)
class Quantity:
    """A number as tokens `first` to `last` (excluded); scale 0, currency "": none is said."""

    first: int
    last: int
    value: float
    scale: float = 0.0
    currency: str = ""
    about: bool = False
    floor: bool = False
    figures: bool = True
    weak: bool = False
    """The currency is one letter before the number, as in R5: a name as like as not."""

    def amount(self) -> float:
        return round(self.value * (self.scale or 1), 4)


@dataclass(slots=True)
class Words:
    """A text, the same in lower case, and the tokens of it that are worth reading."""

    text: str
    low_text: str
    spans: list[Token]
    words: list[str] = field(init=False)
    lows: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.words = [token.text for token in self.spans]
        self.lows = [token.low for token in self.spans]

    def between(self, first: int, last: int) -> tuple[int, int]:
        """Return where the tokens `first` to `last` (excluded) start and end in the text."""
        return self.spans[first].start, self.spans[last - 1].end
