"""What led to the deals of one article, as users and programs see it: no logic, only its form."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from schemas import Amount, DealEvent, DealStatus, DealType

MarkKind = Literal[
    "furniture", "heading", "organisation", "person", "place", "described", "amount", "trigger"
]


class Passage(NamedTuple):
    """A stretch of the article's text, [start, end) in code points."""

    start: int
    end: int


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Mark(_Part):
    """A marked stretch. `of`: a name's canonical form, or the types a trigger may tell."""

    start: int
    end: int
    text: str
    kind: MarkKind
    of: str = ""


class Taker(_Part):
    """A name in a role; `gap` counts the sentences back to where it was last met (-1: only later).

    `probability` is null when lists read the deal.
    """

    role: str
    name: str
    probability: float | None
    start: int
    end: int
    gap: int


class Price(_Part):
    """An amount, and how likely it is the price."""

    amount: Amount
    probability: float


class Reason(_Part):
    """One signal of the judge: its `value` times its `weight` gives `points`, in log-odds."""

    signal: str
    words: str
    value: float
    weight: float
    points: float


class Told(_Part):
    """A deal as one sentence tells it, thought possible: a draft.

    `types` and `statuses` have the probabilities; they are empty when lists read it. `passed_over`
    are names of some probability that take no part. The points of `reasons` add up to the log-odds
    of the confidence.
    """

    sentence: Passage
    text: str
    triggers: tuple[str, ...]
    type: DealType
    types: dict[str, float]
    status: DealStatus
    statuses: dict[str, float]
    parties: tuple[Taker, ...]
    passed_over: tuple[Taker, ...]
    price: Amount | None
    prices: tuple[Price, ...] = Field(description="the likeliest first")
    reasons: tuple[Reason, ...]
    confidence: float


class Reported(_Part):
    """A deal event, and the sentences that told it, in the order of the text."""

    event: DealEvent
    told: tuple[Told, ...]


class Unseen(_Part):
    """A sentence with words of deals in which no deal was thought possible."""

    sentence: Passage
    text: str
    triggers: tuple[str, ...]
    types: dict[str, float]


class Explanation(_Part):
    """What the reader saw in an article, what it made of it, and why.

    `least` is the confidence from which deals are reported; null when lists read them. `doubted`
    are the drafts below it, the likeliest first. `note` says why there was nothing to explain.
    """

    title: str
    text: str
    language: str | None
    extractor: str
    read_by: Literal["model", "lists"]
    least: float | None
    note: str
    marks: tuple[Mark, ...] = Field(description="in order; they may overlap")
    deals: tuple[Reported, ...]
    doubted: tuple[Told, ...]
    unseen: tuple[Unseen, ...]
