"""The sink, beside a bare `executemany` of the same rows.

Both write a fresh file with the same tables and PRAGMAs, in batches of the same messages, each
committed with `synchronous=FULL`. The sink's own loop runs, on messages that are ready and brokers
that confirm at once: it parses and checks every event, settles the deals, publishes them, empties
its outbox and keeps what stands already. The bare loop has its rows ready and does nothing else.
"""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.articles import START, make_articles
from benchmarks.measure import Figure
from processors.reader import Reader
from runtime.collector import spare_collector
from runtime.dead_letters import Origin
from runtime.kafka import Publisher
from runtime.settings import Settings
from runtime.topics import Topics
from schemas import Record, record
from sinks.batch import Batch, Incoming, write_batch
from sinks.offsets import read_offsets
from sinks.run import Sink
from sinks.store import open_for_writing

KINDS = (("one deal article in ten", 0.1, 1_500), ("deal articles only", 1.0, 250))
"""Name, share of deal articles, articles: a few seconds of the reader, which makes the events."""
ROUNDS = 15
BATCH = 500
PARTITIONS = 4
CLUSTER = "bench"
TOPICS = Topics("bench")
TOPIC_IDS = {topic.name: "id" for topic in TOPICS.all()}

Messages = Sequence[Incoming]
Rows = dict[str, list[tuple[Any, ...]]]
"""By table."""

BY_ARTICLE = ("readings", "reading_events", "entities", "amounts")


class _Clock(NamedTuple):
    """Seconds on the wall, and of the processor."""

    wall_s: float
    cpu_s: float

    @classmethod
    def now(cls) -> _Clock:
        return cls(time.perf_counter(), time.process_time())

    def since(self, start: _Clock) -> _Clock:
        return _Clock(self.wall_s - start.wall_s, self.cpu_s - start.cpu_s)


