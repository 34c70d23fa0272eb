"""The embedded broker: librdkafka's mock cluster, out of the confluent-kafka wheel.

Kafka's protocol over real sockets on loopback, in a process of its own, with nothing to
install. For trying out and for tests: it has no admin calls, keeps nothing on disk, and drops
the oldest data of a partition above 5 MB, so whoever publishes must not outrun the readers.

    python -m runtime.embedded news.articles.v1:4 news.tags.v1:4

prints its address and stops when its standard input is closed.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.errors import DealwireError
from runtime.topics import Topics

PARTITION_BYTES = 5 * 1024 * 1024
"""What the mock cluster keeps of a partition (`rdkafka_mock.c`, max_size)."""

_RD_KAFKA_PRODUCER = 0


def load_librdkafka() -> ctypes.CDLL:
    """Return the librdkafka that the confluent-kafka wheel brings. Raises DealwireError."""
    import confluent_kafka  # its wheel has the library beside or inside the package

    package = Path(confluent_kafka.__file__).parent
    for folder in (package.parent / "confluent_kafka.libs", package / ".dylibs", package):
        for path in sorted(folder.glob("*rdkafka*")):
            library = ctypes.CDLL(str(path))
            if hasattr(library, "rd_kafka_mock_cluster_new"):
                return library
    raise DealwireError(
        "this confluent-kafka has no embedded broker: install its wheel from PyPI, or use "
        "`make kafka` or `docker compose up`"
    )


class MockCluster:
    """A mock cluster inside this process."""

    def __init__(self, brokers: int = 1) -> None:
        lib = self.lib = load_librdkafka()
        lib.rd_kafka_conf_new.restype = ctypes.c_void_p
        lib.rd_kafka_new.restype = ctypes.c_void_p
        lib.rd_kafka_new.argtypes = [
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ]
        lib.rd_kafka_mock_cluster_new.restype = ctypes.c_void_p
        lib.rd_kafka_mock_cluster_new.argtypes = [ctypes.c_void_p, ctypes.c_int]
        lib.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
        lib.rd_kafka_mock_cluster_bootstraps.argtypes = [ctypes.c_void_p]
        lib.rd_kafka_mock_topic_create.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.c_int,
        ]
        lib.rd_kafka_conf_set.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ]
        reason = ctypes.create_string_buffer(512)
        conf = lib.rd_kafka_conf_new()
        # Errors only: the cluster's own client is told of no brokers, and would say so.
        lib.rd_kafka_conf_set(conf, b"log_level", b"3", reason, 512)
        handle = lib.rd_kafka_new(_RD_KAFKA_PRODUCER, conf, reason, 512)
        if not handle:
            raise DealwireError(f"the embedded broker does not start: {reason.value.decode()}")
        self.cluster = ctypes.c_void_p(lib.rd_kafka_mock_cluster_new(handle, brokers))
        self.bootstrap: str = lib.rd_kafka_mock_cluster_bootstraps(self.cluster).decode()

    def create_topic(self, name: str, partitions: int) -> None:
        if error := self.lib.rd_kafka_mock_topic_create(self.cluster, name.encode(), partitions, 1):
            raise DealwireError(f"the embedded broker refuses topic {name}: error {error}")


@contextmanager
def embedded_broker(prefix: str) -> Iterator[dict[str, str]]:
    """Run an embedded broker in a child process; yield the settings that lead to it.

    The child ends with the block, and by itself should this process die.
    """
    topics = [f"{topic.name}:{topic.partitions}" for topic in Topics(prefix).all()]
    command = [sys.executable, "-m", "runtime.embedded", *topics]
    # A group of its own: Ctrl-C is for the parent, which ends its children in order.
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        assert child.stdin and child.stdout
        try:
            address = child.stdout.readline().decode().strip()
            if not address:
                raise DealwireError("the embedded broker ended before it was up")
            yield {"kafka": address, "kafka_cluster_id": f"embedded-{uuid.uuid4()}"}
        finally:
            child.stdin.close()
            child.wait(timeout=10)


def main(topics: list[str]) -> None:
    """Run a cluster with these topics, NAME:PARTITIONS, until standard input ends."""
    cluster = MockCluster()
    for topic in topics:
        name, _, partitions = topic.rpartition(":")
        cluster.create_topic(name, int(partitions))
    print(cluster.bootstrap, flush=True)
    sys.stdin.buffer.read()  # until whoever started us is gone


if __name__ == "__main__":
    main(sys.argv[1:])
