"""Where reading goes on: offsets per cluster, topic and partition, kept with the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Stored(NamedTuple):
    """How far a partition was read, of which incarnation of the topic."""

    next_offset: int
    topic_id: str


def read_offsets(db: sqlite3.Connection, cluster_id: str) -> dict[Place, Stored]:
    """Return how far each partition of this cluster was read."""
    rows = db.execute(
        "SELECT topic, partition, next_offset, topic_id FROM offsets WHERE cluster_id = ?",
        (cluster_id,),
    )
    return {Place(row[0], row[1]): Stored(row[2], row[3]) for row in rows}


def write_offsets(db: sqlite3.Connection, cluster_id: str, offsets: Mapping[Place, Stored]) -> None:
    """Move the offsets inside the caller's transaction, which also stores the rows."""
    db.executemany(
        """
        INSERT INTO offsets (cluster_id, topic, partition, next_offset, topic_id)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, topic_id = excluded.topic_id
        """,
        (
            (cluster_id, place.topic, place.partition, stored.next_offset, stored.topic_id)
            for place, stored in offsets.items()
        ),
    )


def forget_offsets(db: sqlite3.Connection, cluster_id: str, topic: str) -> int:
    """Forget how far `topic` was read and return the number of partitions: it is read anew."""
    return db.execute(
        "DELETE FROM offsets WHERE cluster_id = ? AND topic = ?", (cluster_id, topic)
    ).rowcount
