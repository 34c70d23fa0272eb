"""Events into rows. Every function works inside the caller's transaction and is idempotent.

What stands afterwards depends on the set of events alone, not on their order: of an article, and
of its readings, the newest wins; a deal event stands while the newest reading lists it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from schemas import Article, DealEvent, Tags
from sinks.identity import deal_id

KEYS_AT_ONCE = 500
"""Below SQLite's limit of parameters in one statement, whatever it was built with."""


def stamp(moment: datetime | None) -> str | None:
    """Return a time as text of constant width, so that text order is time order."""
    return None if moment is None else moment.isoformat(timespec="microseconds")


def select_each(db: sqlite3.Connection, query: str, keys: Sequence[str]) -> Iterator[sqlite3.Row]:
    """Yield the rows of `query` for many keys; `{keys}` in it stands for some hundred of them."""
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = keys[start : start + KEYS_AT_ONCE]
        yield from db.execute(query.format(keys=", ".join("?" * len(some))), some)


def extractor_rank(version: str) -> str:
    """Return text that sorts as the version does: 1.10.0 after 1.9.2.

    >>> extractor_rank("1.10.0") > extractor_rank("1.9.2")
    True
    """
    return ".".join(part.zfill(8) for part in version.split("."))


UPSERT_ARTICLE = """
    INSERT INTO articles
        (article_id, version, url, title, text, source, language, published_at, fetched_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (article_id) DO UPDATE SET
        version = excluded.version, url = excluded.url, title = excluded.title,
        text = excluded.text, source = excluded.source, language = excluded.language,
        published_at = excluded.published_at, fetched_at = excluded.fetched_at
    WHERE (excluded.fetched_at, excluded.version) > (articles.fetched_at, articles.version)
"""


def write_articles(db: sqlite3.Connection, articles: Iterable[Article]) -> None:
    """Keep the newest version of each article."""
    db.executemany(
        UPSERT_ARTICLE,
        (
            (
                article.article_id,
                article.version,
                article.url,
                article.title,
                article.text,
                article.source,
                article.language,
                stamp(article.published_at),
                stamp(article.fetched_at),
            )
            for article in articles
        ),
    )


UPSERT_READING = """
    INSERT INTO readings
        (article_id, version, fetched_at, extractor, extractor_rank, language, kept)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (article_id) DO UPDATE SET
        version = excluded.version, fetched_at = excluded.fetched_at,
        extractor = excluded.extractor, extractor_rank = excluded.extractor_rank,
        language = excluded.language, kept = excluded.kept
"""


Age = tuple[str | None, str, str]
"""What orders the readings of an article: the greatest is the newest."""


def _age(tags: Tags) -> Age:
    return stamp(tags.article_fetched_at), tags.article_version, extractor_rank(tags.extractor)


def write_readings(db: sqlite3.Connection, readings: Iterable[Tags]) -> set[str]:
    """Put each reading in place of an older one of its article.

    Returns the ids of the deal events that live or die by it.
    """
    newest: dict[str, tuple[Age, Tags]] = {}
    for tags in readings:
        age = _age(tags)
        if tags.article_id not in newest or age > newest[tags.article_id][0]:
            newest[tags.article_id] = age, tags
    query = """
        SELECT article_id, fetched_at, version, extractor_rank FROM readings
        WHERE article_id IN ({keys})
    """
    standing = {row[0]: tuple(row[1:]) for row in select_each(db, query, list(newest))}
    ages = {
        key: age for key, (age, _) in newest.items() if key not in standing or age > standing[key]
    }
    taken = [newest[key][1] for key in ages]
    touched = {event_id for tags in taken for event_id in tags.deal_event_ids}
    # Most articles are new: nothing is looked for, to be deleted, where no reading stands.
    for key in ages.keys() & standing.keys():
        touched |= _forget_reading(db, key)
    db.executemany(UPSERT_READING, map(_reading_row, taken, ages.values()))
    db.executemany(
        "INSERT OR IGNORE INTO reading_events VALUES (?, ?)",
        ((tags.article_id, event_id) for tags in taken for event_id in tags.deal_event_ids),
    )
    db.executemany(
        "INSERT OR IGNORE INTO entities VALUES (?, ?, ?, ?, ?)",
        (row for tags in taken for row in _entity_rows(tags)),
    )
    db.executemany(
        "INSERT OR IGNORE INTO amounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (row for tags in taken for row in _amount_rows(tags)),
    )
    return touched


def _forget_reading(db: sqlite3.Connection, article_id: str) -> set[str]:
    """Delete what was read in an article; return the ids of its deal events."""
    db.execute("DELETE FROM entities WHERE article_id = ?", (article_id,))
    db.execute("DELETE FROM amounts WHERE article_id = ?", (article_id,))
    before = db.execute(
        "DELETE FROM reading_events WHERE article_id = ? RETURNING event_id", (article_id,)
    )
    return {row[0] for row in before.fetchall()}


def _reading_row(tags: Tags, age: Age) -> tuple[Any, ...]:
    fetched_at, version, rank = age
    kept = to_json(tags.kept).decode()
    return tags.article_id, version, fetched_at, tags.extractor, rank, tags.language, kept


def _entity_rows(tags: Tags) -> Iterator[tuple[Any, ...]]:
    for entity in tags.entities:
        mentions = to_json([(span.start, span.end, span.text) for span in entity.mentions])
        yield tags.article_id, entity.entity_id, entity.name, entity.kind, mentions.decode()


def _amount_rows(tags: Tags) -> Iterator[tuple[Any, ...]]:
    for amount in tags.amounts:
        yield (
            tags.article_id,
            amount.start,
            amount.end,
            amount.text,
            amount.low,
            amount.high,
            amount.currency,
            amount.approx,
        )


UPSERT_DEAL_EVENT = """
    INSERT INTO deal_events
        (event_id, deal_id, article_id, article_version, fetched_at, extractor, type, status,
         amount_low, amount_high, currency, approx, confidence, quote, source, url, published_at,
         event)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (event_id) DO UPDATE SET fetched_at = excluded.fetched_at, event = excluded.event
    WHERE excluded.fetched_at > deal_events.fetched_at
"""


def _deal_event_row(event: DealEvent, text: str) -> tuple[Any, ...]:
    amount = event.amount
    return (
        event.event_id,
        deal_id(event),
        event.article_id,
        event.article_version,
        stamp(event.article_fetched_at),
        event.extractor,
        event.type,
        event.status,
        amount.low if amount else None,
        amount.high if amount else None,
        amount.currency if amount else None,
        amount.approx if amount else None,
        event.confidence,
        event.evidence[0].text if event.evidence else "",
        event.source,
        event.url,
        stamp(event.published_at),
        text,
    )


def write_deal_events(db: sqlite3.Connection, events: Iterable[DealEvent]) -> dict[str, DealEvent]:
    """Keep each deal event once. Returns them by their text in the table."""
    rows = {event.model_dump_json(): event for event in events}
    db.executemany(UPSERT_DEAL_EVENT, (_deal_event_row(e, text) for text, e in rows.items()))
    return rows
