"""Articles on their way to the topic: none lost, none sent twice, whatever is killed.

An article leaves traces in three steps: it is written to `feed_outbox`; it is sent, and confirmed;
it moves from there to `feed_entries`. Whoever is killed in between finds it in the outbox at the
next start, and looks on the topic whether it has arrived (sending.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from producers.feeds.state import stamp
from producers.state import transaction
from schemas import Article

NOTHING = ""
"""The version of an entry of which no article can be made."""


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a feed, and what is to be done about it."""

    feed_url: str
    entry_id: str
    fingerprint: str
    article: Article | None
    """None: none can be made of it."""
    tries_left: int = 0
    """How often its page may still be asked for."""
    is_sent: bool = False
    """It has been published before: it is only to be remembered."""

    @property
    def to_send(self) -> Article | None:
        return None if self.is_sent else self.article


class Outbox:
    """The articles of one cluster that are on their way, and those that arrived."""

    def __init__(self, db: sqlite3.Connection, cluster_id: str) -> None:
        self._db = db
        self._cluster_id = cluster_id

    def is_newest(self, article: Article) -> bool:
        """Return whether this version of the article was published last, by any feed."""
        row = self._db.execute(
            "SELECT version FROM feed_entries WHERE cluster_id = ? AND article_id = ? "
            "AND version <> '' ORDER BY changed_at DESC LIMIT 1",
            (self._cluster_id, article.article_id),
        ).fetchone()
        return row is not None and row[0] == article.version

    def begin(self, items: Iterable[Item]) -> None:
        """Write down what is about to be sent."""
        rows = [
            (
                *(self._cluster_id, item.feed_url, item.entry_id, item.fingerprint),
                *(item.to_send.model_dump_json(), item.tries_left),
            )
            for item in items
            if item.to_send
        ]
        with transaction(self._db):
            self._db.executemany(
                "INSERT OR REPLACE INTO feed_outbox VALUES (?, ?, ?, ?, ?, ?)", rows
            )

    def confirm(
        self, items: Sequence[Item], topic: str, next_offsets: Mapping[int, int], now: datetime
    ) -> None:
        """Remember the items: the brokers have their articles, below `next_offsets`."""
        with transaction(self._db):
            self._remember(items, now)
            self._db.executemany(
                "DELETE FROM feed_outbox WHERE cluster_id = ? AND feed_url = ? AND entry_id = ?",
                [(self._cluster_id, item.feed_url, item.entry_id) for item in items],
            )
            self._mark(topic, next_offsets)

    def pending(self) -> list[Item]:
        """Return what an earlier run was about to send."""
        rows = self._db.execute(
            "SELECT feed_url, entry_id, fingerprint, article, tries_left FROM feed_outbox "
            "WHERE cluster_id = ?",
            (self._cluster_id,),
        ).fetchall()
        return [
            Item(feed_url, entry_id, fingerprint, Article.model_validate_json(event), tries_left)
            for feed_url, entry_id, fingerprint, event, tries_left in rows
        ]

    def marks(self, topic: str) -> dict[int, int]:
        """Return the offset in each partition of the topic below which nothing is pending."""
        rows = self._db.execute(
            "SELECT partition, next_offset FROM feed_marks WHERE cluster_id = ? AND topic = ?",
            (self._cluster_id, topic),
        )
        return dict(rows.fetchall())

    def mark(self, topic: str, next_offsets: Mapping[int, int]) -> None:
        """Note that what will be sent now lies at these offsets or above."""
        with transaction(self._db):
            self._mark(topic, next_offsets)

    def _mark(self, topic: str, next_offsets: Mapping[int, int]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO feed_marks VALUES (?, ?, ?, ?)",
            [(self._cluster_id, topic, number, at) for number, at in next_offsets.items()],
        )

    def _remember(self, items: Iterable[Item], now: datetime) -> None:
        at = stamp(now)
        rows = []
        for item in items:
            article = item.article
            rows.append(
                {
                    "cluster_id": self._cluster_id,
                    "feed_url": item.feed_url,
                    "entry_id": item.entry_id,
                    "article_id": article.article_id if article else item.entry_id,
                    "url": article.url if article else None,
                    "fingerprint": item.fingerprint,
                    "version": article.version if article else NOTHING,
                    "first_at": stamp((article and article.published_at) or now),
                    "changed_at": at,
                    "seen_at": at,
                    "tries_left": item.tries_left,
                }
            )
        self._db.executemany(
            "INSERT INTO feed_entries VALUES (:cluster_id, :feed_url, :entry_id, :article_id, "
            ":url, :fingerprint, :version, :first_at, :changed_at, :seen_at, :tries_left) "
            "ON CONFLICT DO UPDATE SET article_id = excluded.article_id, url = excluded.url, "
            "fingerprint = excluded.fingerprint, version = excluded.version, "
            "changed_at = excluded.changed_at, seen_at = excluded.seen_at, "
            "tries_left = excluded.tries_left",
            rows,
        )
