"""Whatever is on a topic, the stream goes on: a dead letter with its cause and origin, or rows."""

from __future__ import annotations

import itertools
import json
from typing import Any

from confluent_kafka import Producer

from runtime.dead_letters import REPLAY_OF, why
from runtime.kafka import client_config
from schemas import Article, Record, record
from tests.kafka.articles import make_article, make_articles
from tests.kafka.checks import check, dump_of, records_of
from tests.kafka.odd_worker import BROKEN_WORD, CHATTY_WORD
from tests.kafka.pipeline import ODD_WORKER, Pipeline

GOOD = json.loads(make_article(0).model_dump_json())


def changed(**fields: Any) -> bytes:
    return json.dumps(GOOD | fields).encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


BAD: dict[str, bytes | None] = {
    "null": None,
    "empty": b"",
    "blank": b" \n\t",
    "not JSON": b"<html>no</html>",
    "half of it": changed()[:200],
    "two of them": changed() * 2,
    "a list": b"[]",
    "a number": b"17",
    "invalid UTF-8": b'{"text": "\xff\xfe"}',
    "UTF-16": "{}".encode("utf-16"),
    "binary": bytes(range(256)) * 20,
    "half a surrogate pair": changed().replace(b'"version"', b'"source": "\\ud83d", "version"'),
    "no id": without("article_id"),
    "no text": without("text"),
    "no time": without("fetched_at"),
    "empty id": changed(article_id=""),
    "text is a number": changed(text=17),
    "text is a list": changed(text=["a"]),
    "text is null": changed(text=None),
    "text is blank": changed(text=" \u00a0\n"),
    "no such day": changed(fetched_at="2026-02-30T00:00:00Z"),
    "no zone": changed(fetched_at="2026-02-03T00:00:00"),
    "before the first year": changed(fetched_at="0001-01-01T00:00:00+14:00"),
    "after the last year": changed(published_at="9999-12-31T23:59:59-14:00"),
    "version 0": changed(schema_version=0),
    "a long id": changed(article_id="a" * 10_000),
    "a long title": changed(title="a" * 100_000),
    "nested 10,000 deep": b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "objects nested 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a long number": changed().replace(
        b'"schema_version": 1', b'"schema_version": -' + b"9" * 5000
    ),
    "too long a text": changed(text="word " * 250_000),
}


def unusual(count: int) -> list[Article]:
    """Return articles that look odd and are none the worse for it."""
    texts = [
        "a" * 990_000,
        "\u0000\u0001\u0007\u001b[31m\u009b\u200b\ufeff\u202e control \u2028 characters \uffff",
        "腾讯收购一家公司，价格为三十亿美元。\nトヨタが出資。",
        "شركة تستحوذ على شركة مقابل ٣ مليارات دولار",
        "🦄" * 1000 + " 👩‍👩‍👧‍👦 e\u0301 \U0010ffff",
        "€" * 50_000 + "9" * 50_000 + " milliards",
        "'; DROP TABLE articles; -- <script>alert(1)</script> %s {} \\",
        "\n" * 10_000 + "x",
    ]
    base = make_article(0)
    return [
        Article.of(
            f"{text} {n}",
            url=f"https://odd.example/{n}",
            title=text[:99],
            fetched_at=base.fetched_at,
        )
        for n, text in zip(range(count), itertools.cycle(texts), strict=False)
    ]


def publish_raw(pipeline: Pipeline, records: list[Record], **config: Any) -> None:
    """Publish as somebody else's producer might."""
    settings = client_config(pipeline.settings) | {"message.max.bytes": 64 * 1024 * 1024}
    producer = Producer(settings | config)
    refused: list[object] = []
    for sent in records:
        producer.produce(
            sent.topic,
            sent.value,
            sent.key,
            headers=list(sent.headers),
            on_delivery=lambda error, _message: refused.append(error) if error else None,
        )
        producer.poll(0)
    assert producer.flush(60) == 0
    assert refused == []


