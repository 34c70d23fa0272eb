"""The deal event of the settled topic: one deal, from all the articles that tell it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from schemas.deal_event import DealStatus, DealType, Money, Party, PricePerShare
from schemas.event import Event, UtcDatetime, digest


class Deal(Event):
    """One deal, its whole state. Topic `news.deals.v1` (compacted), key `deal_id`.

    A null in its place says that no article tells it any more.
    """

    ce_type: ClassVar[str] = "dealwire.deal.v1"

    deal_id: str
    type: DealType
    status: DealStatus = Field(description="as the newest article tells it")
    parties: tuple[Party, ...]
    amount: Money | None = None
    price_per_share: PricePerShare | None = None
    stake_pct: float | None = None
    round: str | None = None
    instrument: str | None = None
    first_seen_at: UtcDatetime
    last_seen_at: UtcDatetime
    sources: int = Field(ge=1, description="number of distinct sources that tell it")
    event_ids: tuple[str, ...] = Field(description="the deal events it is made of, sorted")
    confidence: float = Field(ge=0, le=1, description="of the surest event")
    quote: str = Field(description="the words that say so, from the surest event")
    url: str | None = Field(default=None, description="of the article that has them")
    title: str = ""

    def ce_id(self) -> str:
        return digest("deal", self.model_dump_json())

    def ce_time(self) -> datetime:
        return self.last_seen_at

    def key(self) -> str:
        return self.deal_id
