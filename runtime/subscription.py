"""What a downstream service does: read a topic of deals, alone or in a consumer group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
)
from confluent_kafka import TopicPartition as Assignment

from runtime.errors import KafkaUnavailableError, OffsetError
from runtime.kafka import consumer, metadata, missing_topics
from runtime.settings import Settings

Start = Literal["beginning", "now"] | datetime
POLL_S = 0.2


class Subscription:
    """Messages of one topic.

    With a group, the group's members share the partitions and its offsets are kept by the
    brokers: `start` counts only where the group has none yet. Without one, every partition is read
    from `start`.
    """

    def __init__(self, settings: Settings, topic: str, start: Start, group: str | None) -> None:
        self._settings = settings
        self._topic = topic
        self._group = group
        self._start = start
        self._at_end: set[int] = set()
        self._consumer: Consumer = consumer(
            settings,
            group or f"{settings.topic_prefix}.subscribe",
            {
                "enable.partition.eof": True,
                # A member that dies is replaced after this long.
                "session.timeout.ms": 10_000,
                "auto.offset.reset": "latest" if start == "now" else "earliest",
            },
        )
        partitions = metadata(settings, self._consumer).topics.get(topic)
        if partitions is None or not partitions.partitions:
            raise missing_topics([topic])
        self._partitions = sorted(partitions.partitions)
        if group:
            if isinstance(start, datetime):
                raise OffsetError(
                    "a consumer group keeps its own place: start one from `beginning` or `now`, or "
                    "leave --group out to read from a time"
                )
            self._consumer.subscribe([topic], on_assign=self._on_assign)
        else:
            self._consumer.assign(self._places())

    def _on_assign(self, consumer: Consumer, places: list[Assignment]) -> None:
        """Note where a new group begins: what comes while it is away is for it, too."""
        timeout_s = self._settings.kafka_timeout_s
        try:
            known = consumer.committed(places, timeout=timeout_s)
            new = [place for place in known if place.offset < 0]
            for place in new:
                low, high = consumer.get_watermark_offsets(place, timeout=timeout_s)
                place.offset = high if self._start == "now" else low
            if new:
                consumer.commit(offsets=new, asynchronous=False)
        except KafkaException as error:
            raise KafkaUnavailableError(
                f"{self._settings.kafka} does not keep the place of group {self._group}: "
                f"{error.args[0].str()}"
            ) from error
        consumer.assign(known)

    def _places(self) -> list[Assignment]:
        if isinstance(self._start, datetime):
            at_ms = int(self._start.timestamp() * 1000)
            asked = [Assignment(self._topic, number, at_ms) for number in self._partitions]
            try:
                return self._consumer.offsets_for_times(
                    asked, timeout=self._settings.kafka_timeout_s
                )
            except KafkaException as error:
                raise KafkaUnavailableError(
                    f"{self._settings.kafka} does not look up times: {error.args[0].str()}"
                ) from error
        offset = OFFSET_BEGINNING if self._start == "beginning" else OFFSET_END
        return [Assignment(self._topic, number, offset) for number in self._partitions]

    def messages(
        self, stopping: Callable[[], bool], *, until_end: bool = False
    ) -> Iterator[Message]:
        """Yield messages until `stopping()`, or until the end as it is now.

        A group's offset moves when the next message is asked for: what was yielded last is
        yielded again after a crash. Raises KafkaUnavailableError.
        """
        while not stopping():
            message = self._consumer.poll(POLL_S)
            if message is None:
                continue
            error = message.error()
            if error is None:
                self._at_end.discard(message.partition() or 0)
                yield message
                if self._group:
                    self._consumer.commit(message=message, asynchronous=True)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._at_end.add(message.partition() or 0)
                mine = {place.partition for place in self._consumer.assignment()}
                if until_end and mine <= self._at_end:
                    return
            elif not error.retriable():
                raise KafkaUnavailableError(f"{self._topic}: {error.str()}")

    def close(self) -> None:
        """Leave; a group's offsets are committed."""
        self._consumer.close()
