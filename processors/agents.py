"""The map of the pipeline: which topic goes through what to which topics."""

from __future__ import annotations

from faust import StreamT
from mode import CrashingSupervisor

from processors.reader import Reader
from runtime.faust_app import SETTINGS, TOPICS, raw_topic
from runtime.faust_app import app as app
from runtime.heartbeat import beat
from runtime.relay import relay
from schemas import Article, Record, record
from schemas.cloudevents import TRACEPARENT, Headers, header

READER = Reader()
READER_URI = "/dealwire/reader"


def read(value: bytes | None, headers: Headers) -> list[Record]:
    """Return the deal events and the tags of an article. Raises ValueError on anything else."""
    if value is None:
        raise ValueError("the message has no value")
    article = Article.model_validate_json(value)
    tags, deal_events = READER.read(article)
    trace = header(headers, TRACEPARENT)
    return [
        *(record(TOPICS.deal_events.name, event, READER_URI, trace) for event in deal_events),
        record(TOPICS.tags.name, tags, READER_URI, trace),
    ]


@app.agent(raw_topic(app, TOPICS.articles), supervisor_strategy=CrashingSupervisor, concurrency=1)
async def read_articles(stream: StreamT[bytes]) -> None:
    """articles -> deal events, tags"""
    await relay(stream, read, SETTINGS, READER_URI)


@app.timer(interval=1.0)  # type: ignore[untyped-decorator]
async def heartbeat() -> None:
    """Show that the event loop gets on."""
    beat(SETTINGS.heartbeat)
