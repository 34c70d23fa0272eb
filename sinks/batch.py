"""A batch of messages into the tables: rows, dead letters, outbox and offsets, all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from runtime.dead_letters import REPLAY_OF, Origin, dead_letter, origin_of, why
from runtime.topics import Topics
from schemas import Article, DealEvent, Event, Tags
from schemas.cloudevents import Headers, header
from sinks.letters import mark_replayed, write_dead_letter
from sinks.offsets import Place, Stored, write_offsets
from sinks.outbox import put
from sinks.settle import SINK_URI, settle
from sinks.write import select_each, write_articles, write_deal_events, write_readings

MAX_TIMESTAMP_MS = 253_402_300_800_000
"""Midnight after the year 9999, the last that a datetime knows."""


class Incoming(NamedTuple):
    """One message as it came from Kafka."""

    origin: Origin
    key: bytes | None
    value: bytes | None
    headers: Headers
    sent_at: datetime


@dataclass
class Counts:
    """What became of a batch."""

    articles: int = 0
    tags: int = 0
    deal_events: int = 0
    dead_letters: int = 0
    deals_changed: int = 0


class Batch:
    """Messages sorted out and checked, before the transaction begins."""

    def __init__(self, topics: Topics, messages: Iterable[Incoming] = ()) -> None:
        self.size = 0
        self.articles: list[Article] = []
        self.tags: list[Tags] = []
        self.deal_events: list[DealEvent] = []
        self.letters: list[Incoming] = []
        self.refused: list[tuple[Incoming, Exception]] = []
        self.replayed: list[tuple[Origin, datetime]] = []
        self.next_offsets: dict[Place, int] = {}
        self.topics = topics
        self._events: dict[str, tuple[type[Event], list[Any]]] = {
            topics.articles.name: (Article, self.articles),
            topics.tags.name: (Tags, self.tags),
            topics.deal_events.name: (DealEvent, self.deal_events),
        }
        self.add(messages)

    def add(self, messages: Iterable[Incoming]) -> None:
        """Take up messages; those of a partition come in order."""
        for message in messages:
            self.size += 1
            topic, partition, offset = message.origin
            self.next_offsets[Place(topic, partition)] = offset + 1
            if topic not in self._events:
                self.letters.append(message)
                continue
            if replay := header(message.headers, REPLAY_OF):
                try:
                    self.replayed.append((Origin.parse(replay.decode()), message.sent_at))
                except ValueError:
                    pass  # somebody else's header; the message itself is read like any other
            try:
                if message.value is None:
                    raise ValueError("the message has no value")
                model, events = self._events[topic]
                events.append(model.model_validate_json(message.value))
            except ValueError as error:  # pydantic's ValidationError is one
                self.refused.append((message, error))


def write_batch(
    db: sqlite3.Connection,
    batch: Batch,
    cluster_id: str,
    topic_ids: Mapping[str, str],
) -> Counts:
    """Store a batch inside the caller's transaction; the same batch again changes nothing.

    Raises sqlite3.Error; the caller rolls back.
    """
    write_articles(db, batch.articles)
    known = write_deal_events(db, batch.deal_events)
    touched = {event.event_id for event in batch.deal_events} | write_readings(db, batch.tags)
    letters = sum(_write_letter(db, cluster_id, message) for message in batch.letters)
    letters += sum(_refuse(db, cluster_id, batch.topics, m, error) for m, error in batch.refused)
    for origin, sent_at in batch.replayed:
        mark_replayed(db, cluster_id, origin, sent_at)
    changed = settle(db, _deals_of(db, touched), batch.topics.deals.name, known)
    offsets = {
        place: Stored(offset, topic_ids[place.topic])
        for place, offset in batch.next_offsets.items()
    }
    write_offsets(db, cluster_id, offsets)
    return Counts(len(batch.articles), len(batch.tags), len(batch.deal_events), letters, changed)


def _deals_of(db: sqlite3.Connection, event_ids: set[str]) -> set[str]:
    query = "SELECT deal_id FROM deal_events WHERE event_id IN ({keys})"
    return {row[0] for row in select_each(db, query, list(event_ids))}


def _write_letter(db: sqlite3.Connection, cluster_id: str, message: Incoming) -> bool:
    """Keep a message of the dead letters' topic under the place where it was first found."""
    return write_dead_letter(
        db,
        cluster_id,
        origin_of(message.headers) or message.origin,
        message.key,
        message.value,
        message.headers,
        component=why(message.headers, "connector.name") or "",
        error_class=why(message.headers, "exception.class.name") or "",
        error=why(message.headers, "exception.message") or "the headers do not say why",
        found_at=message.sent_at,
    )


def _refuse(
    db: sqlite3.Connection, cluster_id: str, topics: Topics, message: Incoming, error: Exception
) -> bool:
    """Keep a message that the sink cannot read, and tell the dead letters' topic."""
    letter = dead_letter(
        topics.dead_letters.name,
        message.origin,
        message.key,
        message.value,
        message.headers,
        error,
        SINK_URI,
    )
    is_new = write_dead_letter(
        db,
        cluster_id,
        message.origin,
        letter.key,
        letter.value,
        letter.headers,
        component=SINK_URI,
        error_class=type(error).__name__,
        error=why(letter.headers, "exception.message") or "",
        found_at=message.sent_at,
    )
    if is_new:
        put(db, letter)
    return is_new


def sent_at(timestamp_ms: int) -> datetime:
    """Return Kafka's time of a message; the epoch when it has none (negative), or none we can tell.

    >>> sent_at(10**18).year
    1970
    """
    known = 0 <= timestamp_ms < MAX_TIMESTAMP_MS
    return datetime.fromtimestamp(timestamp_ms / 1000 if known else 0, UTC)
