"""`dealwire replay` against a real broker: rates, interruptions, repetitions, refusals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from runtime.embedded import embedded_broker
from runtime.errors import DealwireError
from runtime.kafka import Publisher
from runtime.settings import Settings
from runtime.topics import Topics
from schemas import Article, Record
from tests.conftest import Dealwire

TOPIC = Topics("news").articles
ORIGINALS = Path(__file__).parents[3] / "shared" / "labelled" / "seeds" / "articles"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Settings]:
    with embedded_broker("news") as address:
        yield Settings(**address, state=tmp_path / "state.db")  # type: ignore[arg-type]


def published(settings: Settings) -> list[Article]:
    """Every article on the topic, read to the end of each partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka,
            "group.id": "test",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    numbers = range(TOPIC.partitions)
    consumer.assign([TopicPartition(TOPIC.name, n, OFFSET_BEGINNING) for n in numbers])
    found, at_end = [], set()
    while len(at_end) < TOPIC.partitions:
        message = consumer.poll(10)
        assert message is not None, "the broker does not answer"
        if message.error():
            at_end.add(message.partition())
        else:
            found.append(Article.model_validate_json(message.value() or b""))
    consumer.close()
    return found


def write_articles(path: Path, count: int) -> Path:
    lines = [json.dumps({"text": f"Text {n}.", "url": f"https://e.com/{n}"}) for n in range(count)]
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_articles_are_published_once_and_what_cannot_be_read_is_named(
    broker: Settings, dealwire: Dealwire, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_articles(folder / "a.jsonl", 3)
    (folder / "b.txt").write_bytes(b"caf\xe9")
    (folder / "c.txt").write_text("Headline\n\nText.", "utf-8")
    done = dealwire("replay", folder, env=os.environ | broker.environ())
    assert done.returncode == 8, done.stderr
    assert "b.txt: not UTF-8 text (byte 3)" in " ".join(done.stderr.split())
    assert "4 articles published, 1 skipped" in done.stderr
    assert {article.text for article in published(broker)} == {
        "Text 0.",
        "Text 1.",
        "Text 2.",
        "Headline\n\nText.",
    }


def test_the_same_files_again_are_the_same_articles_and_as_new_other_ones(
    broker: Settings, dealwire: Dealwire, tmp_path: Path
) -> None:
    path = write_articles(tmp_path / "a.jsonl", 5)
    env = os.environ | broker.environ()
    for _ in range(2):
        assert dealwire("replay", path, env=env).returncode == 0
    assert len({article.ce_id() for article in published(broker)}) == 5
    assert len({article.fetched_at for article in published(broker)}) == 1
    assert dealwire("replay", path, "--as-new", env=env).returncode == 0
    assert len({article.article_id for article in published(broker)}) == 10


def test_an_interrupted_replay_goes_on_where_it_stopped(
    broker: Settings, dealwire: Dealwire, tmp_path: Path
) -> None:
    path = write_articles(tmp_path / "a.jsonl", 400)
    env = os.environ | broker.environ()
    command = [sys.executable, "-m", "cli.main", "replay", str(path), "--rate", "100"]
    first = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(published(broker)) < 50 and time.monotonic() < deadline:
        time.sleep(0.1)
    first.send_signal(signal.SIGINT)
    _, told = first.communicate(timeout=30)
    assert first.returncode == 0, told
    before = len(published(broker))
    assert 50 <= before < 400
    second = dealwire("replay", path, env=env)
    assert f"{before} were published before" in second.stderr
    assert len(published(broker)) == 400, "nothing missing, nothing twice"
    assert "400 articles published" in dealwire("replay", path, env=env).stderr


def test_once_is_once_and_what_is_added_at_the_end_follows(
    broker: Settings, dealwire: Dealwire, tmp_path: Path
) -> None:
    path = write_articles(tmp_path / "a.jsonl", 3)
    env = os.environ | broker.environ()
    for count, added in ((3, 0), (3, 0), (5, 2)):
        write_articles(path, count)
        assert dealwire("replay", path, "--once", env=env).returncode == 0
        assert len(published(broker)) == 3 + added
    (tmp_path / "b.txt").write_text("Another file.", "utf-8")
    assert dealwire("replay", path, tmp_path / "b.txt", "--once", env=env).returncode == 0
    assert len(published(broker)) == 6
    assert dealwire("replay", path, "--once", "--restart", env=env).returncode == 0
    assert len(published(broker)) == 11


def test_a_rate_is_kept(broker: Settings, dealwire: Dealwire, tmp_path: Path) -> None:
    path = write_articles(tmp_path / "a.jsonl", 41)
    started = time.monotonic()
    done = dealwire("replay", path, "--rate", 20, env=os.environ | broker.environ())
    assert done.returncode == 0
    # A lower bound only: machines are slow at times, but never too early.
    assert time.monotonic() - started >= 40 / 20


def test_a_loop_goes_round_until_interrupted(broker: Settings, tmp_path: Path) -> None:
    path = write_articles(tmp_path / "a.jsonl", 3)
    command = [sys.executable, "-m", "cli.main", "replay", str(path), "--loop", "--as-new"]
    command += ["--rate", "50"]
    looping = subprocess.Popen(command, env=os.environ | broker.environ(), cwd=tmp_path)
    deadline = time.monotonic() + 30
    while len(published(broker)) < 20 and time.monotonic() < deadline:
        time.sleep(0.1)
    looping.send_signal(signal.SIGTERM)
    assert looping.wait(timeout=30) == 0
    found = published(broker)
    assert len({article.article_id for article in found}) == len(found) >= 20
    assert {article.text for article in found} == {"Text 0.", "Text 1.", "Text 2."}


def test_a_message_that_no_broker_would_take_is_refused_with_its_size(broker: Settings) -> None:
    publisher = Publisher(broker)
    with pytest.raises(DealwireError, match=r"a message of 20,000,000 bytes cannot be sent"):
        publisher.publish(Record(TOPIC.name, None, b"x" * 20_000_000, []))


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the five original articles are not here")
def test_the_original_articles_are_read_as_they_are(broker: Settings, dealwire: Dealwire) -> None:
    done = dealwire("replay", ORIGINALS, env=os.environ | broker.environ())
    assert done.returncode == 0, done.stderr
    texts = {article.text for article in published(broker)}
    assert texts == {path.read_text("utf-8") for path in ORIGINALS.glob("*.txt")}
    assert max(map(len, texts)) > 45_000
