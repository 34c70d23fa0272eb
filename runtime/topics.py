"""The topics, declared once: `dealwire topics create` makes them from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from schemas import Article, Deal, DealEvent, Event, Tags

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Largest message that our topics take: an article of the greatest size, escaped in JSON."""

MAX_DEAD_LETTER_BYTES = 2 * MAX_MESSAGE_BYTES
"""A dead letter is the largest message whole, and its headers."""


@dataclass(frozen=True)
class Topic:
    """A topic, and what travels on it."""

    name: str
    model: type[Event] | None
    """None: bytes as they came."""
    partitions: int
    retention: timedelta | None
    """None: compacted, the newest message of a key stays for ever."""
    max_message_bytes: int = MAX_MESSAGE_BYTES

    def config(self) -> dict[str, str]:
        """Return the topic's settings in Kafka's names."""
        if self.retention is None:
            cleanup = {"cleanup.policy": "compact"}
        else:
            milliseconds = int(self.retention.total_seconds() * 1000)
            cleanup = {"cleanup.policy": "delete", "retention.ms": str(milliseconds)}
        return cleanup | {"max.message.bytes": str(self.max_message_bytes)}


@dataclass(frozen=True)
class Topics:
    """The five topics under one prefix.

    >>> Topics("news").deal_events.name
    'news.deal-events.v1'
    """

    prefix: str

    @property
    def articles(self) -> Topic:
        return Topic(f"{self.prefix}.articles.v1", Article, 4, timedelta(days=7))

    @property
    def tags(self) -> Topic:
        return Topic(f"{self.prefix}.tags.v1", Tags, 4, timedelta(days=7))

    @property
    def deal_events(self) -> Topic:
        return Topic(f"{self.prefix}.deal-events.v1", DealEvent, 4, timedelta(days=30))

    @property
    def deals(self) -> Topic:
        return Topic(f"{self.prefix}.deals.v1", Deal, 4, None)

    @property
    def dead_letters(self) -> Topic:
        name = f"{self.prefix}.dead-letters.v1"
        return Topic(name, None, 1, timedelta(days=30), MAX_DEAD_LETTER_BYTES)

    @property
    def reader_group(self) -> str:
        """The consumer group of the workers, which is also Faust's id of the app."""
        return f"{self.prefix}.reader"

    def all(self) -> tuple[Topic, ...]:
        return (self.articles, self.tags, self.deal_events, self.deals, self.dead_letters)
