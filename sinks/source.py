"""The topics as the sink reads them: every partition, from where the SQLite file says.

No consumer group: the file itself holds the offsets. A topic that was made anew, or that has
dropped what was not read yet, stops the sink with the remedy; no offset is ever reset unasked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as Assignment
from confluent_kafka.admin import AdminClient

from runtime.dead_letters import Origin
from runtime.errors import KafkaUnavailableError, OffsetError
from runtime.kafka import client_config, cluster_id, consumer, metadata, missing_topics, topic_ids
from runtime.logs import get_logger
from runtime.settings import Settings
from sinks.batch import Incoming, sent_at
from sinks.offsets import Place, Stored

LOOK_EVERY_S = 5.0
"""How often the topics are looked at: for new partitions, and whether they are still the same."""

REREAD = (
    "`dealwire sink --reread {topic}` reads what the topic has from its beginning: rows that are "
    "there already do not change"
)

log = get_logger(__name__)


class Source:
    """Messages of some topics, each partition in order."""

    def __init__(self, settings: Settings, names: list[str]) -> None:
        self._settings = settings
        self._names = names
        self._admin = AdminClient(client_config(settings))
        self.cluster_id = cluster_id(settings, self._admin)
        self._consumer: Consumer = consumer(settings, f"{settings.topic_prefix}.sink")
        self._partitions: set[Place] = set()
        self._next_look = 0.0
        self.topic_ids: dict[str, str] = {}

    def start(self, stored: Mapping[Place, Stored]) -> None:
        """Take up every partition where `stored` says, a new one at its beginning.

        Raises OffsetError when a stored offset does not fit what the brokers have, and TopicError
        when a topic is missing.
        """
        self.topic_ids = topic_ids(self._settings, self._admin, self._names)
        places = self._places()
        for place, kept in stored.items():
            if place in places:
                self._check(place, kept)
        self._consumer.assign(
            [
                Assignment(
                    *place, stored[place].next_offset if place in stored else OFFSET_BEGINNING
                )
                for place in sorted(places)
            ]
        )
        self._partitions = places
        self._next_look = time.monotonic() + LOOK_EVERY_S

    def poll(self, limit: int, wait_s: float) -> list[Incoming]:
        """Return up to `limit` messages; none when nothing came within `wait_s`.

        Raises OffsetError, TopicError or KafkaUnavailableError.
        """
        if time.monotonic() >= self._next_look:
            self._look()
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        # What has arrived already, without waiting for more.
        rest = self._consumer.consume(limit - 1, 0) if limit > 1 else []
        return [message for raw in (first, *rest) if (message := self._take(raw))]

    def close(self) -> None:
        self._consumer.close()

    def _places(self) -> set[Place]:
        topics = metadata(self._settings, self._admin).topics
        missing = [
            name
            for name in self._names
            if name not in topics or topics[name].error is not None or not topics[name].partitions
        ]
        if missing:
            raise missing_topics(missing)
        return {Place(name, number) for name in self._names for number in topics[name].partitions}

    def _check(self, place: Place, kept: Stored) -> None:
        if kept.topic_id != self.topic_ids[place.topic]:
            raise OffsetError(
                f"topic {place.topic} was deleted and made anew since it was read: "
                + REREAD.format(topic=place.topic)
            )
        try:
            low, high = self._consumer.get_watermark_offsets(
                Assignment(*place), timeout=self._settings.kafka_timeout_s
            )
        except KafkaException as error:
            raise KafkaUnavailableError(
                f"{place.topic}/{place.partition} has no leader ({error.args[0].str()}): try again "
                "once the brokers are up"
            ) from error
        if not low <= kept.next_offset <= high:
            raise OffsetError(
                f"{place.topic}/{place.partition} is to be read from {kept.next_offset}, but the "
                f"brokers have {low} to {high}: messages were dropped before they were read "
                "(retention), or the brokers lost data. " + REREAD.format(topic=place.topic)
            )

    def _look(self) -> None:
        """See that the topics are still the same, and take up partitions that were added."""
        self._next_look = time.monotonic() + LOOK_EVERY_S
        try:
            ids = topic_ids(self._settings, self._admin, self._names)
            added = self._places() - self._partitions
        except KafkaUnavailableError as error:
            # The clients keep on trying; what they hold is still right.
            log.warning("brokers do not answer", error=str(error))
            return
        for name, topic_id in ids.items():
            if topic_id != self.topic_ids[name]:
                raise OffsetError(
                    f"topic {name} was deleted and made anew while it was read: "
                    + REREAD.format(topic=name)
                )
        if added:
            log.info("partitions added", partitions=[str(place) for place in sorted(added)])
            self._consumer.incremental_assign(
                [Assignment(*place, OFFSET_BEGINNING) for place in sorted(added)]
            )
            self._partitions |= added

    def _take(self, message: Message) -> Incoming | None:
        error = message.error()
        if error is not None:
            self._complain(error, message)
            return None
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None and partition is not None and offset is not None
        _, timestamp_ms = message.timestamp()
        headers = [
            (name, data.encode() if isinstance(data, str) else data)
            for name, data in cast("list[tuple[str, str | bytes | None]]", message.headers() or [])
        ]
        origin = Origin(topic, partition, offset)
        return Incoming(origin, message.key(), message.value(), headers, sent_at(timestamp_ms))

    def _complain(self, error: KafkaError, message: Message) -> None:
        code = error.code()
        if code in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            raise OffsetError(
                f"{message.topic()}/{message.partition()}: {error.str()}; messages were dropped "
                "before they were read. " + REREAD.format(topic=message.topic())
            )
        if code in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED):
            raise KafkaUnavailableError(
                f"{self._settings.kafka} does not let us read {message.topic()}: {error.str()}"
            )
        if code == KafkaError.UNKNOWN_TOPIC_OR_PART:
            self._next_look = 0.0  # gone for good, or the brokers are just starting: look
        log.warning("kafka", error=error.str())
