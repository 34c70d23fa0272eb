"""Brokers that refuse, delay and move: no input is committed without its output.

librdkafka's mock cluster in this process does as it is told; a real worker process meets it.
"""

from __future__ import annotations

import ctypes
import random
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from runtime.embedded import MockCluster
from runtime.errors import DealwireError
from runtime.kafka import client_config
from runtime.settings import Settings
from runtime.topics import Topics
from schemas import Tags
from tests.kafka.articles import make_articles
from tests.kafka.checks import records_of
from tests.kafka.pipeline import Pipeline, wait_until

BROKERS = 3
PRODUCE = 0  # https://kafka.apache.org/protocol#protocol_api_keys
RETRIED = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.REQUEST_TIMED_OUT)
REFUSED = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.POLICY_VIOLATION)


class UnrulyCluster(MockCluster):
    """A mock cluster that can be told to misbehave (`rdkafka_mock.h`)."""

    def refuse(self, errors: list[int]) -> None:
        """Answer the next Produce requests with these errors."""
        array = (ctypes.c_int * len(errors))(*errors)
        push = self.lib.rd_kafka_mock_push_request_errors_array
        push(self.cluster, ctypes.c_int16(PRODUCE), ctypes.c_size_t(len(errors)), array)

    def delay(self, seconds: float, error: int = 0, requests: int = 1) -> None:
        """Answer the next Produce requests to each broker so late, and perhaps with an error."""
        push = self.lib.rd_kafka_mock_broker_push_request_error_rtts
        pairs = [ctypes.c_int(n) for _ in range(requests) for n in (error, int(seconds * 1000))]
        for broker in range(1, BROKERS + 1):
            head = (ctypes.c_int32(broker), ctypes.c_int16(PRODUCE), ctypes.c_size_t(requests))
            push(self.cluster, *head, *pairs)

    def move_coordinator(self, group: str, broker: int) -> None:
        move = self.lib.rd_kafka_mock_coordinator_set
        assert move(self.cluster, b"group", group.encode(), ctypes.c_int32(broker)) == 0

    def set_up(self, broker: int, up: bool) -> None:
        name = "rd_kafka_mock_broker_set_up" if up else "rd_kafka_mock_broker_set_down"
        assert getattr(self.lib, name)(self.cluster, ctypes.c_int32(broker)) == 0


@pytest.fixture
def cluster() -> UnrulyCluster:
    cluster = UnrulyCluster(BROKERS)
    # Else a group's first members wait for others longer than their sessions last.
    cluster.lib.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster.cluster, ctypes.c_int32(50))
    return cluster


@pytest.fixture
def pipeline(cluster: UnrulyCluster, tmp_path: Path) -> Iterator[Pipeline]:
    settings = Settings(
        kafka=cluster.bootstrap,
        kafka_cluster_id=f"mock-{uuid.uuid4()}",
        db=tmp_path / "dealwire.db",
        state=tmp_path / "state.db",
        log_format="json",
        worker_session_timeout_s=1.5,
    )
    for topic in Topics(settings.topic_prefix).all():
        cluster.create_topic(topic.name, topic.partitions)
    pipeline = Pipeline(settings, tmp_path)
    yield pipeline
    pipeline.close()


def committed(pipeline: Pipeline) -> dict[int, int]:
    """Return how far the workers' group has committed each partition of the articles."""
    topics = pipeline.topics
    config = client_config(pipeline.settings) | {"group.id": topics.reader_group}
    client = Consumer(config)
    try:
        topic = topics.articles
        places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        return {place.partition: place.offset for place in client.committed(places, timeout=10)}
    except KafkaException:
        return {}  # the coordinator is moving: nothing to be seen now
    finally:
        client.close()


def check_outputs(pipeline: Pipeline) -> int:
    """See that what is committed has its output on the topics; return how many messages that is."""
    topics = pipeline.topics
    done = committed(pipeline)  # first: what is committed later may be read later
    try:
        read = {
            (tags.article_id, tags.article_version)
            for told in pipeline.read_topic(topics.tags.name)
            for tags in [Tags.model_validate_json(told.value or b"")]
        }
        events = {dict(t.headers)["ce_id"] for t in pipeline.read_topic(topics.deal_events.name)}
    except KafkaException:
        return 0  # a broker is down
    count = 0
    for told in pipeline.read_topic(topics.articles.name):
        if told.offset < done.get(told.partition, 0):
            count += 1
            article = BY_ID[(told.key or b"").decode()]
            assert (article.article_id, article.version) in read, "committed, its tags are lost"
            for sent in records_of(article, topics)[1:-1]:
                assert dict(sent.headers)["ce_id"] in events, "committed, a deal event is lost"
    return count


ARTICLES = make_articles(160)
BY_ID = {article.article_id: article for article in ARTICLES}


def test_nothing_is_committed_without_its_output(
    cluster: UnrulyCluster, pipeline: Pipeline
) -> None:
    dice, topics = random.Random(5), pipeline.topics
    numbers = iter(range(0, len(ARTICLES), 20))

    def publish_some() -> None:
        first = next(numbers)
        for _ in range(BROKERS):  # a fault that the worker did not meet may meet us
            try:
                pipeline.publish(records_of(a, topics)[0] for a in ARTICLES[first : first + 20])
                return
            except DealwireError:
                continue
        pytest.fail("the articles cannot be published")

    def refuse() -> None:
        cluster.refuse([dice.choice(REFUSED)])

    def retry() -> None:
        cluster.refuse([dice.choice(RETRIED) for _ in range(4)])

    def delay() -> None:
        cluster.delay(2.5)  # longer than the time between two commits

    def delay_and_refuse() -> None:
        cluster.delay(1.5, error=REFUSED[0])

    def move() -> None:
        cluster.move_coordinator(topics.reader_group, dice.randint(1, BROKERS))

    def down_and_up() -> None:
        broker = dice.randint(1, BROKERS)
        cluster.set_up(broker, up=False)
        time.sleep(0.5)
        cluster.set_up(broker, up=True)

    worker = pipeline.worker(restarts=True)
    publish_some()
    wait_until("the worker works", lambda: check_outputs(pipeline) == 20)
    faults = [refuse, delay, delay_and_refuse, move, retry, down_and_up, delay]
    for number, fault in enumerate(faults, 2):
        stops = len(worker.exit_codes)
        worker.send(signal.SIGSTOP)  # it and nobody else meets the fault
        publish_some()
        fault()
        worker.send(signal.SIGCONT)
        # As soon as something is committed, and while answers are under way, and at the end.
        wait_until(
            f"all is committed after {fault.__name__}",
            lambda n=number: check_outputs(pipeline) >= 20 * n,  # type: ignore[misc]
            timeout_s=60,
        )
        if fault in (refuse, delay_and_refuse):
            assert len(worker.exit_codes) > stops, "a refused message stops the worker"
    assert all(code == 1 for code in worker.exit_codes)
    assert "start it again" in worker.log_text()
