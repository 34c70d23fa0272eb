"""The sink: topics into the SQLite file, exactly once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Protocol

from runtime.collector import spare_collector
from runtime.errors import DealwireError, KafkaUnavailableError
from runtime.heartbeat import beat
from runtime.kafka import Publisher
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics
from sinks import outbox
from sinks.batch import Batch, Counts, Incoming, write_batch
from sinks.offsets import forget_offsets, read_offsets
from sinks.source import Source
from sinks.store import Store, is_busy, open_for_writing, store_error

POLL_S = 0.5
BUSY_TRIES = 3
OUTBOX_BATCH = 1000
STOP_FLUSH_S = 5.0
"""Longest wait for the brokers when stopping: what is not sent stays in the outbox."""

log = get_logger(__name__)


def run_sink(settings: Settings, stopping: Callable[[], bool], reread: Sequence[str] = ()) -> None:
    """Store what comes until `stopping()`. The topics in `reread` are read from their beginning.

    Raises DealwireError with the remedy when it cannot go on; a restart takes up from there.
    """
    topics = Topics(settings.topic_prefix)
    names = [
        t.name for t in (topics.articles, topics.tags, topics.deal_events, topics.dead_letters)
    ]
    if unknown := set(reread) - set(names):
        raise DealwireError(
            f"the sink does not read {', '.join(unknown)}; it reads {', '.join(names)}"
        )
    with open_for_writing(settings.db, settings.db_busy_timeout_s) as store:
        source = Source(settings, names)
        try:
            with store.transaction() as db:
                for name in reread:
                    forget_offsets(db, source.cluster_id, name)
            stored = read_offsets(store.db, source.cluster_id)
            source.start(stored)
            spare_collector()
            log.info("sink started", db=str(settings.db), partitions_known=len(stored))
            Sink(settings, topics, store, source, Publisher(settings)).run(stopping)
        finally:
            source.close()
    log.info("sink stopped")


class Readable(Protocol):
    """Where messages come from."""

    @property
    def cluster_id(self) -> str: ...
    @property
    def topic_ids(self) -> Mapping[str, str]: ...
    def poll(self, limit: int, wait_s: float) -> Sequence[Incoming]: ...


class Sink:
    """The loop: read, store, publish."""

    def __init__(
        self,
        settings: Settings,
        topics: Topics,
        store: Store,
        source: Readable,
        publisher: Publisher,
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._store = store
        self._source = source
        self._publisher = publisher
        self._published = 0
        """Number of the last record of the outbox that was handed to the publisher."""
        self._deleted = 0
        """Number of the last one that was delivered and deleted."""

    def run(self, stopping: Callable[[], bool]) -> None:
        """Store what comes until `stopping()`, and see that what follows from it is published."""
        self._publish()  # what an earlier run left
        with ThreadPoolExecutor(1, "read-ahead") as helper:
            batch = Batch(self._topics)
            while not stopping():
                beat(self._settings.heartbeat)
                # A record on its way is confirmed in milliseconds: look again soon.
                wait_s = POLL_S if self._published == self._deleted else 0.01
                self._fill(batch, 0 if batch.size else wait_s)
                if batch.size:
                    batch = self._store_batch(batch, helper)
                elif self._published != self._deleted:
                    self._forget_delivered()
        try:
            self._publisher.flush(STOP_FLUSH_S)
            self._forget_delivered()
        except KafkaUnavailableError as error:
            log.warning("left in the outbox for the next start", error=str(error))

    def _fill(self, batch: Batch, wait_s: float) -> Batch:
        """Take up what has arrived; wait for something for `wait_s`."""
        if room := self._settings.sink_batch - batch.size:
            batch.add(self._source.poll(room, wait_s))
        return batch

    def _store_batch(self, batch: Batch, helper: Executor) -> Batch:
        """Store a batch and publish what follows from it; return what arrived meanwhile."""
        started = time.monotonic()
        counts, ahead = self._write(batch, helper)
        log.info(
            "stored",
            messages=batch.size,
            seconds=round(time.monotonic() - started, 4),
            **vars(counts),
        )
        self._publish()
        return ahead.result()

    def _write(self, batch: Batch, helper: Executor) -> tuple[Counts, Future[Batch]]:
        ahead = None
        for attempt in range(1, BUSY_TRIES + 1):
            try:
                with self._store.transaction() as db:
                    if delivered := self._delivered():
                        outbox.delete_delivered(db, delivered)
                    counts = write_batch(db, batch, self._source.cluster_id, self._source.topic_ids)
                    # The next batch is checked while the disk takes this one.
                    ahead = ahead or helper.submit(self._fill, Batch(self._topics), 0)
                self._deleted = delivered or self._deleted
                return counts, ahead
            except sqlite3.Error as error:
                if not is_busy(error) or attempt == BUSY_TRIES:
                    raise store_error(self._store.path, error) from error
                log.warning("the SQLite file is locked by another program", attempt=attempt)
        raise AssertionError("not reached")

    def _publish(self) -> None:
        """Hand what waits in the outbox to the publisher."""
        while True:
            rows = list(outbox.waiting(self._store.db, self._published, OUTBOX_BATCH))
            for number, record in rows:
                self._publisher.publish(record)
                self._published = number
            if len(rows) < OUTBOX_BATCH:
                return

    def _delivered(self) -> int:
        """Return the number of the last record delivered, 0 while some are still on their way."""
        self._publisher.poll()
        return 0 if self._publisher.pending() else self._published

    def _forget_delivered(self) -> None:
        if delivered := self._delivered():
            with self._store.transaction() as db:
                outbox.delete_delivered(db, delivered)
            self._deleted = delivered
