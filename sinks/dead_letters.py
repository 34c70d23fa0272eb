"""Questions to the SQLite file about dead letters."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from runtime.dead_letters import LEFT_OUT, PREFIX, REPLAY_OF, Origin
from schemas import Record
from sinks.outbox import headers_from_json


def list_dead_letters(db: sqlite3.Connection, limit: int, waiting: bool) -> list[dict[str, Any]]:
    """Return the newest dead letters, without their contents; `waiting`: those not sent again."""
    rows = db.execute(
        """
        SELECT id, topic, partition, "offset", component, error_class, error, found_at, replayed_at,
            length(value) AS bytes
        FROM dead_letters WHERE replayed_at IS NULL OR NOT ? ORDER BY id DESC LIMIT ?
        """,
        (waiting, limit),
    )
    return [dict(row) for row in rows]


def read_dead_letter(db: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """Return one dead letter, its bytes and headers included, or None."""
    row = db.execute("SELECT * FROM dead_letters WHERE id = ?", (number,)).fetchone()
    return dict(row) if row else None


def select_waiting(db: sqlite3.Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Return the dead letters of these numbers, or all that were not sent again yet."""
    if numbers:
        found = [read_dead_letter(db, number) for number in numbers]
        return [letter for letter in found if letter]
    rows = db.execute("SELECT * FROM dead_letters WHERE replayed_at IS NULL ORDER BY id")
    return [dict(row) for row in rows]


def is_left_out(letter: dict[str, Any]) -> bool:
    """Return whether a dead letter has no contents because they were too large to keep."""
    return any(name == LEFT_OUT for name, _ in headers_from_json(letter["headers"]))


def to_send_again(letter: dict[str, Any]) -> Record:
    """Return the original message, marked so that the sink knows it for a replay."""
    origin = Origin(letter["topic"], letter["partition"], letter["offset"])
    headers = [
        (name, value)
        for name, value in headers_from_json(letter["headers"])
        if not name.startswith(PREFIX) and name != REPLAY_OF
    ]
    headers.append((REPLAY_OF, str(origin).encode()))
    return Record(letter["topic"], letter["key"], letter["value"], headers)
