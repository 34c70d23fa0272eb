"""Events into rows. Every function works inside the caller's transaction and is idempotent.

What stands afterwards depends on the set of events alone, not on their order: of an article, and
of its readings, the newest wins; a deal event stands while the newest reading lists it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from schemas import Article, DealEvent, Tags
from sinks.identity import deal_id


def stamp(moment: datetime | None) -> str | None:
    """Return a time as text of constant width, so that text order is time order."""
    return None if moment is None else moment.isoformat(timespec="microseconds")


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
    WHERE (excluded.fetched_at, excluded.version, excluded.extractor_rank)
        > (readings.fetched_at, readings.version, readings.extractor_rank)
"""


def write_tags(db: sqlite3.Connection, tags: Tags) -> set[str]:
    """Put a reading in place of an older one of its article.

    Returns the ids of the deal events that live or die by it.
    """
    changed = db.execute(
        UPSERT_READING,
        (
            tags.article_id,
            tags.article_version,
            stamp(tags.article_fetched_at),
            tags.extractor,
            extractor_rank(tags.extractor),
            tags.language,
            json.dumps(tags.kept),
        ),
    ).rowcount
    if not changed:
        return set()
    # The deletions find nothing but in an article that was read before.
    before = db.execute(
        "DELETE FROM reading_events WHERE article_id = ? RETURNING event_id", (tags.article_id,)
    ).fetchall()
    db.execute("DELETE FROM entities WHERE article_id = ?", (tags.article_id,))
    db.execute("DELETE FROM amounts WHERE article_id = ?", (tags.article_id,))
    db.executemany(
        "INSERT OR IGNORE INTO reading_events VALUES (?, ?)",
        ((tags.article_id, event_id) for event_id in tags.deal_event_ids),
    )
    db.executemany(
        "INSERT OR IGNORE INTO entities VALUES (?, ?, ?, ?, ?)",
        (
            (
                tags.article_id,
                entity.entity_id,
                entity.name,
                entity.kind,
                json.dumps([[span.start, span.end, span.text] for span in entity.mentions]),
            )
            for entity in tags.entities
        ),
    )
    db.executemany(
        "INSERT OR IGNORE INTO amounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                tags.article_id,
                amount.start,
                amount.end,
                amount.text,
                amount.low,
                amount.high,
                amount.currency,
                amount.approx,
            )
            for amount in tags.amounts
        ),
    )
    return {row[0] for row in before} | set(tags.deal_event_ids)


UPSERT_DEAL_EVENT = """
    INSERT INTO deal_events
        (event_id, deal_id, article_id, article_version, fetched_at, extractor, type, status,
         amount_low, amount_high, currency, approx, confidence, quote, source, url, published_at,
         event)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (event_id) DO UPDATE SET fetched_at = excluded.fetched_at, event = excluded.event
    WHERE excluded.fetched_at > deal_events.fetched_at
"""


def _deal_event_row(event: DealEvent) -> tuple[Any, ...]:
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
        event.model_dump_json(),
    )


def write_deal_events(db: sqlite3.Connection, events: Iterable[DealEvent]) -> None:
    """Keep each deal event once."""
    db.executemany(UPSERT_DEAL_EVENT, map(_deal_event_row, events))
