"""Dead letters: what could not be read, whole, with its cause and where it came from.

The headers have the names that Kafka Connect gives them, which tools know:
https://kafka.apache.org/documentation/#connect_errorreporting (KIP-298).
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from schemas import Record
from schemas.cloudevents import Headers, header

PREFIX = "__connect.errors."
REPLAY_OF = "dealwire-replay-of"
"""Header of a message that `dead-letters replay` sends again: topic/partition/offset."""

MAX_MESSAGE_CHARS = 1000


@dataclass(frozen=True)
class Origin:
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
        return cls(topic, int(partition), int(offset))


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


def dead_letter(
    topic: str,
    origin: Origin,
    key: bytes | None,
    value: bytes | None,
    headers: Headers | None,
    error: Exception,
    component: str,
) -> Record:
    """Return the record that carries a message to the dead letters of `topic`."""
    why = {
        "topic": origin.topic,
        "partition": str(origin.partition),
        "offset": str(origin.offset),
        "connector.name": component,
        "exception.class.name": type(error).__name__,
        "exception.message": explain(error),
    }
    kept = [(name, data) for name, data in headers or () if not name.startswith(PREFIX)]
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
        return Origin(topic or "", int(partition or ""), int(offset or "")) if topic else None
    except ValueError:
        return None
