"""What can go wrong around the sink: each ends in all rows once, or a loud stop with the remedy."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from runtime.kafka import client_config
from schemas import Article
from tests.kafka.articles import make_article, make_articles
from tests.kafka.checks import check, dump_of, records_of
from tests.kafka.pipeline import Component, Pipeline, wait_until

SQLITE_FILE, FENCED, OFFSETS, TOPICS = 5, 6, 7, 4  # exit codes of `dealwire`


def publish_read(pipeline: Pipeline, articles: list[Article]) -> None:
    """Publish articles and what a worker sends of them: these tests need none."""
    pipeline.publish(
        record for article in articles for record in records_of(article, pipeline.topics)
    )


def assert_stopped(sink: Component, code: int, *words: str) -> None:
    """See that the sink stopped by itself, and said why and what to do in one line."""
    assert sink.wait(120) == code, sink.log_text()[-2000:]
    assert "Traceback" not in sink.log_text()
    last = sink.log_text().splitlines()[-1]
    for word in words:
        assert word in last


def test_a_second_sink_on_a_file_is_refused_and_one_behind_another_lock_fences_the_first_off(
    fault_pipeline: Pipeline,
) -> None:
    pipeline = fault_pipeline
    articles = make_articles(60)
    first = pipeline.sink()
    publish_read(pipeline, articles[:20])
    pipeline.wait_until_stored()
    db = pipeline.settings.db

    refused = pipeline.run("sink")
    assert refused.returncode == SQLITE_FILE
    assert "another sink writes" in refused.stderr
    alias = pipeline.folder / "elsewhere" / "alias.db"
    alias.parent.mkdir()
    alias.symlink_to(db)
    assert pipeline.run("sink", "--db", str(alias)).returncode == SQLITE_FILE, "by another name"

    # A lock that does not reach the second sink, as on a disk that two machines share.
    db.with_name(db.name + ".lock").unlink()
    second = pipeline.sink(restarts=True)
    wait_until("the second is up", lambda: "sink started" in second.log_text())
    publish_read(pipeline, articles[20:])
    assert_stopped(first, FENCED, "run only one")
    pipeline.components.remove(first)
    pipeline.wait_until_stored()
    check(pipeline, articles)


def test_a_locked_file_is_waited_for_and_then_stops_the_sink(fault_pipeline: Pipeline) -> None:
    pipeline = fault_pipeline
    articles = make_articles(40)
    patience = {"DEALWIRE_DB_BUSY_TIMEOUT_S": "3"}  # long enough for us to let go in time
    sink = pipeline.sink(**patience)
    publish_read(pipeline, articles[:10])
    pipeline.wait_until_stored()
    with closing(sqlite3.connect(pipeline.settings.db, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        publish_read(pipeline, articles[10:20])
        wait_until("the sink waits", lambda: "is locked by another program" in sink.log_text())
        other.execute("ROLLBACK")
        pipeline.wait_until_stored()

        other.execute("BEGIN IMMEDIATE")
        publish_read(pipeline, articles[20:])
        assert_stopped(sink, SQLITE_FILE, "another program holds a lock", "start again")
        at_start = pipeline.run("sink", **patience)
        assert at_start.returncode == SQLITE_FILE
        assert "another program holds a lock" in at_start.stderr
        other.execute("ROLLBACK")
    pipeline.components.remove(sink)
    pipeline.sink()
    pipeline.wait_until_stored()
    check(pipeline, articles)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Mount a file system of its own in `folder`; skips where that cannot be done."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    if done.returncode:
        pytest.skip(f"only root can mount a small disk: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_a_full_or_read_only_disk_stops_the_sink_and_a_restart_completes(
    fault_pipeline: Pipeline,
) -> None:
    pipeline = fault_pipeline
    disk = pipeline.folder / "disk"
    with small_disk(disk, "1m"):
        pipeline.settings = pipeline.settings.model_copy(update={"db": disk / "dealwire.db"})
        articles = [make_article(number, extra="word " * 4000) for number in range(60)]
        sink = pipeline.sink()
        publish_read(pipeline, articles)
        assert_stopped(sink, SQLITE_FILE, "the disk is full", "start again")
        assert pipeline.run("sink").returncode == SQLITE_FILE
        pipeline.components.remove(sink)

        remount(disk, "size=64m,ro")
        refused = pipeline.run("sink")
        assert refused.returncode == SQLITE_FILE
        assert "writable" in refused.stderr

        remount(disk, "rw")
        sink = pipeline.sink()
        pipeline.wait_until_stored()
        check(pipeline, articles)
        assert pipeline.stop(sink) == 0


def test_a_damaged_file_stops_the_sink_and_the_topics_rebuild_it(fault_pipeline: Pipeline) -> None:
    pipeline = fault_pipeline
    articles = make_articles(120)
    sink = pipeline.sink()
    publish_read(pipeline, articles)
    pipeline.wait_until_stored()
    before = dump_of(pipeline)
    assert pipeline.stop(sink) == 0
    db = pipeline.settings.db
    size = db.stat().st_size
    with db.open("r+b") as file:
        file.seek(size // 3)
        file.write(b"\xa5" * (size // 3))
    damaged = pipeline.run("sink")
    assert damaged.returncode == SQLITE_FILE
    assert "damaged" in damaged.stderr
    assert "move it away" in damaged.stderr

    db.rename(db.with_suffix(".damaged"))
    pipeline.sink()
    pipeline.wait_until_stored()
    check(pipeline, articles)
    assert dump_of(pipeline) == before


def admin(pipeline: Pipeline) -> AdminClient:
    return AdminClient(client_config(pipeline.settings))


def make_anew(pipeline: Pipeline, topic: str) -> None:
    client = admin(pipeline)
    client.delete_topics([topic])[topic].result(30)
    wait_until("gone", lambda: topic not in client.list_topics(timeout=10).topics)
    pipeline.create_topics()
    wait_until("back", lambda: topic in client.list_topics(timeout=10).topics)


def test_a_topic_made_anew_stops_the_sink_and_rereading_it_completes_everything(
    pipeline: Pipeline,
) -> None:
    articles = make_articles(60)
    events = pipeline.topics.deal_events.name
    sink = pipeline.sink()
    publish_read(pipeline, articles[:30])
    pipeline.wait_until_stored()

    # Under the running sink: it may see that the topic is away (4), or that it is another (7).
    make_anew(pipeline, events)
    publish_read(pipeline, articles)
    code = sink.wait(120)
    assert code in (TOPICS, OFFSETS), sink.log_text()[-1000:]
    pipeline.components.remove(sink)
    refused = pipeline.run("sink")
    assert refused.returncode == OFFSETS
    assert f"dealwire sink --reread {events}" in refused.stderr
    sink = pipeline.sink("--reread", events)
    pipeline.wait_until_stored()
    check(pipeline, articles)
    assert pipeline.stop(sink) == 0

    # While it was down.
    make_anew(pipeline, events)
    more = make_articles(80)
    publish_read(pipeline, more)
    refused = pipeline.run("sink")
    assert refused.returncode == OFFSETS
    assert f"dealwire sink --reread {events}" in refused.stderr
    pipeline.sink("--reread", events)
    pipeline.wait_until_stored()
    check(pipeline, more)


def test_messages_dropped_before_they_were_read_stop_the_sink(pipeline: Pipeline) -> None:
    articles = make_articles(60)
    topic = pipeline.topics.articles.name
    sink = pipeline.sink()
    publish_read(pipeline, articles[:20])
    pipeline.wait_until_stored()

    def drop_all() -> None:
        client = admin(pipeline)
        ends = [TopicPartition(topic, n, end) for n, end in pipeline.offsets(topic).items()]
        for future in client.delete_records(ends).values():
            future.result(30)

    # Under the sink, which hangs meanwhile.
    sink.send(signal.SIGSTOP)
    publish_read(pipeline, articles[20:40])
    drop_all()
    publish_read(pipeline, articles[:1])
    sink.send(signal.SIGCONT)
    assert_stopped(sink, OFFSETS, "dropped", f"dealwire sink --reread {topic}")
    pipeline.components.remove(sink)
    # While it is down.
    refused = pipeline.run("sink")
    assert refused.returncode == OFFSETS
    assert f"dealwire sink --reread {topic}" in refused.stderr
    # The articles come again, as a replay would bring them.
    publish_read(pipeline, articles)
    pipeline.sink("--reread", topic)
    pipeline.wait_until_stored()
    check(pipeline, articles)
