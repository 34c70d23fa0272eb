"""Polling in the test's own process: real server, real broker, real SQLite, a clock to turn."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from producers.addresses import parse_networks
from producers.feeds.news import News
from producers.feeds.outbox import Outbox
from producers.feeds.poll import Poller
from producers.feeds.reading import Reading
from producers.feeds.sending import Sender
from producers.feeds.sources import Source
from producers.feeds.state import FeedState, FeedStates
from producers.feeds.tables import open_feed_state
from producers.fetch import Fetcher, FetchLimits
from producers.hosts import Hosts
from producers.page_reader import PageReader
from producers.pages import Pages
from producers.robots import Robots
from producers.sitemaps import Sitemaps
from runtime.kafka import Publisher
from runtime.settings import Settings
from runtime.topics import Topics
from schemas import Article

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Polling:
    """What `dealwire feeds run` has, without its loop."""

    settings: Settings
    states: FeedStates
    outbox: Outbox
    publisher: Publisher
    clock: Clock

    @property
    def sender(self) -> Sender:
        topic = Topics(self.settings.topic_prefix).articles
        return Sender(self.outbox, self.publisher, topic, self.clock)

    def poll(self, *sources: Source) -> FeedState:
        """Poll the feeds side by side; return what is then known of the first."""

        async def work() -> None:
            limits = FetchLimits(user_agent="test", allowed=parse_networks("127.0.0.0/8"))
            hosts = Hosts(0)
            async with Fetcher(limits, hosts) as fetcher, PageReader() as reader:
                robots = Robots(fetcher, hosts)
                pages = Pages(fetcher, robots, reader)
                news = News(pages, self.states, self.sender, self.clock)
                reading = Reading(fetcher, Sitemaps(fetcher, robots), self.clock)
                poller = Poller(reading, news, self.states, self.clock, random.Random(1))
                await asyncio.gather(*(poller.poll(source) for source in sources))

        self.states.add((source.url for source in sources), self.clock.now)
        asyncio.run(work())
        return self.states.feed(sources[0].url)


@contextmanager
def polling(settings: Settings, path: Path, clock: Clock | None = None) -> Iterator[Polling]:
    cluster_id = settings.kafka_cluster_id or "test"
    with open_feed_state(path, cluster_id) as (states, outbox):
        yield Polling(settings, states, outbox, Publisher(settings), clock or Clock())


def published(settings: Settings, about: str = "") -> list[Article]:
    """Return the articles on the topic with `about` in their address or text, by partition."""
    topic = Topics(settings.topic_prefix).articles
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka,
            "group.id": "test",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    numbers = list(consumer.list_topics(topic.name, timeout=15).topics[topic.name].partitions)
    consumer.assign([TopicPartition(topic.name, n, OFFSET_BEGINNING) for n in numbers])
    found, at_end = [], set()
    while len(at_end) < len(numbers):
        message = consumer.poll(15)
        assert message is not None, "the broker does not answer"
        if message.error():
            at_end.add(message.partition())
        else:
            found.append(Article.model_validate_json(message.value() or b""))
    consumer.close()
    return [article for article in found if about in f"{article.url} {article.text}"]
