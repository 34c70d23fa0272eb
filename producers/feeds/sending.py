"""Sending articles so that each version is on the topic once, also after a kill -9."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

from producers.feeds.outbox import Item, Outbox
from runtime.errors import KafkaUnavailableError
from runtime.kafka import Publisher, consumer, metadata
from runtime.settings import Settings
from runtime.topics import Topic
from schemas import record
from schemas.cloudevents import header

FEEDS_URI = "/dealwire/feeds"
PATIENCE_S = 60.0
"""Without a message, while there should be some."""


class Sender:
    """Sends items, one batch after the other. One per process and outbox."""

    def __init__(
        self, outbox: Outbox, publisher: Publisher, topic: Topic, clock: Callable[[], datetime]
    ) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._topic = topic
        self._clock = clock
        self._turn = asyncio.Lock()

    async def send(self, items: Sequence[Item]) -> int:
        """Return how many articles were sent, when the brokers have them and it is written down.

        What another feed has sent already is not sent again. Raises KafkaUnavailableError; what
        did not arrive is then sent at the next start.
        """
        async with self._turn:
            items = [
                replace(
                    item, is_sent=item.article is not None and self._outbox.is_newest(item.article)
                )
                for item in items
            ]
            count = sum(1 for item in items if item.to_send)
            if count:
                self._outbox.begin(items)
                await asyncio.to_thread(self.publish, items)
            self.confirm(items)
            return count

    def publish(self, items: Sequence[Item]) -> None:
        """Send the articles and wait until the brokers have them. Raises KafkaUnavailableError."""
        for item in items:
            if item.to_send:
                self._publisher.publish(record(self._topic.name, item.to_send, FEEDS_URI))
        self._publisher.flush()

    def confirm(self, items: Sequence[Item]) -> None:
        """Write down that the brokers have what was published."""
        next_offsets = self._publisher.next_offsets(self._topic.name)
        self._outbox.confirm(items, self._topic.name, next_offsets, self._clock())

    def recover(self, settings: Settings) -> int:
        """Send what an earlier run was about to send and did not; return how many articles.

        To be called before the first `send`. Raises KafkaUnavailableError.
        """
        pending = self._outbox.pending()
        marks = self._outbox.marks(self._topic.name)
        ends = end_offsets(settings, self._topic)
        missing: list[Item] = []
        if pending:
            arrived = find_ids(settings, self._topic, marks, ends)
            missing = [i for i in pending if i.article and i.article.ce_id() not in arrived]
            self.publish(missing)
            self.confirm(pending)
        sent = self._publisher.next_offsets(self._topic.name)
        self._outbox.mark(self._topic.name, ends | sent)
        return len(missing)


def end_offsets(settings: Settings, topic: Topic) -> dict[int, int]:
    """Return where each partition of the topic ends. Raises KafkaUnavailableError."""
    client = consumer(settings, f"{topic.name}.feeds")
    try:
        partitions = metadata(settings, client).topics[topic.name].partitions
        return {
            number: client.get_watermark_offsets(
                TopicPartition(topic.name, number), timeout=settings.kafka_timeout_s
            )[1]
            for number in partitions
        }
    finally:
        client.close()


def find_ids(
    settings: Settings, topic: Topic, starts: dict[int, int], ends: dict[int, int]
) -> set[str]:
    """Return the `ce_id` of every message from `starts` to `ends`; offsets by partition.

    Raises KafkaUnavailableError.
    """
    # What is older than the topic keeps is not there any more: from the oldest, then.
    more = {"auto.offset.reset": "earliest", "enable.partition.eof": True}
    client = consumer(settings, f"{topic.name}.feeds", more)
    unread = {number for number, end in ends.items() if starts.get(number, 0) < end}
    found: set[str] = set()
    try:
        client.assign(
            [TopicPartition(topic.name, n, starts.get(n, OFFSET_BEGINNING)) for n in sorted(unread)]
        )
        patience = time.monotonic() + PATIENCE_S
        while unread:
            message = client.poll(1.0)
            if message is None:
                if time.monotonic() > patience:
                    raise KafkaUnavailableError(f"{topic.name} cannot be read: no message comes")
                continue
            patience = time.monotonic() + PATIENCE_S
            number, error = message.partition(), message.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaUnavailableError(f"{topic.name} cannot be read: {error.str()}")
                unread.discard(number or 0)
                continue
            if ce_id := header(list(message.headers() or ()), "ce_id"):  # type: ignore[arg-type]
                found.add(ce_id.decode("utf-8", "replace"))
            if (message.offset() or 0) + 1 >= ends[number or 0]:
                unread.discard(number or 0)
        return found
    finally:
        client.close()
