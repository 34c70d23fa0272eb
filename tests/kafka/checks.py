"""The one check that every test of the pipeline ends with: sets, not counts."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime

from processors.reader import Reader
from runtime.dead_letters import Origin
from runtime.topics import Topics
from schemas import Article, DealEvent, Record, Tags, record
from sinks.batch import Batch, Incoming, write_batch
from sinks.migrations import migrate
from tests.kafka.pipeline import Pipeline, Told

ROW_TABLES = (
    "articles",
    "readings",
    "reading_events",
    "entities",
    "amounts",
    "deal_events",
    "deals",
    "deal_parties",
)
"""What follows from the articles alone; the other tables tell how and when they came."""

Dump = dict[str, list[tuple[object, ...]]]


def dump(db: sqlite3.Connection, tables: Iterable[str] = (*ROW_TABLES, "dead_letters")) -> Dump:
    """Return all rows of these tables, in an order of their own."""
    return {
        table: sorted((tuple(row) for row in db.execute(f"SELECT * FROM {table}")), key=repr)
        for table in tables
    }


def dump_of(pipeline: Pipeline) -> Dump:
    with closing(sqlite3.connect(pipeline.settings.db)) as db:
        return dump(db)


@functools.cache
def _reader() -> Reader:
    return Reader()


@functools.cache
def records_of(article: Article, topics: Topics) -> list[Record]:
    """Return what an article puts on the topics: itself, and what a worker sends of it."""
    tags, events = _reader().read(article)
    return [
        record(topics.articles.name, article, "/test"),
        *(record(topics.deal_events.name, event, "/test") for event in events),
        record(topics.tags.name, tags, "/test"),
    ]


def undisturbed(articles: Iterable[Article]) -> Dump:
    """Return the rows of a run without brokers or processes: articles, reader, tables."""
    topics, moment = Topics("test"), datetime(2026, 1, 1, tzinfo=UTC)
    records = [sent for article in articles for sent in records_of(article, topics)]
    messages = [
        Incoming(Origin(sent.topic, 0, number), sent.key, sent.value, sent.headers, moment)
        for number, sent in enumerate(records)
    ]
    with closing(sqlite3.connect(":memory:")) as db:
        migrate(db)
        topic_ids = {topic.name: "" for topic in topics.all()}
        write_batch(db, Batch(topics, messages), "none", topic_ids)
        return dump(db, ROW_TABLES)


def check(pipeline: Pipeline, articles: list[Article]) -> None:
    """See that every one of `articles`, and nothing else, was read and stored exactly once.

    The articles are all versions ever published; duplicates among them do not matter.
    """
    topics = pipeline.topics
    published = {(a.article_id, a.version) for a in articles}
    newest = _newest(articles)

    on_topic = [_of(Article, told) for told in pipeline.read_topic(topics.articles.name)]
    readable = {(a.article_id, a.version) for a in on_topic if a is not None}
    assert readable == published, "the articles' topic has what was published"

    tags = pipeline.read_topic(topics.tags.name)
    read = [Tags.model_validate_json(told.value or b"") for told in tags]
    assert {(t.article_id, t.article_version) for t in read} == published, "every version is read"
    _same_id_same_bytes(tags)

    events = pipeline.read_topic(topics.deal_events.name)
    told_events = [DealEvent.model_validate_json(told.value or b"") for told in events]
    listed = {event_id for t in read for event_id in t.deal_event_ids}
    assert {event.event_id for event in told_events} == listed, "every deal event listed is sent"
    _same_id_same_bytes(events)

    with closing(sqlite3.connect(pipeline.settings.db)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        readings = db.execute("SELECT article_id, version FROM readings").fetchall()
        assert sorted(readings) == sorted(newest.items()), "one reading an article, of its newest"
        stored = [row[0] for row in db.execute("SELECT event_id FROM deal_events")]
        assert sorted(stored) == sorted(listed), "every deal event is stored once"
        assert db.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        _check_offsets(pipeline, db)
        _check_deals(pipeline, db)
        rows = dump(db, ROW_TABLES)
    expected = undisturbed(articles)
    for table, lines in expected.items():
        assert rows[table] == lines, f"{table} as after an undisturbed run"


def _newest(articles: list[Article]) -> dict[str, str]:
    in_order = sorted(articles, key=lambda a: (a.fetched_at, a.version))
    return {article.article_id: article.version for article in in_order}


def _of(model: type[Article], told: Told) -> Article | None:
    """Return the article, or None for a message that was published to be refused."""
    try:
        return model.model_validate_json(told.value or b"")
    except ValueError:
        return None


def _same_id_same_bytes(messages: list[Told]) -> None:
    seen: dict[object, object] = {}
    for told in messages:
        said = dict(told.headers)
        assert seen.setdefault(said["ce_id"], (told.key, told.value)) == (told.key, told.value)


def _check_offsets(pipeline: Pipeline, db: sqlite3.Connection) -> None:
    topics = pipeline.topics
    rows = db.execute(
        "SELECT topic, partition, next_offset FROM offsets WHERE topic LIKE ?",
        (f"{topics.prefix}.%",),
    ).fetchall()
    stored = {(topic, partition): offset for topic, partition, offset in rows}
    assert len(stored) == len(rows), "offsets of one cluster"
    for topic in (topics.articles, topics.tags, topics.deal_events, topics.dead_letters):
        for partition, end in pipeline.offsets(topic.name).items():
            assert stored.get((topic.name, partition), 0) == end, f"{topic.name}/{partition}"


def _check_deals(pipeline: Pipeline, db: sqlite3.Connection) -> None:
    """See that the last word of each key on the deals' topic is the row."""
    last: dict[bytes | None, bytes | None] = {}
    for told in pipeline.read_topic(pipeline.topics.deals.name):
        last[told.key] = told.value
    said = {(key or b"").decode(): json.loads(value) for key, value in last.items() if value}
    rows = {row[0]: json.loads(row[1]) for row in db.execute("SELECT deal_id, deal FROM deals")}
    assert said == rows, "the deals' topic says what the table says"
