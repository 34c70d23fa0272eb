"""The SQLite file in figures."""

from __future__ import annotations

import sqlite3

TABLES = ("articles", "readings", "deal_events", "deals", "dead_letters", "outbox")


def count_rows(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {
        name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
        for name in TABLES
    }


def newest_article_at(db: sqlite3.Connection) -> str | None:
    """Return when the newest article was taken, ISO 8601 UTC."""
    newest: str | None = db.execute("SELECT max(fetched_at) FROM articles").fetchone()[0]
    return newest


def count_unsent_letters(db: sqlite3.Connection) -> int:
    """Return the number of dead letters that were not sent again."""
    query = "SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL"
    count: int = db.execute(query).fetchone()[0]
    return count
