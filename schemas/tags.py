"""The tags event: everything that was read in one version of an article, except the deals."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.article import Reading
from schemas.event import Model, Span, digest

EntityKind = Literal["organisation", "person", "place"]


class Entity(Model):
    """Somebody or something that the article names."""

    entity_id: str = Field(
        description="stable: from the canonical name where nothing better is known"
    )
    name: str = Field(description="canonical name")
    kind: EntityKind
    mentions: tuple[Span, ...] = ()


class Amount(Span):
    """An amount of money in the text. An open side of a range is null."""

    low: float | None = Field(description="in units of the currency; null: up to `high`")
    high: float | None = Field(description="in units of the currency; null: more than `low`")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")
    approx: bool = Field(default=False, description="hedged: about, nearly, environ")


class Tags(Reading):
    """One reading of one article version. Topic `news.tags.v1`, key `article_id`.

    It replaces earlier readings of the same article: a deal event that is not in
    `deal_event_ids` of the newest reading is dead.
    """

    ce_type: ClassVar[str] = "dealwire.tags.v1"

    language: str | None = Field(description="ISO 639-1; null: not to be told")
    kept: tuple[tuple[int, int], ...] = Field(
        default=(), description="[start, end) code points that are article, not page furniture"
    )
    entities: tuple[Entity, ...] = ()
    amounts: tuple[Amount, ...] = ()
    deal_event_ids: tuple[str, ...] = ()

    def ce_id(self) -> str:
        return digest("tags", self.article_id, self.article_version, self.extractor)
