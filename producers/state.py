"""The producers' cursors: how far each source was published, per cluster, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from runtime.errors import StoreError

SCHEMA = """
    CREATE TABLE IF NOT EXISTS files (
        cluster_id TEXT NOT NULL,
        job        TEXT NOT NULL,
        path       TEXT NOT NULL,
        line       INTEGER NOT NULL,
        documents  INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        mtime_ns   INTEGER NOT NULL,
        is_done    INTEGER NOT NULL,
        PRIMARY KEY (cluster_id, job, path)
    ) STRICT, WITHOUT ROWID;
    DROP TABLE IF EXISTS replays; -- of before archives: an interrupted replay begins again
"""


BUSY_TIMEOUT_S = 30.0
"""Other producers keep their cursors in the same file; each writes for milliseconds."""


class Cursor(NamedTuple):
    """How far a file is published."""

    line: int
    """The last line, record or page."""
    documents: int
    """So many documents, which are fewer where lines are blank."""
    size_bytes: int
    mtime_ns: int
    """Of the file as it was read."""
    is_done: bool
    """Whether it was read to its end."""


class State:
    """Cursors that move only after Kafka has confirmed what lies before them."""

    def __init__(self, db: sqlite3.Connection, cluster_id: str) -> None:
        self._db = db
        self._cluster_id = cluster_id

    def files(self, job: str) -> dict[str, Cursor]:
        """Return the cursors of a job's files, by path."""
        rows = self._db.execute(
            "SELECT path, line, documents, size_bytes, mtime_ns, is_done FROM files"
            " WHERE cluster_id = ? AND job = ?",
            (self._cluster_id, job),
        )
        return {
            path: Cursor(line, documents, size_bytes, mtime_ns, bool(is_done))
            for path, line, documents, size_bytes, mtime_ns, is_done in rows
        }

    def move_files(self, job: str, cursors: Mapping[str, Cursor]) -> None:
        """Move the cursors of these files, all or none."""
        rows = ((self._cluster_id, job, path, *cursor) for path, cursor in cursors.items())
        self._all_or_none("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def forget_files(self, job: str, paths: Iterable[str]) -> None:
        """Forget the cursors of these files: they are published from their beginning."""
        rows = ((self._cluster_id, job, path) for path in paths)
        self._all_or_none("DELETE FROM files WHERE cluster_id = ? AND job = ? AND path = ?", rows)

    def _all_or_none(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(statement, rows)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


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
