"""How far the readers of the topics are behind."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as Assignment

from runtime.errors import KafkaUnavailableError
from runtime.kafka import cluster_id, consumer, metadata
from runtime.settings import Settings
from runtime.topics import Topics
from sinks.offsets import Place, read_offsets


class Lag(NamedTuple):
    """A reader's distance from the end of a topic, in messages."""

    reader: str
    topic: str
    read: int
    behind: int


class LagMeter:
    """Asks the brokers, and the SQLite file for what the sink has stored."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topics = Topics(settings.topic_prefix)
        self._consumer: Consumer = consumer(settings, self._topics.reader_group)
        self._cluster_id = cluster_id(settings, self._consumer)

    def close(self) -> None:
        self._consumer.close()

    def read(self, db: sqlite3.Connection | None) -> list[Lag]:
        """Return a lag per reader and topic; without a file the sink has stored nothing.

        Raises KafkaUnavailableError.
        """
        topics = self._topics
        stored = {}
        if db is not None:
            offsets = read_offsets(db, self._cluster_id)
            stored = {place: kept.next_offset for place, kept in offsets.items()}
        sink_topics = (topics.articles, topics.tags, topics.deal_events, topics.dead_letters)
        try:
            places = self._places([topic.name for topic in sink_topics])
            # Before the ends: what a reader has sent by now is then among what waits for the sink.
            read = self._committed([p for p in places if p.topic == topics.articles.name])
            ends = self._ends(places)
        except KafkaException as error:
            raise KafkaUnavailableError(
                f"{self._settings.kafka} does not tell its offsets: {error.args[0].str()}"
            ) from error
        lags = [self._sum("reader", topics.articles.name, ends, read)]
        return lags + [self._sum("sink", topic.name, ends, stored) for topic in sink_topics]

    def _places(self, names: list[str]) -> list[Place]:
        there = metadata(self._settings, self._consumer).topics
        return [Place(name, n) for name in names if name in there for n in there[name].partitions]

    def _ends(self, places: list[Place]) -> dict[Place, tuple[int, int]]:
        return {
            place: self._consumer.get_watermark_offsets(
                Assignment(*place), timeout=self._settings.kafka_timeout_s
            )
            for place in places
        }

    def _committed(self, places: list[Place]) -> dict[Place, int]:
        asked = [Assignment(*place) for place in places]
        told = self._consumer.committed(asked, timeout=self._settings.kafka_timeout_s)
        return {Place(t.topic, t.partition): t.offset for t in told if t.offset >= 0}

    @staticmethod
    def _sum(
        reader: str, topic: str, ends: dict[Place, tuple[int, int]], read: dict[Place, int]
    ) -> Lag:
        done = behind = 0
        for place, (low, high) in ends.items():
            if place.topic == topic:
                at = read.get(place, low)
                done += max(at - low, 0)
                behind += max(high - at, 0)
        return Lag(reader, topic, done, behind)
