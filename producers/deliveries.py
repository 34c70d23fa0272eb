"""Records that somebody waits for: sent, and confirmed or not, for many callers at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from runtime.errors import KafkaUnavailableError
from runtime.kafka import OnDelivery, produce, publisher_config
from runtime.settings import Settings
from schemas import Record

POLL_S = 0.01


class Deliveries:
    """One producer for many threads, each of which learns what became of its own records."""

    def __init__(self, settings: Settings, timeout_s: float) -> None:
        config = {"delivery.timeout.ms": int(timeout_s * 1000)}
        self.client = self._producer = Producer(publisher_config(settings) | config)
        self._timeout_s = timeout_s
        self.fatal: KafkaError | None = None
        """Why this producer will never send anything again."""

    def deliver(self, records: Sequence[Record]) -> None:
        """Send the records and return once the brokers have every one of them.

        Raises KafkaUnavailableError when they do not in time: some may be there, and more may
        follow.
        """
        deadline = time.monotonic() + self._timeout_s
        reports: list[KafkaError | None] = []  # appending is atomic, whichever thread polls

        def on_delivery(error: KafkaError | None, _message: Message) -> None:
            reports.append(error)

        for record in records:
            self._send(record, on_delivery, deadline)
        while len(reports) < len(records):
            self._wait(deadline)
        for error in filter(None, reports):
            self._note(error)
            raise KafkaUnavailableError(f"a message could not be delivered: {error.str()}")

    def _send(self, record: Record, on_delivery: OnDelivery, deadline: float) -> None:
        looked = False
        while True:
            try:
                produce(self._producer, record, on_delivery)
                return
            except BufferError:
                self._wait(deadline)
            except KafkaException as error:
                self._note(error.args[0])
                if not looked and not self.fatal:
                    looked = True
                    self._look_anew(record.topic)
                    continue
                raise KafkaUnavailableError(
                    f"a message cannot be sent to {record.topic}: {error.args[0].str()}"
                ) from error

    def _look_anew(self, topic: str) -> None:
        """Forget what was wrong with the topic, which librdkafka else remembers for minutes."""
        try:
            self._producer.list_topics(topic, timeout=1.0)
        except KafkaException:
            pass  # the next attempt will see

    def _wait(self, deadline: float) -> None:
        if time.monotonic() > deadline + 1:  # librdkafka gives up first, and says why
            raise KafkaUnavailableError("the brokers did not confirm in time")
        self._producer.poll(POLL_S)

    def _note(self, error: KafkaError) -> None:
        if error.fatal():
            self.fatal = error