def test_a_thousand_bad_messages_between_good_ones_are_dead_letters_and_the_stream_goes_on(
    pipeline: Pipeline,
) -> None:
    good, topic = make_articles(40), pipeline.topics.articles.name
    odd = unusual(16)
    headers = [("x", None), ("y", b"\xff"), ("traceparent", b"\x00"), (REPLAY_OF, b"\xff/0/1")]
    kinds = itertools.islice(itertools.cycle(BAD.values()), 1000)
    bad = [Record(topic, b"\xff%d" % (n % 5), value, headers) for n, value in enumerate(kinds)]
    sink, worker = pipeline.sink(), pipeline.worker()
    pipeline.replay(good[:20])
    publish_raw(pipeline, bad)
    # Each codec that a producer may choose, one message of each size.
    for codec, some in zip(("gzip", "snappy", "lz4", "zstd", "none"), _parts(odd, 5), strict=True):
        sent = [record(topic, article, "/test") for article in some]
        nothing = Record(topic, None, None, [("x", None)])
        publish_raw(
            pipeline,
            [*sent, nothing],
            **{"compression.type": codec},
        )
    pipeline.replay(good[20:])
    pipeline.wait_until_stored()
    check(pipeline, [*good, *odd])
    assert worker.process.poll() is None
    assert sink.process.poll() is None

    # Each is kept once, whole, with its cause, under the place where it was found.
    found = {
        (told.partition, told.offset): told
        for told in pipeline.read_topic(topic)
        if (told.value or b"") in {value or b"" for value in BAD.values()}
    }
    assert len(found) == 1005
    rows = {(row[3], row[4]): row for row in dump_of(pipeline)["dead_letters"]}
    assert rows.keys() == found.keys()
    for place, told in found.items():
        assert rows[place][2] == topic
        assert rows[place][5] == told.key
        assert rows[place][6] == (told.value if told.key else b"")
        assert rows[place][8], "the component"
        assert rows[place][10], "the cause"
    letters = pipeline.read_topic(pipeline.topics.dead_letters.name)
    places = {(_number(told, "partition"), _number(told, "offset")) for told in letters}
    assert places == found.keys()
    assert all(why(told.headers, "topic") == topic for told in letters)
    for told in letters:
        origin = found[_number(told, "partition"), _number(told, "offset")]
        assert (told.key, told.value or None) == (origin.key, origin.value or None)

    before = dump_of(pipeline)
    pipeline.replay(good)
    pipeline.wait_until_stored()
    assert dump_of(pipeline) == before


def _parts(items: list[Article], count: int) -> list[list[Article]]:
    return [items[n::count] for n in range(count)]


def _number(told: Any, name: str) -> int:
    return int(why(told.headers, name) or "-1")


def test_what_is_too_large_is_refused_at_the_door_or_told_without_its_bytes(
    fault_pipeline: Pipeline,
) -> None:
    pipeline = fault_pipeline
    good, topics = make_articles(10), pipeline.topics
    files = pipeline.folder / "large"
    files.mkdir()
    (files / "a.txt").write_text("word " * 2_000_000)
    (files / "b.jsonl").write_text(json.dumps({"text": "word " * 2_000_000}) + "\n")
    (files / "c.txt").write_text("word " * 210_000)
    done = pipeline.run("replay", str(files))
    assert done.returncode == 8, "done, but some input was skipped"
    assert done.stderr.count("skipped") == 4, done.stderr
    assert "the limit is" in done.stderr

    # Compressed, 10 MB fit through the broker's door.
    pipeline.sink()
    pipeline.start("process", module=ODD_WORKER)
    large = Record(
        topics.articles.name, b"k", json.dumps({"text": "word " * 2_000_000}).encode(), []
    )
    publish_raw(pipeline, [large], **{"compression.type": "zstd"})
    # A small article of which the reader has too much to say.
    chatty = make_article(99, extra=CHATTY_WORD)
    publish_raw(pipeline, [record(topics.articles.name, chatty, "/test")])
    pipeline.replay(good)
    pipeline.wait_until_stored()
    letters = _json_lines(pipeline, "dead-letters", "list")
    assert sorted((letter["bytes"] or 0) > 0 for letter in letters) == [False, True]
    assert all("limit" in letter["error"] for letter in letters), letters
    done = pipeline.run("dead-letters", "replay")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 sent again")
    pipeline.wait_until_stored()


