"""The deal event: one deal, as one article tells it."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from schemas.article import Reading
from schemas.event import Model, Span, UtcDatetime

DealType = Literal[
    "acquisition",
    "merger",
    "investment",
    "debt",
    "contract",
    "partnership",
    "joint_venture",
    "ipo",
    "capital_project",
]
DealStatus = Literal["rumoured", "announced", "completed", "cancelled", "denied"]

ROLES: dict[DealType, tuple[str, ...]] = {
    "acquisition": ("acquirer", "target", "seller"),
    "merger": ("merging_party",),
    "investment": ("investor", "investee"),
    "debt": ("borrower", "lender", "arranger"),
    "contract": ("customer", "supplier"),
    "partnership": ("partner",),
    "joint_venture": ("partner",),
    "ipo": ("issuer", "exchange"),
    "capital_project": ("sponsor", "location"),
}
"""The roles of each type of deal, in the order in which people name them."""


class Party(Model):
    """Who takes part in a deal, and as what."""

    role: str = Field(description="one of the roles of the deal's type")
    name: str = Field(min_length=1, description="canonical name, or the words that describe it")
    entity_id: str | None = Field(default=None, description="null: described, not named")


class Money(Model):
    """How much. An open side of a range is null."""

    low: float | None
    high: float | None
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")
    approx: bool = False
    text: str = Field(default="", description="the words that say so")


class PricePerShare(Model):
    """What a share is worth in the deal."""

    value: float
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")


class DealEvent(Reading):
    """One deal as one article tells it. Topic `news.deal-events.v1`, key `article_id`.

    What the text does not say is null, never guessed.
    """

    ce_type: ClassVar[str] = "dealwire.deal-event.v1"

    event_id: str = Field(min_length=1, max_length=128)
    type: DealType
    status: DealStatus
    parties: tuple[Party, ...]
    amount: Money | None = None
    price_per_share: PricePerShare | None = None
    stake_pct: float | None = Field(default=None, description="per cent traded")
    round: str | None = Field(default=None, description="seed, series_a, ...")
    instrument: str | None = Field(default=None, description="loan, bond, credit_line, ...")
    on_date: date | None = Field(default=None, description="told or done, when the text says")
    evidence: tuple[Span, ...] = Field(
        description="the passages that state the deal, the best first"
    )
    confidence: float = Field(ge=0, le=1)
    language: str | None = None

    url: str | None = Field(default=None, description="of the article")
    title: str = Field(default="", description="of the article")
    source: str = Field(default="", description="of the article")
    published_at: UtcDatetime | None = Field(default=None, description="of the article")

    def ce_id(self) -> str:
        return self.event_id
