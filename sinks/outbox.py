"""The outbox: records written with the rows, published once the transaction stands.

A crash between publishing and deleting publishes again: the same ids, on a compacted topic.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from pydantic_core import from_json, to_json

from schemas import Record
from schemas.cloudevents import Headers


def headers_to_json(headers: Headers) -> str:
    """Return headers as text; their bytes as hexadecimal digits, for they may be anything."""
    listed = [(name, None if data is None else data.hex()) for name, data in headers]
    return to_json(listed).decode()


def headers_from_json(text: str) -> Headers:
    """Return the headers that `headers_to_json` wrote."""
    return [(name, None if data is None else bytes.fromhex(data)) for name, data in from_json(text)]


def put(db: sqlite3.Connection, *records: Record) -> None:
    """Leave records for publishing, inside the caller's transaction."""
    db.executemany(
        "INSERT INTO outbox (topic, key, value, headers) VALUES (?, ?, ?, ?)",
        ((r.topic, r.key, r.value, headers_to_json(r.headers)) for r in records),
    )


def waiting(db: sqlite3.Connection, after: int, limit: int) -> Iterator[tuple[int, Record]]:
    """Yield up to `limit` records behind number `after`, with their numbers, in order."""
    rows = db.execute(
        "SELECT seq, topic, key, value, headers FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    for seq, topic, key, value, headers in rows:
        yield seq, Record(topic, key, value, headers_from_json(headers))


def delete_delivered(db: sqlite3.Connection, up_to: int) -> None:
    """Forget what the brokers have, inside the caller's transaction."""
    db.execute("DELETE FROM outbox WHERE seq <= ?", (up_to,))
