"""Brokers: Apache Kafka from Maven's jars, from the official image, or one that is given."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from runtime.apache_kafka import HOST, ApacheKafka, free_port, server_properties
from runtime.errors import KafkaUnavailableError
from runtime.kafka_jars import VERSION
from runtime.settings import Settings
from tests.kafka.pipeline import Pipeline, wait_until
from tests.kafka.security import PASSWORD, SECURE, USER, make_certificates, secure_properties
from tests.tiers import need

GIVEN = os.environ.get("DEALWIRE_TEST_KAFKA")
FLAVOURS = ["maven", "docker", *(["given"] if GIVEN else [])]
SESSION_TIMEOUT_S = 1.5
"""Of the workers: one that was killed is missed so soon, and not only after half a minute."""

FOR_TESTS = {"group.min.session.timeout.ms": "500"}


@pytest.fixture(scope="session")
def _maven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    need("kafka")
    folder = tmp_path_factory.mktemp("kafka")
    kafka = ApacheKafka(
        free_port(),
        folder,
        listeners=[f"{name}://{HOST}:{free_port()}" for name in SECURE],
        properties=FOR_TESTS | secure_properties(make_certificates(folder)),
        users={USER: PASSWORD},
    )
    kafka.start()
    yield kafka
    kafka.kill()


@pytest.fixture
def maven_kafka(_maven: ApacheKafka) -> ApacheKafka:
    """The broker that tests may stop, kill and freeze; it is up at the start of each."""
    if not _maven.runs():
        _maven.start()
    return _maven


@pytest.fixture(scope="session")
def _docker() -> Iterator[str]:
    need("kafka-docker")
    # The helper that would clean up after us cannot be pulled everywhere; we stop what we start.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    from testcontainers.core.container import DockerContainer

    port = free_port()
    container = DockerContainer(f"apache/kafka:{VERSION}").with_bind_ports(port, port)
    # The image writes its configuration at each start; not every build of it lets its user do so.
    container.with_tmpfs_mount("/opt/kafka/config", "uid=1000,gid=1000")
    for name, value in (server_properties(port, 29093, host="0.0.0.0") | FOR_TESTS).items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    with container:
        address = f"{HOST}:{port}"
        client = AdminClient({"bootstrap.servers": address})
        try:
            wait_until("it answers", lambda: answers(client), 60)
        except AssertionError as error:
            said = "".join(output.decode() for output in container.get_logs())
            raise AssertionError(f"{error}:\n{said[-2000:]}") from None
        yield address


@pytest.fixture(params=FLAVOURS)
def broker(request: pytest.FixtureRequest) -> str:
    """The address of a broker, of each kind that is there."""
    if request.param == "given":
        assert GIVEN
        return GIVEN
    if request.param == "docker":
        address: str = request.getfixturevalue("_docker")
        return address
    kafka: ApacheKafka = request.getfixturevalue("maven_kafka")
    return kafka.address


def answers(client: AdminClient) -> bool:
    try:
        return bool(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


MakePipeline = Callable[..., Pipeline]


@pytest.fixture
def make_pipeline(tmp_path: Path) -> Iterator[MakePipeline]:
    """Make pipelines with topics of their own; their processes end with the test."""
    made: list[Pipeline] = []

    def make(address: str, **more: object) -> Pipeline:
        folder = tmp_path / f"pipeline-{len(made)}"
        folder.mkdir()
        values = {
            "kafka": address,
            "topic_prefix": f"test-{uuid.uuid4().hex[:10]}",
            "db": folder / "dealwire.db",
            "state": folder / "state.db",
            "worker_session_timeout_s": SESSION_TIMEOUT_S,
        }
        pipeline = Pipeline(Settings(**(values | more)), folder)  # type: ignore[arg-type]
        made.append(pipeline)
        wait_until("the broker makes topics", lambda: _topics_are_made(pipeline), 30)
        return pipeline

    yield make
    for pipeline in made:
        pipeline.close()


def _topics_are_made(pipeline: Pipeline) -> bool:
    try:
        pipeline.create_topics()
    except KafkaUnavailableError:
        return False
    return True


@pytest.fixture
def pipeline(broker: str, make_pipeline: MakePipeline) -> Pipeline:
    return make_pipeline(broker)


@pytest.fixture
def fault_pipeline(maven_kafka: ApacheKafka, make_pipeline: MakePipeline) -> Pipeline:
    """A pipeline on the broker that the test may hurt: it also asks for `maven_kafka`."""
    return make_pipeline(maven_kafka.address)
