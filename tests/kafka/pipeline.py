"""The real pipeline under test: `dealwire` processes, started, killed, restarted, waited for."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from runtime.errors import KafkaUnavailableError, StoreError
from runtime.kafka import Publisher, client_config, create_topics
from runtime.settings import Settings
from runtime.topics import Topics
from schemas import Article, Record
from schemas.cloudevents import Headers
from sinks.lag import LagMeter
from sinks.store import open_for_reading

ROOT = Path(__file__).parent.parent.parent
ODD_WORKER = "tests.kafka.odd_worker"


def wait_until(
    what: str, condition: Callable[[], object], timeout_s: float = 180.0, every_s: float = 0.05
) -> None:
    """Wait until `condition()` is true. Raises AssertionError when it takes too long."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"after {timeout_s:.0f} s still not so: {what}"
        time.sleep(every_s)


class Told(NamedTuple):
    """One message as a topic has it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass
class Component:
    """A `dealwire` process; with `restarts` it is started again whenever it ends."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes]
    environ: dict[str, str]
    restarts: bool
    exit_codes: list[int] = field(default_factory=list)
    """Of the runs that ended; negative: the signal that ended it."""

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout_s: float = 30.0) -> int:
        return self.process.wait(timeout_s)

    def log_text(self) -> str:
        return self.log.read_text("utf-8", "replace")


