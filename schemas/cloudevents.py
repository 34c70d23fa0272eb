"""Events as Kafka records: CloudEvents 1.0 in Kafka's binary content mode.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.event import Event

Headers = list[tuple[str, bytes | None]]

TRACEPARENT = "traceparent"
"""https://www.w3.org/TR/trace-context/ - passed on from input to output as it came."""


class Record(NamedTuple):
    """One Kafka record to be sent; `value` None is a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def record(topic: str, event: Event, source: str, traceparent: bytes | None = None) -> Record:
    """Return `event` as a record of `topic`; `source` is the component that speaks, a URI path."""
    headers: Headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event.ce_id().encode()),
        ("ce_type", event.ce_type.encode()),
        ("ce_source", source.encode()),
        ("ce_time", event.ce_time().isoformat().encode()),
        ("content-type", b"application/json"),
    ]
    if traceparent:
        headers.append((TRACEPARENT, traceparent))
    value = event.model_dump_json().encode()
    return Record(topic, event.key().encode(), value, headers)


def header(headers: Headers | None, name: str) -> bytes | None:
    """Return the value of the last header called `name`, or None."""
    return dict(headers).get(name) if headers else None
