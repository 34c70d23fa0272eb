"""What travels on the topics: one event model per topic."""

from schemas.article import MAX_ARTICLE_BYTES, Article
from schemas.cloudevents import Record, record
from schemas.deal import Deal
from schemas.deal_event import DealEvent, DealStatus, DealType, Money, Party, PricePerShare
from schemas.event import Event, Span, digest
from schemas.tags import Amount, Entity, EntityKind, Tags

__all__ = [
    "MAX_ARTICLE_BYTES",
    "Amount",
    "Article",
    "Deal",
    "DealEvent",
    "DealStatus",
    "DealType",
    "Entity",
    "EntityKind",
    "Event",
    "Money",
    "Party",
    "PricePerShare",
    "Record",
    "Span",
    "Tags",
    "digest",
    "record",
]
