"""confluent-kafka, set up so that nothing is lost silently."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._metadata import ClusterMetadata
from confluent_kafka.cimpl import NewTopic

from runtime.errors import DealwireError, KafkaUnavailableError, TopicError
from runtime.logs import KAFKA_LOG
from runtime.settings import Settings
from runtime.topics import MAX_DEAD_LETTER_BYTES, Topic
from schemas import Record

FLUSH_TIMEOUT_S = 120.0
"""A record that the broker has not taken by then (`delivery.timeout.ms`) has failed."""


def client_config(settings: Settings) -> dict[str, Any]:
    """Return what every client of the brokers needs: address, security, log."""
    config: dict[str, Any] = {
        "bootstrap.servers": settings.kafka,
        "security.protocol": settings.kafka_security_protocol,
        "socket.keepalive.enable": True,
        # A broker that restarts is back in a second; the default waits up to ten.
        "reconnect.backoff.max.ms": 2000,
        "logger": KAFKA_LOG,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        config["sasl.mechanism"] = settings.kafka_sasl_mechanism
        config["sasl.username"] = settings.kafka_username
        config["sasl.password"] = settings.kafka_password.get_secret_value()
    if settings.kafka_tls_ca:
        config["ssl.ca.location"] = str(settings.kafka_tls_ca)
    if settings.kafka_tls_cert and settings.kafka_tls_key:
        config["ssl.certificate.location"] = str(settings.kafka_tls_cert)
        config["ssl.key.location"] = str(settings.kafka_tls_key)
    return config


def consumer(settings: Settings, group: str, more: Mapping[str, Any] | None = None) -> Consumer:
    """Return a consumer that never commits on its own, nor resets an offset unasked."""
    config = client_config(settings) | {
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
        "fetch.error.backoff.ms": 100,
        "fetch.message.max.bytes": MAX_DEAD_LETTER_BYTES,
        "receive.message.max.bytes": 128 * 1024 * 1024,
        "queued.max.messages.kbytes": 64 * 1024,
    }
    return Consumer(config | dict(more or {}))


def metadata(settings: Settings, client: AdminClient | Consumer | Producer) -> ClusterMetadata:
    """Return what the brokers say of themselves. Raises KafkaUnavailableError."""
    try:
        return client.list_topics(timeout=settings.kafka_timeout_s)
    except KafkaException as error:
        raise KafkaUnavailableError(
            f"no Kafka broker answers at {settings.kafka} ({error.args[0].str()}): start one with "
            "`make kafka` or `docker compose up kafka`, or name yours with --kafka host:port or "
            "DEALWIRE_KAFKA, or try `dealwire demo`, which needs none"
        ) from error


def cluster_id(settings: Settings, client: AdminClient | Consumer | Producer) -> str:
    """Return the id of the cluster, which offsets and cursors are kept by."""
    return settings.kafka_cluster_id or str(metadata(settings, client).cluster_id)


def topic_ids(settings: Settings, admin: AdminClient, names: list[str]) -> dict[str, str]:
    """Return each topic's unique id, which changes when a topic is made anew.

    Empty strings where the broker has no such ids (the embedded one). Raises TopicError for
    topics that are missing.
    """
    if settings.kafka_cluster_id:
        return dict.fromkeys(names, "")
    futures = admin.describe_topics(
        TopicCollection(names), request_timeout=settings.kafka_timeout_s
    )
    try:
        return {name: str(future.result().topic_id) for name, future in futures.items()}
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise missing_topics(names) from error
        raise KafkaUnavailableError(
            f"{settings.kafka} does not describe its topics ({error.args[0].str()}); the sink "
            "cannot tell whether they are still the same: try again once the broker is up"
        ) from error


def missing_topics(names: list[str]) -> TopicError:
    """Return the error that names topics which are not there, and the remedy."""
    return TopicError(f"no such topic: {', '.join(names)}; make them with `dealwire topics create`")


def require_topics(settings: Settings, topics: list[Topic]) -> None:
    """Raise TopicError when one is missing, KafkaUnavailableError when no broker answers."""
    there = metadata(settings, AdminClient(client_config(settings))).topics
    if missing := [topic.name for topic in topics if topic.name not in there]:
        raise missing_topics(missing)


def create_topics(settings: Settings, topics: tuple[Topic, ...]) -> list[str]:
    """Create the topics that are missing and return their names.

    Raises KafkaUnavailableError or TopicError.
    """
    admin = AdminClient(client_config(settings))
    there = metadata(settings, admin).topics
    new = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=settings.replication_factor,
            config=topic.config(),
        )
        for topic in topics
        if topic.name not in there
    ]
    if not new:
        return []
    created = []
    for name, future in admin.create_topics(new, operation_timeout=30).items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            # Another `topics create` may have been a moment faster.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicError(
                    f"topic {name} cannot be created: {error.args[0].str()}"
                ) from error
    return created


def publisher_config(settings: Settings, give_up_s: float = FLUSH_TIMEOUT_S) -> dict[str, Any]:
    """Return what a producer needs that loses nothing and keeps the order of a key."""
    return client_config(settings) | {
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": "zstd",
        "linger.ms": 5,
        # Agrees with Java and with Faust, so that a key has one partition.
        "partitioner": "murmur2_random",
        "message.max.bytes": MAX_DEAD_LETTER_BYTES,
        "queue.buffering.max.kbytes": 64 * 1024,
        "delivery.timeout.ms": int(give_up_s * 1000),
    }


OnDelivery = Callable[[KafkaError | None, Message], None]


def produce(producer: Producer, record: Record, on_delivery: OnDelivery) -> None:
    """Queue one record. Raises BufferError while the queue is full, and KafkaException."""
    producer.produce(
        record.topic,
        key=record.key,
        value=record.value,
        headers=list(record.headers),
        on_delivery=on_delivery,
    )


class Publisher:
    """Sends records; `flush` returns once the brokers have every one of them."""

    def __init__(self, settings: Settings, give_up_s: float = FLUSH_TIMEOUT_S) -> None:
        """Connect; a record that the brokers have not taken after `give_up_s` has failed."""
        self.client = self._producer = Producer(publisher_config(settings, give_up_s))
        self._error: KafkaError | None = None
        self.delivered = 0
        self._next_offsets: dict[tuple[str, int], int] = {}

    def publish(self, record: Record) -> None:
        """Queue one record; wait while the queue is full.

        Raises KafkaUnavailableError when an earlier record could not be delivered.
        """
        deadline = time.monotonic() + FLUSH_TIMEOUT_S
        while True:
            self._raise_error()
            try:
                produce(self._producer, record, self._on_delivery)
                self._producer.poll(0)
                return
            except BufferError:
                if time.monotonic() > deadline:
                    raise KafkaUnavailableError("the brokers take no more messages") from None
                self._producer.poll(0.1)
            except KafkaException as error:
                raise DealwireError(
                    f"a message of {len(record.value or b''):,} bytes cannot be sent to "
                    f"{record.topic}: {error.args[0].str()}"
                ) from error

    def flush(self, timeout_s: float = FLUSH_TIMEOUT_S + 5) -> None:
        """Wait until everything is delivered. Raises KafkaUnavailableError when it is not."""
        if left := self.wait(timeout_s):
            raise KafkaUnavailableError(f"{left} messages were not confirmed by the brokers")

    def wait(self, timeout_s: float) -> int:
        """Wait until everything is delivered; return how many records are still on their way.

        Raises KafkaUnavailableError when one could not be delivered.
        """
        left: int = self._producer.flush(timeout_s)
        self._raise_error()
        return left

    def poll(self) -> None:
        """Let delivery reports come in, without waiting."""
        self._producer.poll(0)
        self._raise_error()

    def pending(self) -> int:
        """Return how many records are still on their way."""
        return len(self._producer)

    def next_offsets(self, topic: str) -> dict[int, int]:
        """Return, by partition, the offset after the last record that was delivered to `topic`."""
        return {number: at for (name, number), at in self._next_offsets.items() if name == topic}

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.delivered += 1
            place = (message.topic() or "", message.partition() or 0)
            after = (message.offset() or 0) + 1  # not known (below 0) of some that were sent again
            if after > self._next_offsets.get(place, 0):
                self._next_offsets[place] = after
        elif self._error is None:
            self._error = error

    def _raise_error(self) -> None:
        if self._error is not None:
            raise KafkaUnavailableError(
                f"a message could not be delivered: {self._error.str()}; run the command again, "
                "what was published already is recognised"
            )
