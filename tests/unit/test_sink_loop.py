"""The sink's loop: what is read ahead while a batch is committed is neither lost nor doubled."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import StoreError
from runtime.kafka import Publisher
from runtime.settings import Settings
from sinks.batch import Incoming
from sinks.offsets import read_offsets
from sinks.run import Sink
from sinks.store import Store, open_for_writing
from tests.make import TOPICS, an_article, as_record, incoming, some_tags

ARTICLES = [an_article(f"https://e.com/{number}") for number in range(60)]
MESSAGES = [
    incoming(as_record(event), offset)
    for offset, article in enumerate(ARTICLES)
    for event in (article, some_tags(article))
]
"""Without deals: nothing is published, and no brokers are needed."""


class Arriving:
    """Messages that arrive by and by, from where the file says."""

    cluster_id = "cluster-1"

    def __init__(self, store: Store, chance: random.Random) -> None:
        stored = read_offsets(store.db, self.cluster_id)
        at = {place.topic: kept.next_offset for place, kept in stored.items()}
        self.waiting = [m for m in MESSAGES if m.origin.offset >= at.get(m.origin.topic, 0)]
        self.topic_ids = {topic.name: "id" for topic in TOPICS.all()}
        self._chance = chance

    def poll(self, limit: int, _wait_s: float) -> Sequence[Incoming]:
        assert limit > 0
        size = self._chance.randint(0, limit)
        arrived, self.waiting = self.waiting[:size], self.waiting[size:]
        return arrived


def run(path: Path, chance: random.Random) -> None:
    """Run the sink until everything is stored."""
    settings = Settings(kafka="localhost:1", sink_batch=7)
    with open_for_writing(path, busy_timeout_s=0.01) as store:
        sink = Sink(settings, TOPICS, store, Arriving(store, chance), Publisher(settings))
        sink.run(lambda: read_all(store.db) == len(MESSAGES))


def read_all(db: sqlite3.Connection) -> int:
    return sum(kept.next_offset for kept in read_offsets(db, Arriving.cluster_id).values())


def stored_articles(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        joined = "SELECT article_id FROM articles JOIN readings USING (article_id)"
        return sorted(row[0] for row in db.execute(joined))


@pytest.mark.parametrize("seed", range(5))
def test_everything_is_stored_however_it_arrives(tmp_path: Path, seed: int) -> None:
    run(tmp_path / "a.db", random.Random(seed))
    assert stored_articles(tmp_path / "a.db") == sorted(a.article_id for a in ARTICLES)


def test_what_was_read_ahead_of_a_failed_commit_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    real = Store.transaction
    commits = 0

    def failing(store: Store):  # type: ignore[no-untyped-def]
        nonlocal commits
        commits += 1
        if commits == 4:
            # A file that may not grow is a full disk: SQLite says so at the latest at COMMIT.
            (pages,) = store.db.execute("PRAGMA page_count").fetchone()
            store.db.execute(f"PRAGMA max_page_count = {pages}")
        return real(store)

    monkeypatch.setattr(Store, "transaction", failing)
    with pytest.raises(StoreError, match="the disk is full"):
        run(path, random.Random(1))
    assert 0 < len(stored_articles(path)) < len(ARTICLES)
    run(path, random.Random(1))
    assert stored_articles(path) == sorted(article.article_id for article in ARTICLES)
