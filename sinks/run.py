"""The sink: topics into the SQLite file, exactly once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence

from runtime.errors import DealwireError, KafkaUnavailableError
from runtime.heartbeat import beat
from runtime.kafka import Publisher
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics
from sinks import outbox
from sinks.batch import Counts, Incoming, write_batch
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
            log.info("sink started", db=str(settings.db), partitions_known=len(stored))
            _Sink(settings, topics, store, source).run(stopping)
        finally:
            source.close()
    log.info("sink stopped")


class _Sink:
    def __init__(self, settings: Settings, topics: Topics, store: Store, source: Source) -> None:
        self._settings = settings
        self._topics = topics
        self._store = store
        self._source = source
        self._publisher = Publisher(settings)
        self._published = 0
        """Number of the last record of the outbox that was handed to the publisher."""
        self._deleted = 0
        """Number of the last one that was delivered and deleted."""

    def run(self, stopping: Callable[[], bool]) -> None:
        self._publish()  # what an earlier run left
        while not stopping():
            beat(self._settings.heartbeat)
            # A record on its way is confirmed in milliseconds: look again soon.
            wait_s = POLL_S if self._published == self._deleted else 0.01
            if batch := self._source.poll(self._settings.sink_batch, wait_s):
                started = time.monotonic()
                counts = self._write(batch)
                log.info(
                    "stored",
                    messages=len(batch),
                    seconds=round(time.monotonic() - started, 4),
                    **vars(counts),
                )
                self._publish()
            elif self._published != self._deleted:
                self._forget_delivered()
        try:
            self._publisher.flush(STOP_FLUSH_S)
            self._forget_delivered()
        except KafkaUnavailableError as error:
            log.warning("left in the outbox for the next start", error=str(error))

    def _write(self, batch: Sequence[Incoming]) -> Counts:
        for attempt in range(1, BUSY_TRIES + 1):
            try:
                with self._store.transaction() as db:
                    if delivered := self._delivered():
                        outbox.delete_delivered(db, delivered)
                    counts = write_batch(
                        db, batch, self._topics, self._source.cluster_id, self._source.topic_ids
                    )
                self._deleted = delivered or self._deleted
                return counts
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
