"""The producers' cursors: how far each source was published, per cluster, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from runtime.errors import StoreError

SCHEMA = """
    CREATE TABLE IF NOT EXISTS replays (
        cluster_id TEXT NOT NULL,
        paths      TEXT NOT NULL,
        documents  INTEGER NOT NULL,
        PRIMARY KEY (cluster_id, paths)
    ) STRICT, WITHOUT ROWID;
"""


BUSY_TIMEOUT_S = 30.0
"""Other producers keep their cursors in the same file; each writes for milliseconds."""


class State:
    """Cursors that move only after Kafka has confirmed what lies before them."""

    def __init__(self, db: sqlite3.Connection, cluster_id: str) -> None:
        self._db = db
        self._cluster_id = cluster_id

    def replayed(self, paths: str) -> int:
        """Return how many documents of an unfinished replay of `paths` are published."""
        row = self._db.execute(
            "SELECT documents FROM replays WHERE cluster_id = ? AND paths = ?",
            (self._cluster_id, paths),
        ).fetchone()
        return row[0] if row else 0

    def set_replayed(self, paths: str, documents: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO replays VALUES (?, ?, ?)", (self._cluster_id, paths, documents)
        )

    def finish_replay(self, paths: str) -> None:
        """Forget the cursor: the next replay starts from the beginning."""
        self._db.execute(
            "DELETE FROM replays WHERE cluster_id = ? AND paths = ?", (self._cluster_id, paths)
        )


@contextmanager
def open_state(path: Path, cluster_id: str) -> Iterator[State]:
    """Yield the cursors kept in the file, which is made when it is missing. Raises StoreError."""
    with open_database(path, SCHEMA) as db:
        yield State(db, cluster_id)


@contextmanager
def open_database(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """Yield the producers' SQLite file, with the tables of `schema`. Raises StoreError."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(schema)
            yield db
    except sqlite3.Error as error:
        raise StoreError(
            f"the producers' cursors cannot be kept in {path} ({error}): "
            "name a writable file with --state or DEALWIRE_STATE"
        ) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block writes, or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
