"""The SQLite file: opened for one writer, or for any number of readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from runtime.errors import FencedError, StoreError
from runtime.locks import only_one
from sinks.migrations import migrate

REMEDIES = {
    "SQLITE_FULL": "the disk is full: free some space and start again, nothing is lost",
    "SQLITE_READONLY": "the file or its folder is read-only: make it writable, or use --db",
    "SQLITE_CANTOPEN": "the file cannot be opened: see that its folder exists and is writable",
    "SQLITE_CORRUPT": "the file is damaged: move it away and start again, everything that the "
    "topics still hold is read anew, or restore a copy",
    "SQLITE_NOTADB": "this is no SQLite file: name another with --db or DEALWIRE_DB",
    "SQLITE_BUSY": "another program holds a lock on it: end that program, or wait, and start again",
    "SQLITE_IOERR": "the disk reports an error: see the system's log, then start again",
}


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """Return what happened to the file, and the remedy."""
    name = getattr(error, "sqlite_errorname", "") or ""
    remedy = next((text for start, text in REMEDIES.items() if name.startswith(start)), str(error))
    return StoreError(f"{path}: {remedy} ({name or error})")


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether another program's lock is the trouble, which may pass."""
    return (getattr(error, "sqlite_errorname", "") or "").startswith("SQLITE_BUSY")


def _connect(path: Path, busy_timeout_s: float, mode: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_timeout_s,
        isolation_level=None,
    )
    db.row_factory = sqlite3.Row
    return db


@contextmanager
def open_for_reading(path: Path, busy_timeout_s: float = 10.0) -> Iterator[sqlite3.Connection]:
    """Yield a connection that changes nothing. Raises StoreError, also when there is no file."""
    if not path.exists():
        raise StoreError(
            f"there is no {path} yet: `dealwire sink` writes it (or `dealwire demo`); name another "
            "with --db or DEALWIRE_DB"
        )
    try:
        with closing(_connect(path, busy_timeout_s, "ro")) as db:
            db.execute("PRAGMA query_only = ON")
            db.execute("SELECT 1 FROM deals LIMIT 1")
            yield db
    except sqlite3.Error as error:
        raise store_error(path, error) from error


class Store:
    """The file, for its one writer."""

    def __init__(self, path: Path, db: sqlite3.Connection, epoch: int) -> None:
        self.path = path
        self.db = db
        self.epoch = epoch

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is stored, or nothing.

        Raises FencedError when another sink has taken over, sqlite3.Error from SQLite.
        """
        self.db.execute("BEGIN IMMEDIATE")
        try:
            (epoch,) = self.db.execute("SELECT epoch FROM writer").fetchone()
            if epoch != self.epoch:
                raise FencedError(
                    f"another sink has taken over {self.path}: this one stops; run only one"
                )
            yield self.db
            self.db.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back already.
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise


@contextmanager
def open_for_writing(path: Path, busy_timeout_s: float = 10.0) -> Iterator[Store]:
    """Yield the store, made or brought up to date; its epoch fences off earlier writers.

    The lock keeps a second sink of this machine out. Where it does not reach (another machine,
    another container's file system), the epoch does. Raises StoreError.
    """
    taken = (
        f"another sink writes {path.resolve()} already: run only one, or give this one a file of "
        "its own with --db"
    )
    with only_one(path, ".lock", taken=taken, option="--db or DEALWIRE_DB"):
        try:
            with closing(_connect(path, busy_timeout_s, "rwc")) as db:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA foreign_keys = ON")
                migrate(db)
                # SQLite notices damage only when it meets it: look before rows are added to it.
                (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
                if state != "ok":
                    raise StoreError(f"{path}: {REMEDIES['SQLITE_CORRUPT']} ({state})")
                (epoch,) = db.execute(
                    "UPDATE writer SET epoch = epoch + 1 RETURNING epoch"
                ).fetchone()
                yield Store(path, db, epoch)
        except sqlite3.Error as error:
            raise store_error(path, error) from error