def test_bad_messages_on_the_other_topics_stop_nothing_either(pipeline: Pipeline) -> None:
    good, topics = make_articles(20), pipeline.topics
    tags = json.loads(records_of(good[0], topics)[-1].value or b"")
    huge = 10**30
    amount = {"start": huge, "end": huge, "text": "", "low": 1, "high": 1, "currency": "EUR"}
    bad_tags = [
        None,
        b"",
        b"{}",
        json.dumps(tags | {"amounts": [amount]}).encode(),
        json.dumps(tags | {"extractor": "one"}).encode(),
        json.dumps(tags | {"article_fetched_at": "0001-01-01T00:00:00+14:00"}).encode(),
    ]
    replayed = [(REPLAY_OF, f"{topics.tags.name}/{huge}/{huge}".encode())]
    lost = [("__connect.errors.topic", b"\xff"), ("__connect.errors.partition", b"%d" % huge)]
    records = [
        *(Record(topics.tags.name, b"k", value, replayed) for value in bad_tags),
        *(Record(topics.deal_events.name, b"k", value, replayed) for value in bad_tags),
        Record(topics.dead_letters.name, None, None, []),
        Record(topics.dead_letters.name, b"\xff", b"?", [*lost, ("__connect.errors.offset", b"1")]),
        Record(topics.dead_letters.name, b"", b"", [("__connect.errors.topic", None)]),
    ]
    sink = pipeline.sink()
    publish_raw(pipeline, records)
    pipeline.publish(sent for article in good for sent in records_of(article, topics))
    pipeline.wait_until_stored()
    assert sink.process.poll() is None
    rows = dump_of(pipeline)
    assert len(rows["dead_letters"]) == len(records)
    assert len(rows["readings"]) == len(good)


def test_dead_letters_are_listed_shown_and_sent_again_after_a_mend(pipeline: Pipeline) -> None:
    broken = [make_article(n, extra=BROKEN_WORD) for n in range(5)]
    articles = [*broken, *make_articles(20, first=5)]
    pipeline.sink()
    worker = pipeline.start("process", module=ODD_WORKER)
    pipeline.replay(articles)
    pipeline.publish([Record(pipeline.topics.articles.name, b"k", b"never an article", [])])
    pipeline.wait_until_stored()
    assert pipeline.stop(worker) == 0

    rows = _json_lines(pipeline, "dead-letters", "list")
    assert len(rows) == 6
    assert {row["error"] for row in rows} >= {"a bug in the reader"}
    for row in (rows[0], rows[-1]):
        shown = _json_lines(pipeline, "dead-letters", "show", str(row["id"]))[0]
        assert shown["value"] == "never an article" or BROKEN_WORD in shown["value"]
        assert (shown["topic"], shown["offset"]) == (row["topic"], row["offset"])
    assert pipeline.run("dead-letters", "show", "999").returncode == 1
    assert pipeline.run("dead-letters", "replay", "999").returncode == 1

    # The mended worker reads them; what was never an article comes back as a new dead letter.
    pipeline.worker()
    done = pipeline.run("dead-letters", "replay")
    assert done.stdout == "6 sent again\n"
    pipeline.wait_until_stored()
    check(pipeline, articles)
    waiting = _json_lines(pipeline, "dead-letters", "list")
    assert len(waiting) == 1
    everything = _json_lines(pipeline, "dead-letters", "list", "--all")
    assert len(everything) == 7
    assert sum(row["replayed_at"] is not None for row in everything) == 6
    status = _json_lines(pipeline, "status")[0]
    assert status["dead_letters_waiting"] == 1
    assert sum(lag["behind"] for lag in status["lag"]) == 0


def _json_lines(pipeline: Pipeline, *command: str) -> list[dict[str, Any]]:
    done = pipeline.run(*command)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