class Pipeline:
    """Processes around one topic prefix and one SQLite file."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.topics = Topics(settings.topic_prefix)
        self.folder = folder
        self.components: list[Component] = []
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._keeper = threading.Thread(target=self._keep_up, daemon=True)
        self._keeper.start()

    def create_topics(self) -> None:
        create_topics(self.settings, self.topics.all())

    def start(
        self, *arguments: str, restarts: bool = False, module: str = "cli.main", **environ: str
    ) -> Component:
        """Start `dealwire ARGUMENTS`; its output goes to a file."""
        name = f"{arguments[0]}-{len(self.components)}"
        command = [sys.executable, "-m", module, *arguments]
        variables = os.environ | self.settings.environ() | environ
        log = self.folder / f"{name}.log"
        process = self._spawn(command, log, variables)
        component = Component(name, command, log, process, variables, restarts)
        self.components.append(component)
        return component

    def worker(self, restarts: bool = False, **environ: str) -> Component:
        return self.start("process", restarts=restarts, **environ)

    def member(self, *arguments: str) -> Component:
        """Start a subscriber; what it prints is in its log."""
        return self.start("subscribe", *arguments, "--json")

    def sink(self, *arguments: str, restarts: bool = False, **environ: str) -> Component:
        return self.start("sink", *arguments, restarts=restarts, **environ)

    def run(
        self, *arguments: str, timeout_s: float = 60.0, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=ROOT,
            env=os.environ | self.settings.environ() | environ,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def replay(self, articles: Iterable[Article], *options: str) -> None:
        """Publish the articles with `dealwire replay`."""
        lines = (article.model_dump_json() for article in articles)
        path = self.folder / f"articles-{time.monotonic_ns()}.jsonl"
        path.write_text("\n".join(lines), "utf-8")
        done = self.run("replay", str(path), *options)
        assert done.returncode == 0, done.stderr

    def publish(self, records: Iterable[Record]) -> None:
        """Publish records from the test itself."""
        publisher = Publisher(self.settings)
        for record in records:
            publisher.publish(record)
        publisher.flush()

    def kill(self, component: Component) -> None:
        """End the process as a power cut would; it is restarted when it `restarts`."""
        with self._lock:
            component.send(signal.SIGKILL)
            self._bury(component)

    def stop(self, component: Component, timeout_s: float = 30.0) -> int:
        """Stop a component in order, for good, and return its exit code."""
        component.restarts = False
        component.send(signal.SIGTERM)
        return component.wait(timeout_s)

    def settle_down(self) -> None:
        """Restart nothing any more, and see that what runs still runs."""
        for component in self.components:
            component.restarts = False

    def wait_until_stored(self, timeout_s: float = 240.0) -> None:
        """Wait until all that was published is read and stored, and what follows from it sent."""
        with_problem = "nothing was measured"

        def stored() -> bool:
            nonlocal with_problem
            for component in self.components:
                code = component.process.poll()
                assert component.restarts or code in (None, 0, -signal.SIGKILL, -signal.SIGTERM), (
                    f"{component.name} ended with {code}"
                )
            behind = self.behind()
            with_problem = f"behind: {behind}"
            return behind == {}

        try:
            wait_until("everything is stored", stored, timeout_s, every_s=0.1)
        except AssertionError as error:
            raise AssertionError(f"{error} ({with_problem})") from None

    def behind(self) -> dict[str, int]:
        """Return what waits where; nothing when all is read, stored and sent."""
        try:
            meter = LagMeter(self.settings)
            try:
                with open_for_reading(self.settings.db) as db:
                    db.execute("BEGIN")  # one state of the file for both questions
                    (unsent,) = db.execute("SELECT count(*) FROM outbox").fetchone()
                    waiting = {
                        f"{lag.reader} {lag.topic}": lag.behind
                        for lag in meter.read(db)
                        if lag.reader == "sink" or self._has_worker()
                    }
            finally:
                meter.close()
        except (StoreError, KafkaUnavailableError, sqlite3.OperationalError) as error:
            return {str(error): 1}
        return {name: count for name, count in (waiting | {"outbox": unsent}).items() if count}

    def _has_worker(self) -> bool:
        return any(component.name.startswith("process") for component in self.components)

    def read_topic(self, topic: str) -> list[Told]:
        """Return all that a topic has, in order of partition and offset."""
        config = client_config(self.settings) | {"group.id": f"{topic}.test"}
        client = Consumer(config | {"fetch.message.max.bytes": 64 * 1024 * 1024})
        try:
            found = client.list_topics(topic, timeout=15).topics[topic].partitions
            lows, ends = {}, {}
            for number in found:
                low, high = client.get_watermark_offsets(TopicPartition(topic, number), timeout=15)
                if high > low:
                    lows[number], ends[number] = low, high
            client.assign([TopicPartition(topic, number, low) for number, low in lows.items()])
            return sorted(_read(client, ends), key=lambda told: told[:2])
        finally:
            client.close()

    def offsets(self, topic: str) -> dict[int, int]:
        """Return where each partition of a topic ends."""
        client = Consumer(client_config(self.settings) | {"group.id": f"{topic}.test"})
        try:
            partitions = client.list_topics(topic, timeout=15).topics[topic].partitions
            places = [TopicPartition(topic, number) for number in partitions]
            return {p.partition: client.get_watermark_offsets(p, timeout=15)[1] for p in places}
        finally:
            client.close()

    def close(self) -> None:
        """End every process, and show what they said last: pytest prints it after a failure."""
        self.settle_down()
        self._closing.set()
        self._keeper.join()
        for component in self.components:
            if component.process.poll() is None:
                component.send(signal.SIGKILL)
                component.process.wait()
        for component in self.components:
            print(f"--- {component.name}, ended with {component.exit_codes} before")
            print("\n".join(component.log_text().splitlines()[-12:]))

    def _keep_up(self) -> None:
        """Restart what ended, as Docker or systemd would."""
        while not self._closing.wait(0.02):
            for component in list(self.components):
                with self._lock:
                    if component.restarts and component.process.poll() is not None:
                        self._bury(component)

    def _bury(self, component: Component) -> None:
        component.exit_codes.append(component.process.wait())
        if component.restarts:
            component.process = self._spawn(component.command, component.log, component.environ)

    @staticmethod
    def _spawn(command: list[str], log: Path, environ: dict[str, str]) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def _read(client: Consumer, ends: dict[int, int]) -> Iterator[Told]:
    deadline = time.monotonic() + 60
    while ends:
        assert time.monotonic() < deadline, f"the topic cannot be read to its ends {ends}"
        message = client.poll(0.5)
        if message is None:
            continue
        error = message.error()
        assert error is None, error
        partition, offset = message.partition() or 0, message.offset() or 0
        if partition not in ends:
            continue  # came while we read
        headers: Headers = list(message.headers() or [])  # type: ignore[arg-type]
        yield Told(partition, offset, message.key(), message.value(), headers)
        if offset + 1 >= ends[partition]:
            del ends[partition]
