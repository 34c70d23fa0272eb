"""Dead letters as rows."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from runtime.dead_letters import Origin
from schemas.cloudevents import Headers
from sinks.outbox import headers_to_json
from sinks.write import stamp

INSERT_DEAD_LETTER = """
    INSERT OR IGNORE INTO dead_letters
        (cluster_id, topic, partition, "offset", key, value, headers, component, error_class,
         error, found_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def write_dead_letter(
    db: sqlite3.Connection,
    cluster_id: str,
    origin: Origin,
    key: bytes | None,
    value: bytes | None,
    headers: Headers,
    component: str,
    error_class: str,
    error: str,
    found_at: datetime,
) -> bool:
    """Keep a dead letter once, by where it was found; return whether it is new."""
    row = (
        cluster_id,
        origin.topic,
        origin.partition,
        origin.offset,
        key,
        value,
        headers_to_json(headers),
        component,
        error_class,
        error,
        stamp(found_at),
    )
    return db.execute(INSERT_DEAD_LETTER, row).rowcount > 0


def mark_replayed(
    db: sqlite3.Connection, cluster_id: str, origin: Origin, replayed_at: datetime
) -> None:
    """Note that the message found at `origin` was sent again; the first time counts."""
    db.execute(
        """
        UPDATE dead_letters SET replayed_at = coalesce(replayed_at, ?)
        WHERE cluster_id = ? AND topic = ? AND partition = ? AND "offset" = ?
        """,
        (stamp(replayed_at), cluster_id, origin.topic, origin.partition, origin.offset),
    )
