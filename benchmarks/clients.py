"""Publishing and consuming, beside bare confluent-kafka loops with the same bytes and settings."""

from __future__ import annotations

import time
from collections.abc import Callable

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer
from confluent_kafka import TopicPartition as Assignment

from benchmarks.articles import make_articles
from benchmarks.measure import Figure, race, timed
from benchmarks.processes import topics_of_its_own
from runtime.kafka import Publisher, consumer, publisher_config
from runtime.settings import Settings
from runtime.topics import Topics
from schemas import Article, Record, record
from sinks.source import Source

ROUNDS = 5
BATCH = 500
URI = "/dealwire/bench"


def produce(address: str, quick: bool) -> list[Figure]:
    """Article events through our Publisher, beside `Producer.produce` of ready bytes.

    So many as fit into the producer's queue: the bare loop does not wait for room.
    """
    articles = list(make_articles(3_000 if quick else 10_000, 0.1))
    with topics_of_its_own(address) as settings:
        topic = Topics(settings.topic_prefix).articles.name
        publisher = Publisher(settings)
        bare_producer = Producer(publisher_config(settings))
        ready = [record(topic, article, URI) for article in articles]
        messages = [(one.key, one.value, _headers(one)) for one in ready]

        def ours() -> None:
            for article in articles:
                publisher.publish(record(topic, article, URI))
            publisher.flush()

        def bare() -> None:
            for key, value, headers in messages:
                bare_producer.produce(topic, value=value, key=key, headers=headers)
            bare_producer.flush()

        rates = race(
            3 if quick else ROUNDS,
            lambda: timed(len(articles), ours),
            lambda: timed(len(articles), bare),
        )
    return [_beside("produce", "bare Producer", rates)]


def consume(address: str, quick: bool) -> list[Figure]:
    """The sink's source, beside `Consumer.consume`."""
    count = 3_000 if quick else 20_000
    with topics_of_its_own(address) as settings:
        topic = Topics(settings.topic_prefix).articles.name
        _publish(settings, topic, list(make_articles(count, 0.1)))

        def ours() -> tuple[int, float]:
            source = Source(settings, [topic])
            source.start({})
            rate = _drain(lambda: len(source.poll(BATCH, 1.0)), count)
            source.close()
            return rate

        def bare() -> tuple[int, float]:
            client: Consumer = consumer(settings, "bare")
            there = client.list_topics(topic).topics[topic].partitions
            client.assign([Assignment(topic, number, OFFSET_BEGINNING) for number in there])
            rate = _drain(lambda: len([m.value() for m in client.consume(BATCH, 0.1)]), count)
            client.close()
            return rate

        rates = race(3 if quick else ROUNDS, ours, bare)
    return [_beside("consume", "bare Consumer", rates)]


def _drain(poll: Callable[[], int], count: int) -> tuple[int, float]:
    """Poll until `count` messages came; the time begins with the first, once all is connected."""
    first = 0
    while not first:
        first = poll()
    start, left = time.perf_counter(), count - first
    while left > 0:
        left -= poll()
    return count - first, time.perf_counter() - start


def _publish(settings: Settings, topic: str, articles: list[Article]) -> None:
    publisher = Publisher(settings)
    for article in articles:
        publisher.publish(record(topic, article, URI))
    publisher.flush()


def _headers(message: Record) -> list[tuple[str, str | bytes | None]]:
    return list(message.headers)


def _beside(name: str, what: str, rates: tuple[float, ...]) -> Figure:
    ours, bare = rates
    return Figure(name, f"{ours:,.0f} articles/s", f"{what}: {bare:,.0f}", ours / bare)
