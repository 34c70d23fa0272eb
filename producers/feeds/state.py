"""What is known of each feed, per cluster, in the producers' SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from producers.state import transaction

KEPT = timedelta(days=60)
"""After an entry has left its feed it is remembered for so long."""

SEEN_EVERY = timedelta(days=1)

WINDOW = timedelta(days=7)
"""What a feed's habits are learnt from: a week has its weekend."""


class Habits(NamedTuple):
    """How much a feed brings."""

    articles: int
    window_s: float
    """In how long; a week at most, an hour at least."""

    @property
    def articles_a_day(self) -> float:
        return self.articles * 86_400 / max(self.window_s, 86_400)


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is known of a feed."""

    url: str
    known_since: datetime
    next_poll_at: datetime
    title: str = ""
    fetch_url: str | None = None
    """Where a permanent redirect has led."""
    etag: str | None = None
    last_modified: str | None = None
    ttl_s: float | None = None
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    """In a row."""
    error: str = ""
    """Of the last poll, in words."""
    warning: str = ""
    """What was wrong with the last document, and was read all the same."""

    @classmethod
    def unknown(cls, url: str, now: datetime) -> Self:
        """Return what is known of a feed that was never polled."""
        return cls(url, now, now)


COLUMNS = ", ".join(FeedState.__slots__)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an entry."""

    fingerprint: str
    version: str
    url: str | None
    """Of its article."""
    tries_left: int


class FeedStates:
    """The feeds of one cluster."""

    def __init__(self, db: sqlite3.Connection, cluster_id: str) -> None:
        self._db = db
        self._cluster_id = cluster_id

    def feed(self, url: str) -> FeedState:
        """Return what is known of a feed that was added."""
        row = self._db.execute(
            f"SELECT {COLUMNS} FROM feeds WHERE cluster_id = ? AND url = ?",  # noqa: S608
            (self._cluster_id, url),
        ).fetchone()
        return _feed_state(row)

    def feeds(self) -> dict[str, FeedState]:
        """Return what is known, by the feeds' addresses."""
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM feeds WHERE cluster_id = ?",  # noqa: S608
            (self._cluster_id,),
        )
        return {row[0]: _feed_state(row) for row in rows}

    def add(self, urls: Iterable[str], now: datetime) -> None:
        """Begin to know these feeds; they are due at once. Known ones stay as they are."""
        self._db.executemany(
            "INSERT OR IGNORE INTO feeds (cluster_id, url, known_since, next_poll_at) "
            "VALUES (?, ?, ?, ?)",
            [(self._cluster_id, url, stamp(now), stamp(now)) for url in urls],
        )

    def failed(self, url: str, error: str, now: datetime, next_poll_at: datetime) -> None:
        """Note a poll that gave nothing; what was published, and the validators, stay."""
        self._db.execute(
            "UPDATE feeds SET polled_at = ?, next_poll_at = ?, failures = failures + 1, error = ?, "
            # An address that failed may have been a wrong turn: back to the one in the list.
            "fetch_url = CASE WHEN failures >= 2 THEN NULL ELSE fetch_url END "
            "WHERE cluster_id = ? AND url = ?",
            (stamp(now), stamp(next_poll_at), error[:1000], self._cluster_id, url),
        )

    def polled(self, url: str, now: datetime, next_poll_at: datetime, **changes: Any) -> None:
        """Note a poll that went well, and `changes` of other columns."""
        changes |= {
            "polled_at": stamp(now),
            "succeeded_at": stamp(now),
            "next_poll_at": stamp(next_poll_at),
            "failures": 0,
            "error": "",
        }
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        self._db.execute(
            f"UPDATE feeds SET {assignments} WHERE cluster_id = :cluster_id AND url = :url",  # noqa: S608
            changes | {"cluster_id": self._cluster_id, "url": url},
        )

    def known(self, feed_url: str, entry_ids: Iterable[str]) -> dict[str, Known]:
        """Return what is known of these entries of this feed, by their ids."""
        rows = (
            self._db.execute(
                "SELECT entry_id, fingerprint, version, url, tries_left FROM feed_entries "
                "WHERE cluster_id = ? AND feed_url = ? AND entry_id = ?",
                (self._cluster_id, feed_url, entry_id),
            ).fetchone()
            for entry_id in entry_ids
        )
        return {row[0]: Known(*row[1:]) for row in rows if row}

    def seen(self, feed_url: str, entry_ids: Iterable[str], now: datetime) -> None:
        """Note, once a day, that these are still in the feed; forget what has long left it."""
        with transaction(self._db):
            self._db.executemany(
                "UPDATE feed_entries SET seen_at = ? "
                "WHERE cluster_id = ? AND feed_url = ? AND entry_id = ? AND seen_at < ?",
                [
                    (stamp(now), self._cluster_id, feed_url, key, stamp(now - SEEN_EVERY))
                    for key in entry_ids
                ],
            )
            self._db.execute(
                "DELETE FROM feed_entries WHERE cluster_id = ? AND feed_url = ? AND seen_at < ?",
                (self._cluster_id, feed_url, stamp(now - KEPT)),
            )

    def habits(self, feed_url: str, now: datetime) -> Habits:
        """Return how many articles the feed has brought in the last week, or since it is known."""
        count, oldest = self._db.execute(
            "SELECT count(*), min(first_at) FROM feed_entries WHERE cluster_id = ? "
            "AND feed_url = ? AND version <> '' AND first_at >= ?",
            (self._cluster_id, feed_url, stamp(now - WINDOW)),
        ).fetchone()
        (known_since,) = self._db.execute(
            "SELECT known_since FROM feeds WHERE cluster_id = ? AND url = ?",
            (self._cluster_id, feed_url),
        ).fetchone()
        since = min(moment(known_since), moment(oldest) if oldest else now)
        window = min(max(now - since, timedelta(hours=1)), WINDOW)
        return Habits(count, window.total_seconds())


def _feed_state(row: tuple[Any, ...]) -> FeedState:
    values = dict(zip(FeedState.__slots__, row, strict=True))
    for name in ("known_since", "polled_at", "succeeded_at", "next_poll_at"):
        values[name] = moment(values[name]) if values[name] else None
    return FeedState(**values)


def stamp(at: datetime) -> str:
    """Return a time as text of constant width, whose order is that of time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """Return the time that a stamp says."""
    return datetime.fromisoformat(text)
