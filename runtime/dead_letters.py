"""Dead letters: what could not be read, whole, with its cause and where it came from.

The headers have the names that Kafka Connect gives them, which tools know:
https://kafka.apache.org/documentation/#connect_errorreporting (KIP-298).
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import ValidationError

from runtime.topics import MAX_DEAD_LETTER_BYTES
from schemas import Record
from schemas.cloudevents import Headers, header

PREFIX = "__connect.errors."
REPLAY_OF = "dealwire-replay-of"
"""Header of a message that `dead-letters replay` sends again: topic/partition/offset."""

LEFT_OUT = "dealwire-left-out"
"""Header of a dead letter without its contents: how many bytes they had."""

MAX_MESSAGE_CHARS = 1000
MAX_KEPT_BYTES = MAX_DEAD_LETTER_BYTES - 64 * 1024
"""Key, value and headers of a message; the rest is for why it is a dead letter."""


class Origin(NamedTuple):
    """Where a message was found."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Return the origin that `str` made. Raises ValueError.

        >>> Origin.parse("news.articles.v1/3/17")
        Origin(topic='news.articles.v1', partition=3, offset=17)
        """
        topic, partition, offset = text.rsplit("/", 2)
        return cls(topic, _number(partition), _number(offset))


def _number(text: str) -> int:
    """Return the partition or offset that `text` is. Raises ValueError."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError(f"{text} is no partition and no offset")
    return number


def explain(error: Exception) -> str:
    """Return what is wrong in one line, without the input itself.

    For a model's error, each field and its problem.
    """
    if isinstance(error, ValidationError):
        problems = (
            f"{'.'.join(map(str, detail['loc'])) or 'message'}: {detail['msg']}"
            for detail in error.errors(
                include_url=False, include_context=False, include_input=False
            )
        )
        text = "; ".join(problems)
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.split())[:MAX_MESSAGE_CHARS]


def size_bytes(record: Record) -> int:
    """Return how large a record is, uncompressed, as brokers count it, or a little more."""
    parts = [record.key, record.value, *(data for _, data in record.headers)]
    names = sum(len(name.encode()) + 10 for name, _ in record.headers)
    return sum(len(part) for part in parts if part) + names + 100


def dead_letter(
    topic: str,
    origin: Origin,
    key: bytes | None,
    value: bytes | None,
    headers: Headers | None,
    error: Exception,
    component: str,
) -> Record:
    """Return the record that carries a message to the dead letters of `topic`.

    A message that is too large for them (it came compressed) goes without its contents, and the
    letter says so: they are at their origin while that topic keeps them.
    """
    kept = [(name, data) for name, data in headers or () if not name.startswith(PREFIX)]
    size = size_bytes(Record(topic, key, value, kept))
    note = ""
    if size > MAX_KEPT_BYTES:
        note = f" (its {size:,} bytes are left out: the limit is {MAX_KEPT_BYTES:,})"
        key, value, kept = None, None, [(LEFT_OUT, str(size).encode())]
    why = {
        "topic": origin.topic,
        "partition": str(origin.partition),
        "offset": str(origin.offset),
        "connector.name": component,
        "exception.class.name": type(error).__name__,
        "exception.message": explain(error) + note,
    }
    if key is None and value is None:
        value = b""  # aiokafka sends no record that has neither
    added = [(PREFIX + name, text.encode("utf-8", "replace")) for name, text in why.items()]
    return Record(topic, key, value, [*kept, *added])


def why(headers: Headers | None, name: str) -> str | None:
    """Return one of the headers that `dead_letter` added, or None."""
    data = header(headers, PREFIX + name)
    return None if data is None else data.decode("utf-8", "replace")


def origin_of(headers: Headers | None) -> Origin | None:
    """Return where a dead letter came from, or None when its headers do not say."""
    topic, partition, offset = (why(headers, name) for name in ("topic", "partition", "offset"))
    try:
        return Origin(topic, _number(partition or ""), _number(offset or "")) if topic else None
    except ValueError:
        return None
