"""Apache Kafka on this machine, from Maven's jars: for work, and tests, without Docker.

    python -m runtime.apache_kafka [--port 9092] [--data DIR]

runs one broker, which is its own KRaft controller, on loopback until Ctrl-C. The jars are fetched
once, 43 MB into .kafka/; the data stays in .kafka/data.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from runtime.errors import DealwireError
from runtime.kafka_jars import HOME, JARS, VERSION, fetch_jars, java
from runtime.logs import KAFKA_LOG

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
# Small, and quick to start: this broker is for one machine.
JVM = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Djava.awt.headless=true")
LOG_LEVEL = "-Dlog4j2.level=INFO"
"""Without a configuration, log4j writes to standard output, which goes to the log file."""


def free_port() -> int:
    """Return a port of loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def server_properties(port: int, controller_port: int, host: str = HOST) -> dict[str, str]:
    """Return the settings of one broker that is its own controller; clients come to `host`."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listeners": f"PLAINTEXT://{host}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "listener.security.protocol.map": (
            "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,"
            "SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"
        ),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
    }


class ApacheKafka:
    """A broker in a process of its own; `folder` keeps its data and its log.

    `listeners` are added to the plain one, as `SASL_PLAINTEXT://127.0.0.1:9093`; `properties` win
    over our own; `users` of SCRAM-SHA-512, name and password, are made when the data is.
    """

    def __init__(
        self,
        port: int,
        folder: Path,
        *,
        listeners: Sequence[str] = (),
        properties: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.address = f"{HOST}:{port}"
        self.listeners = {url.partition(":")[0]: url.partition("://")[2] for url in listeners}
        self.log = folder / "kafka.log"
        self._port = port
        self._folder = folder
        self._data = folder / "data"
        self._listeners = listeners
        self._more = dict(properties or {})
        self._users = dict(users or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the broker and return once it answers. Raises DealwireError."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self._port))
            except OSError as error:
                raise DealwireError(
                    f"{self.address} cannot be listened on ({error.strerror}): end what does so "
                    "already, or take another port with --port"
                ) from error
        run = [java(), *JVM, LOG_LEVEL, "-cp", f"{fetch_jars()}/*"]
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._write_properties()
        with self.log.open("ab") as log:
            if not (self._data / "meta.properties").exists():
                self._format(run, config)
            # A group of its own: Ctrl-C is for us, and we stop it in order.
            self._process = subprocess.Popen(
                [*run, "kafka.Kafka", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop the broker in order; it is killed when it takes too long."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the broker as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let the broker hang: its connections stay open, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log_tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])

    def _write_properties(self) -> Path:
        values = server_properties(self._port, free_port())
        for name in ("listeners", "advertised.listeners"):
            values[name] = ",".join([values[name], *self._listeners])
        values |= {"log.dirs": str(self._data)} | self._more
        config = self._folder / "server.properties"
        # Backslashes begin an escape in a .properties file.
        lines = (f"{name}={value}\n".replace("\\", "\\\\") for name, value in values.items())
        config.write_text("".join(lines), "utf-8")
        return config

    def _format(self, run: Sequence[str], config: Path) -> None:
        # A new id for new data: readers keep their offsets by it, and these would not fit.
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        users = [
            part
            for name, password in self._users.items()
            for part in ("--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]")
        ]
        # The id may begin with a dash: it is joined to its option.
        options = [f"--cluster-id={cluster_id}", f"--config={config}", *users]
        command = [*run, "kafka.tools.StorageTool", "format", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DealwireError(
                f"Kafka cannot use {self._data}: see that it is empty and writable, or name "
                f"another folder with --data\n{(done.stdout + done.stderr)[-300:]}"
            )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if not self.runs():
                raise DealwireError(f"Kafka ended at once, see {self.log}:\n{self.log_tail()}")
            if self._listens() and self._answers():
                return
            time.sleep(0.05)
        raise DealwireError(f"Kafka does not come up, see {self.log}:\n{self.log_tail()}")

    def _listens(self) -> bool:
        try:
            with socket.create_connection((HOST, self._port), timeout=1):
                return True
        except OSError:
            return False

    def _answers(self) -> bool:
        config: dict[str, Any] = {"bootstrap.servers": self.address, "logger": KAFKA_LOG}
        client = AdminClient(config)
        try:
            return bool(client.list_topics(timeout=2).brokers)
        except KafkaException:
            return False


def main() -> None:
    """Run the broker until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m runtime.apache_kafka",
        description=f"Run Apache Kafka {VERSION} on loopback, from Maven's jars (Java 17, mvn).",
    )
    parser.add_argument("--port", type=int, default=9092, help="default %(default)s")
    parser.add_argument("--data", type=Path, default=HOME, help="folder, default %(default)s")
    options = parser.parse_args()
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    kafka = ApacheKafka(options.port, options.data.absolute())
    try:
        if not JARS.is_dir():
            print("fetching Apache Kafka's jars, once ...", flush=True)
        kafka.start()
        print(_next_steps(kafka), flush=True)
        while not asked.wait(0.5):
            if not kafka.runs():
                raise DealwireError(f"Kafka ended, see {kafka.log}:\n{kafka.log_tail()}")
        print("stopping ...", flush=True)
        kafka.stop()
    except DealwireError as error:
        sys.exit(f"kafka: {error}")


def _next_steps(kafka: ApacheKafka) -> str:
    dealwire = os.path.relpath(Path(sys.executable).parent / "dealwire")
    return f"""\
Apache Kafka {VERSION} is up at {kafka.address}; Ctrl-C stops it. Its log: {kafka.log}
What to do next, in other terminals:
  export DEALWIRE_KAFKA={kafka.address}
  {dealwire} topics create
  {dealwire} sink            # topics into the SQLite file
  {dealwire} process         # a worker
  {dealwire} replay seeds    # articles
  {dealwire} deals"""


if __name__ == "__main__":
    main()
