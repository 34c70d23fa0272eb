"""The tables. A list of steps that only grows; `PRAGMA user_version` counts those taken."""

from __future__ import annotations

import sqlite3

from runtime.errors import StoreError

MIGRATIONS = (
    """
    -- The newest version of each article.
    CREATE TABLE articles (
        article_id   TEXT PRIMARY KEY,
        version      TEXT NOT NULL,
        url          TEXT,
        title        TEXT NOT NULL,
        text         TEXT NOT NULL,
        source       TEXT NOT NULL,
        language     TEXT,
        published_at TEXT,
        fetched_at   TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- The newest reading of each article; it decides which deal events are alive.
    CREATE TABLE readings (
        article_id     TEXT PRIMARY KEY,
        version        TEXT NOT NULL,
        fetched_at     TEXT NOT NULL,
        extractor      TEXT NOT NULL,
        extractor_rank TEXT NOT NULL,
        language       TEXT,
        kept           TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE reading_events (
        article_id TEXT NOT NULL REFERENCES readings ON DELETE CASCADE,
        event_id   TEXT NOT NULL,
        PRIMARY KEY (article_id, event_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reading_events_by_event ON reading_events (event_id);

    CREATE TABLE entities (
        article_id TEXT NOT NULL REFERENCES readings ON DELETE CASCADE,
        entity_id  TEXT NOT NULL,
        name       TEXT NOT NULL,
        kind       TEXT NOT NULL,
        mentions   TEXT NOT NULL,
        PRIMARY KEY (article_id, entity_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entities_by_id ON entities (entity_id);

    CREATE TABLE amounts (
        article_id TEXT NOT NULL REFERENCES readings ON DELETE CASCADE,
        start      INTEGER NOT NULL,
        "end"      INTEGER NOT NULL,
        text       TEXT NOT NULL,
        low        REAL,
        high       REAL,
        currency   TEXT NOT NULL,
        approx     INTEGER NOT NULL,
        PRIMARY KEY (article_id, start, "end")
    ) STRICT, WITHOUT ROWID;

    -- Every deal event ever read; `live_deal_events` has those that still stand.
    CREATE TABLE deal_events (
        event_id        TEXT PRIMARY KEY,
        deal_id         TEXT NOT NULL,
        article_id      TEXT NOT NULL,
        article_version TEXT NOT NULL,
        fetched_at      TEXT NOT NULL,
        extractor       TEXT NOT NULL,
        type            TEXT NOT NULL,
        status          TEXT NOT NULL,
        amount_low      REAL,
        amount_high     REAL,
        currency        TEXT,
        approx          INTEGER,
        confidence      REAL NOT NULL,
        quote           TEXT NOT NULL,
        source          TEXT NOT NULL,
        url             TEXT,
        published_at    TEXT,
        event           TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX deal_events_by_deal ON deal_events (deal_id);
    CREATE INDEX deal_events_by_article ON deal_events (article_id);

    CREATE VIEW live_deal_events AS
        SELECT deal_events.* FROM deal_events
        JOIN reading_events USING (article_id, event_id);

    -- One row a deal, settled from all the live events that tell it.
    CREATE TABLE deals (
        deal_id       TEXT PRIMARY KEY,
        type          TEXT NOT NULL,
        status        TEXT NOT NULL,
        amount_low    REAL,
        amount_high   REAL,
        currency      TEXT,
        approx        INTEGER,
        amount_text   TEXT,
        stake_pct     REAL,
        round         TEXT,
        instrument    TEXT,
        first_seen_at TEXT NOT NULL,
        last_seen_at  TEXT NOT NULL,
        sources       INTEGER NOT NULL,
        confidence    REAL NOT NULL,
        quote         TEXT NOT NULL,
        url           TEXT,
        title         TEXT NOT NULL,
        deal          TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX deals_by_last_seen ON deals (last_seen_at);

    CREATE TABLE deal_parties (
        deal_id   TEXT NOT NULL REFERENCES deals ON DELETE CASCADE,
        position  INTEGER NOT NULL,
        role      TEXT NOT NULL,
        name      TEXT NOT NULL,
        entity_id TEXT,
        PRIMARY KEY (deal_id, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX deal_parties_by_entity ON deal_parties (entity_id);

    CREATE VIEW deal_list AS
        SELECT
            deal_id,
            type,
            status,
            (SELECT group_concat(party, '; ') FROM (
                SELECT role || ': ' || name AS party FROM deal_parties
                WHERE deal_parties.deal_id = deals.deal_id ORDER BY position
            )) AS parties,
            coalesce(amount_high, amount_low) AS amount,
            currency,
            amount_text,
            first_seen_at,
            last_seen_at,
            sources,
            confidence,
            url,
            title,
            quote
        FROM deals;

    -- What could not be read, whole, with its cause and where it was found.
    CREATE TABLE dead_letters (
        id          INTEGER PRIMARY KEY,
        cluster_id  TEXT NOT NULL,
        topic       TEXT NOT NULL,
        partition   INTEGER NOT NULL,
        "offset"    INTEGER NOT NULL,
        key         BLOB,
        value       BLOB,
        headers     TEXT NOT NULL,
        component   TEXT NOT NULL,
        error_class TEXT NOT NULL,
        error       TEXT NOT NULL,
        found_at    TEXT NOT NULL,
        replayed_at TEXT,
        UNIQUE (cluster_id, topic, partition, "offset")
    ) STRICT;

    -- What is to be published once the transaction that wrote it stands.
    CREATE TABLE outbox (
        seq     INTEGER PRIMARY KEY AUTOINCREMENT,
        topic   TEXT NOT NULL,
        key     BLOB,
        value   BLOB,
        headers TEXT NOT NULL
    ) STRICT;

    -- The next offset to read; moved in the transaction that stores what was read before it.
    CREATE TABLE offsets (
        cluster_id  TEXT NOT NULL,
        topic       TEXT NOT NULL,
        partition   INTEGER NOT NULL,
        topic_id    TEXT NOT NULL,
        next_offset INTEGER NOT NULL,
        PRIMARY KEY (cluster_id, topic, partition)
    ) STRICT, WITHOUT ROWID;

    -- The sink that may write: a higher epoch fences off all earlier ones.
    CREATE TABLE writer (
        id    INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL
    ) STRICT;
    INSERT INTO writer VALUES (1, 0);
    """,
)


def migrate(db: sqlite3.Connection) -> None:
    """Bring the tables up to date, each step in a transaction of its own.

    Raises StoreError when the file was written by a newer Dealwire.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the SQLite file has tables of version {version} and this Dealwire knows "
            f"{len(MIGRATIONS)}: update Dealwire, or name another file with --db"
        )
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        db.executescript(f"BEGIN IMMEDIATE; {step}; PRAGMA user_version = {number}; COMMIT;")