def sink(quick: bool) -> list[Figure]:
    """Messages of articles, one in ten with deals, and of deal articles only."""
    figures = []
    for kind, share, count in KINDS:
        batches = list(_batches(count // 3 if quick else count, share))
        figures += _sink(f"sink, {kind}", batches, 5 if quick else ROUNDS)
    return figures


def _sink(name: str, batches: list[Messages], rounds: int) -> list[Figure]:
    rows = list(_rows(batches))
    spare_collector()  # as the sink's process does
    turns = [(_write(batches), _write_rows(rows)) for _ in range(rounds)]
    count = sum(map(len, batches))
    figures = []
    for clock, per in ((0, ""), (1, ", per second of processor time")):
        ours, bare = (count / median(turn[who][clock] for turn in turns) for who in (0, 1))
        rates = f"{ours:,.0f} messages/s", f"bare executemany: {bare:,.0f}"
        figures.append(Figure(name + per, *rates, ours / bare, "" if per else "0.60"))
    return figures


def _batches(articles: int, share: float) -> Iterator[Messages]:
    """Yield what the sink would get from Kafka."""
    reader = Reader()
    offsets = {topic.name: [itertools.count() for _ in range(PARTITIONS)] for topic in TOPICS.all()}
    batch: list[Incoming] = []
    for article in make_articles(articles, share):
        tags, events = reader.read(article)
        records = [record(TOPICS.articles.name, article, "/bench")]
        records += [record(TOPICS.deal_events.name, event, "/bench") for event in events]
        records += [record(TOPICS.tags.name, tags, "/bench")]
        batch += [_incoming(one, int(article.article_id[:8], 16), offsets) for one in records]
        while len(batch) >= BATCH:
            yield batch[:BATCH]
            batch = batch[BATCH:]
    yield batch


def _incoming(one: Record, key: int, offsets: dict[str, list[itertools.count[int]]]) -> Incoming:
    partition = key % PARTITIONS
    origin = Origin(one.topic, partition, next(offsets[one.topic][partition]))
    return Incoming(origin, one.key, one.value, list(one.headers), START)


class _Ready:
    """What a topic would give, without the topic."""

    cluster_id = CLUSTER
    topic_ids = TOPIC_IDS

    def __init__(self, batches: Sequence[Messages]) -> None:
        self._batches = list(reversed(batches))
        self._is_asked_in_vain = False
        self.ended = _Clock.now()

    def poll(self, _limit: int, _wait_s: float) -> Messages:
        """Return the next batch as a whole: the bare loop commits the same ones."""
        self._is_asked_in_vain = not self._batches
        return self._batches.pop() if self._batches else ()

    def is_stored(self) -> bool:
        """Return whether the last batch is; the sink asks between batches."""
        self.ended = _Clock.now()
        return self._is_asked_in_vain


class _Confirming(Publisher):
    """A publisher whose brokers have everything at once."""

    def __init__(self) -> None:
        self.delivered = 0

    def publish(self, record: Record) -> None:
        self.delivered += 1

    def wait(self, timeout_s: float) -> int:
        return 0

    def poll(self) -> None:
        pass

    def pending(self) -> int:
        return 0


def _write(batches: Sequence[Messages]) -> _Clock:
    """Store the batches as the sink does; return the time spent."""
    with (
        tempfile.TemporaryDirectory(prefix="dealwire-bench-") as folder,
        open_for_writing(Path(folder) / "ours.db") as store,
    ):
        ready = _Ready(batches)
        sink = Sink(Settings(sink_batch=BATCH), TOPICS, store, ready, _Confirming())
        start = _Clock.now()
        sink.run(ready.is_stored)
        stored = sum(at.next_offset for at in read_offsets(store.db, CLUSTER).values())
        assert stored == sum(map(len, batches))
        return ready.ended.since(start)


def _write_rows(batches: Sequence[Rows]) -> _Clock:
    """Store the rows and do nothing else; return the time spent."""
    with (
        tempfile.TemporaryDirectory(prefix="dealwire-bench-") as folder,
        open_for_writing(Path(folder) / "bare.db") as store,
    ):
        db = store.db
        start = _Clock.now()
        for batch in batches:
            db.execute("BEGIN IMMEDIATE")
            for table, rows in batch.items():
                marks = ", ".join("?" * len(rows[0]))
                # A deal that changes later, and the offsets, are written anew.
                db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)  # noqa: S608
            db.execute("COMMIT")
        return _Clock.now().since(start)


def _rows(batches: Sequence[Messages]) -> Iterator[Rows]:
    """Yield the rows that each batch writes, found by writing it."""
    with (
        tempfile.TemporaryDirectory(prefix="dealwire-bench-") as folder,
        open_for_writing(Path(folder) / "rows.db") as store,
    ):
        sent = 0
        for batch in batches:
            with store.transaction() as db:
                write_batch(db, Batch(TOPICS, batch), CLUSTER, TOPIC_IDS)
            yield {name: rows for name, rows in _written(store.db, batch, sent).items() if rows}
            (sent,) = store.db.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()


def _written(db: sqlite3.Connection, batch: Messages, sent: int) -> Rows:
    """Return the rows of a batch that was just written."""
    keys: dict[str, list[str]] = {topic.name: [] for topic in TOPICS.all()}
    for message in batch:
        keys[message.origin.topic].append((message.key or b"").decode())
    rows = {"articles": _of(db, "articles", "article_id", keys[TOPICS.articles.name])}
    for table in BY_ARTICLE:
        rows[table] = _of(db, table, "article_id", keys[TOPICS.tags.name])
    told = [
        (dict(message.headers)["ce_id"] or b"").decode()
        for message in batch
        if message.origin.topic == TOPICS.deal_events.name
    ]
    rows["deal_events"] = _of(db, "deal_events", "event_id", told)
    rows["outbox"] = [
        tuple(row) for row in db.execute("SELECT * FROM outbox WHERE seq > ?", (sent,))
    ]
    deals = [row[2].decode() for row in rows["outbox"]]
    for table in ("deals", "deal_parties"):
        rows[table] = _of(db, table, "deal_id", deals)
    rows["offsets"] = [tuple(row) for row in db.execute("SELECT * FROM offsets")]
    return rows


def _of(
    db: sqlite3.Connection, table: str, column: str, keys: Sequence[str]
) -> list[tuple[Any, ...]]:
    query = f"SELECT * FROM {table} WHERE {column} = ?"  # noqa: S608
    return [tuple(row) for key in dict.fromkeys(keys) for row in db.execute(query, (key,))]
