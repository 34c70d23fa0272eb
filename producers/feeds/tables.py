"""The tables of feeds, in the producers' SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from producers.feeds.outbox import Outbox
from producers.feeds.state import FeedStates
from producers.state import open_database

SCHEMA = """
    CREATE TABLE IF NOT EXISTS feeds (
        cluster_id    TEXT NOT NULL,
        url           TEXT NOT NULL,
        title         TEXT NOT NULL DEFAULT '',
        fetch_url     TEXT,            -- where a permanent redirect has led
        etag          TEXT,
        last_modified TEXT,
        ttl_s         REAL,            -- as the document asked
        known_since   TEXT NOT NULL,
        polled_at     TEXT,
        succeeded_at  TEXT,
        next_poll_at  TEXT NOT NULL,
        failures      INTEGER NOT NULL DEFAULT 0,  -- in a row
        error         TEXT NOT NULL DEFAULT '',    -- of the last poll, in words
        warning       TEXT NOT NULL DEFAULT '',    -- what was read all the same
        PRIMARY KEY (cluster_id, url)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS feed_entries (
        cluster_id   TEXT NOT NULL,
        feed_url     TEXT NOT NULL,
        entry_id     TEXT NOT NULL,    -- made of its link, or of its words
        article_id   TEXT NOT NULL,
        url          TEXT,             -- of the article, once published for ever
        fingerprint  TEXT NOT NULL,    -- of what the feed says
        version      TEXT NOT NULL,    -- of the article; '' where there was nothing to publish
        first_at     TEXT NOT NULL,
        changed_at   TEXT NOT NULL,
        seen_at      TEXT NOT NULL,
        tries_left   INTEGER NOT NULL DEFAULT 0,   -- of its page
        PRIMARY KEY (cluster_id, feed_url, entry_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS feed_entries_by_article
        ON feed_entries (cluster_id, article_id, changed_at);
    CREATE TABLE IF NOT EXISTS feed_outbox (   -- about to be sent
        cluster_id   TEXT NOT NULL,
        feed_url     TEXT NOT NULL,
        entry_id     TEXT NOT NULL,
        fingerprint  TEXT NOT NULL,
        article      TEXT NOT NULL,    -- the event, as it is sent
        tries_left   INTEGER NOT NULL,
        PRIMARY KEY (cluster_id, feed_url, entry_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS feed_marks (
        cluster_id   TEXT NOT NULL,
        topic        TEXT NOT NULL,
        partition    INTEGER NOT NULL,
        next_offset  INTEGER NOT NULL, -- what was sent from here lies below
        PRIMARY KEY (cluster_id, topic, partition)
    ) STRICT, WITHOUT ROWID;
"""


@contextmanager
def open_feed_state(path: Path, cluster_id: str) -> Iterator[tuple[FeedStates, Outbox]]:
    """Yield what is known of the feeds, and what is on its way. Raises StoreError."""
    with open_database(path, SCHEMA) as db:
        yield FeedStates(db, cluster_id), Outbox(db, cluster_id)


def open_feed_state_of_last_cluster(
    path: Path,
) -> AbstractContextManager[tuple[FeedStates, Outbox]]:
    """Return what is known of the feeds on the cluster where one was polled last."""
    with open_database(path, SCHEMA) as db:
        row = db.execute("SELECT cluster_id FROM feeds ORDER BY polled_at DESC LIMIT 1").fetchone()
    return open_feed_state(path, row[0] if row else "")
