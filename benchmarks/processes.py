"""A broker, and Dealwire's own commands, as the processes they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from runtime.apache_kafka import ApacheKafka, free_port
from runtime.errors import DealwireError
from runtime.kafka import client_config, create_topics
from runtime.settings import Settings
from runtime.topics import Topics
from schemas import Article
from sinks.offsets import read_offsets
from sinks.store import open_for_reading

START_TIMEOUT_S = 60.0
TICK_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@contextmanager
def kafka_broker(given: str | None) -> Iterator[str]:
    """Yield the address of the broker that is given, or of Apache Kafka in a child process."""
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="dealwire-bench-kafka-") as folder:
        kafka = ApacheKafka(free_port(), Path(folder))
        kafka.start()
        try:
            yield kafka.address
        finally:
            kafka.kill()


@contextmanager
def topics_of_its_own(address: str) -> Iterator[Settings]:
    """Yield settings with new topics and a new folder; the topics go when the block ends."""
    with tempfile.TemporaryDirectory(prefix="dealwire-bench-") as folder:
        settings = Settings(
            kafka=address,
            topic_prefix=f"bench-{uuid.uuid4().hex[:8]}",
            db=Path(folder) / "dealwire.db",
            state=Path(folder) / "state.db",
        )
        topics = Topics(settings.topic_prefix).all()
        create_topics(settings, topics)
        try:
            yield settings
        finally:
            admin = AdminClient(client_config(settings))
            for future in admin.delete_topics([topic.name for topic in topics]).values():
                future.result()


def wait_until(what: str, condition: Callable[[], object], timeout_s: float) -> None:
    """Wait until `condition()` is true. Raises DealwireError when it takes too long."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise DealwireError(f"after {timeout_s:.0f} s still not so: {what}")
        time.sleep(0.01)


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError as error:
        raise DealwireError(f"process {pid} is gone, or this is not Linux") from error


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, its threads' included."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK_S


def rss_bytes(pid: int) -> int:
    """Return the memory of a process that is in RAM."""
    return int(_stat(pid)[21]) * PAGE_BYTES


class Child:
    """A command of ours in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.pid = process.pid
        self._log = log

    def check(self) -> None:
        """Raise DealwireError when it has ended."""
        if self.process.poll() is not None:
            tail = self._log.read_text("utf-8", "replace")[-2000:]
            raise DealwireError(f"a process ended while it was measured:\n{tail}")


class Running:
    """A sink and some workers, each a process of its own."""

    def __init__(
        self, settings: Settings, sink: Child, workers: Sequence[Child], cluster_id: str
    ) -> None:
        self.settings = settings
        self.sink = sink.pid
        self.workers = [worker.pid for worker in workers]
        self._children = [sink, *workers]
        self._cluster_id = cluster_id
        self._tags = Topics(settings.topic_prefix).tags.name

    def stored(self) -> int:
        """Return the number of readings that the sink has stored. Raises DealwireError."""
        for child in self._children:
            child.check()
        with open_for_reading(self.settings.db) as db:
            offsets = read_offsets(db, self._cluster_id)
        return sum(at.next_offset for place, at in offsets.items() if place.topic == self._tags)

    def replay(self, articles: Iterable[Article]) -> int:
        """Publish articles with `dealwire replay`; return their number."""
        lines = [article.model_dump_json() for article in articles]
        path = self.settings.db.with_name(f"{uuid.uuid4().hex}.jsonl")
        path.write_text("\n".join(lines), "utf-8")
        command = [sys.executable, "-m", "cli.main", "replay", str(path)]
        environ = os.environ | self.settings.environ()
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        path.unlink()
        if done.returncode:
            raise DealwireError(f"the replay failed:\n{done.stderr[-2000:]}")
        return len(lines)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Hold the workers and the sink still, so that they begin together."""
        for child in self._children:
            child.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for child in self._children:
                child.process.send_signal(signal.SIGCONT)


@contextmanager
def running(settings: Settings, workers: int) -> Iterator[Running]:
    """Start a sink and workers; yield them once the workers have shared the partitions."""
    admin = AdminClient(client_config(settings))
    with ExitStack() as stack:
        sink = stack.enter_context(dealwire(settings, "sink"))
        readers = [stack.enter_context(dealwire(settings, "process")) for _ in range(workers)]
        topics = Topics(settings.topic_prefix)

        def is_shared() -> bool:
            for child in (sink, *readers):
                child.check()
            described = admin.describe_consumer_groups([topics.reader_group], request_timeout=2)
            (group,) = described.values()
            try:
                members = group.result().members
            except KafkaException:  # the brokers are making the topic of the groups
                return False
            return len(members) == workers and all(
                member.assignment and member.assignment.topic_partitions for member in members
            )

        wait_until("the workers share the partitions", is_shared, START_TIMEOUT_S)
        wait_until("the sink has made its file", settings.db.exists, START_TIMEOUT_S)
        cluster_id = str(admin.list_topics(timeout=10).cluster_id)
        yield Running(settings, sink, readers, cluster_id)


@contextmanager
def dealwire(settings: Settings, *arguments: str) -> Iterator[Child]:
    """Run a command of ours, which ends with the block and with us."""
    log = settings.db.with_name(f"{arguments[0]}-{uuid.uuid4().hex}.log")
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "cli.main", *arguments, "--with-parent"],
            env=os.environ | settings.environ(),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Child(child, log)
    finally:
        child.kill()
        child.wait()
