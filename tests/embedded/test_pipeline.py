"""The whole pipeline on the embedded broker: real processes, a real protocol, a real file."""

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
from confluent_kafka import Producer

from cli.demo import Pipeline, embedded
from producers.documents import find_files
from runtime.embedded import PARTITION_BYTES
from runtime.settings import Settings
from runtime.topics import Topics
from sinks.dead_letters import list_dead_letters
from sinks.store import open_for_reading
from sinks.summary import count_rows
from tests.conftest import Dealwire
from tests.unit.test_sink import dump

SEEDS = Path(__file__).parent.parent.parent / "seeds"


def never() -> bool:
    return False


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with embedded(Settings(db=tmp_path / "deals.db"), tmp_path) as running:
        yield running


def test_the_demo_prints_deals_and_a_second_run_changes_nothing(
    dealwire: Dealwire, tmp_path: Path
) -> None:
    first = dealwire("demo", "--rate", 100)
    assert first.returncode == 0, first.stderr
    deals = [json.loads(line) for line in first.stdout.splitlines()]
    assert len(deals) >= 10
    assert {"acquisition", "investment"} <= {deal["type"] for deal in deals}
    assert all(deal["quote"] and deal["parties"] and deal["source"] for deal in deals)
    assert str(tmp_path / "dealwire.db") in first.stderr
    with open_for_reading(tmp_path / "dealwire.db") as db:
        before = dump(db)
    second = dealwire("demo", "--rate", 100, "--table")
    assert second.returncode == 0, second.stderr
    assert "the words that say so" in second.stdout
    with open_for_reading(tmp_path / "dealwire.db") as db:
        assert dump(db) == before


def processes_with(marker: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_demo_leaves_nothing_running(tmp_path: Path, sent: signal.Signals) -> None:
    marker = f"DEALWIRE_TEST_MARK={tmp_path}"
    demo = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "demo", "--rate", "0.1"],
        cwd=tmp_path,
        env=os.environ | {"DEALWIRE_TEST_MARK": str(tmp_path)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert demo.stderr is not None
    assert "are up" in demo.stderr.readline()
    assert len(processes_with(marker)) == 4, "the demo, its broker, worker and sink"
    demo.send_signal(sent)
    demo.wait(timeout=30)
    if sent != signal.SIGKILL:
        assert demo.returncode == 130
    deadline = time.monotonic() + 30
    while processes_with(marker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_with(marker) == []


def test_twenty_megabytes_pass_through_a_broker_that_keeps_five(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    path = tmp_path / "many.jsonl"
    size, count = 50_000, 420
    with path.open("w", encoding="utf-8") as lines:
        for number in range(count):
            text = f"Article {number}. " + "The weather stays fine in the north. " * (size // 37)
            lines.write(json.dumps({"text": text, "url": f"https://e.com/{number}"}) + "\n")
    assert path.stat().st_size > 20_000_000
    assert path.stat().st_size / 4 <= PARTITION_BYTES * 1.1, "more than a partition keeps, in all"
    done = pipeline.replay([path], None, never)
    pipeline.wait_until_stored(never)
    assert done.published == count
    with open_for_reading(pipeline.settings.db) as db:
        rows = count_rows(db)
    assert (rows["articles"], rows["readings"], rows["dead_letters"]) == (count, count, 0)


def test_bad_messages_become_dead_letters_and_the_stream_goes_on(pipeline: Pipeline) -> None:
    topic = Topics("news").articles.name
    bad: list[bytes | None] = [
        b"{",
        b"",
        None,
        b"\xff\xfe",
        b'{"article_id": "x"}',
        b"[" * 10_000 + b"]" * 10_000,
    ]
    producer = Producer({"bootstrap.servers": pipeline.settings.kafka})
    for number in range(300):
        producer.produce(topic, key=str(number).encode(), value=bad[number % len(bad)])
    assert producer.flush(30) == 0
    pipeline.replay(find_files([SEEDS]), None, never)
    pipeline.wait_until_stored(never)
    with open_for_reading(pipeline.settings.db) as db:
        rows = count_rows(db)
        letters = list_dead_letters(db, 1000, waiting=True)
    assert rows["readings"] == rows["articles"] == len(find_files([SEEDS]))
    assert len(letters) == 300
    assert len({(letter["partition"], letter["offset"]) for letter in letters}) == 300
    assert {letter["topic"] for letter in letters} == {topic}
    assert all(letter["error"] for letter in letters)


def test_dead_letters_can_be_sent_again(pipeline: Pipeline, dealwire: Dealwire) -> None:
    producer = Producer({"bootstrap.servers": pipeline.settings.kafka})
    producer.produce(Topics("news").articles.name, value=b"{")
    producer.flush(30)
    pipeline.wait_until_stored(never)
    env = os.environ | pipeline.settings.environ()
    done = dealwire("dead-letters", "replay", env=env)
    assert done.returncode == 0, done.stderr
    assert "1 sent again" in done.stdout
    pipeline.wait_until_stored(never)
    with open_for_reading(pipeline.settings.db) as db:
        letters = list_dead_letters(db, 10, waiting=False)
    assert [letter["replayed_at"] is not None for letter in letters] == [False, True]


def test_subscribers_get_the_events_they_ask_for(pipeline: Pipeline, dealwire: Dealwire) -> None:
    pipeline.replay(find_files([SEEDS]), None, never)
    pipeline.wait_until_stored(never)
    env = os.environ | pipeline.settings.environ()

    def subscribe(*more: object) -> list[dict]:
        done = dealwire("subscribe", "--from", "beginning", "--until-end", *more, env=env)
        assert done.returncode == 0, done.stderr
        # Partitions come in any order.
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return sorted(events, key=lambda event: event.get("event_id") or event["deal_id"])

    everything = subscribe()
    with open_for_reading(pipeline.settings.db) as db:
        stored = {row[0] for row in db.execute("SELECT event_id FROM deal_events")}
        settled = {row[0] for row in db.execute("SELECT deal_id FROM deals")}
    assert {event["event_id"] for event in everything} == stored
    assert {deal["deal_id"] for deal in subscribe("--settled")} == settled
    wanted = [e for e in everything if e["type"] == "acquisition" and e["status"] == "announced"]
    assert subscribe("--type", "acquisition", "--status", "announced") == wanted
    large = [e for e in everything if e["amount"] and (e["amount"]["high"] or 0) >= 1e10]
    assert len(large) > 0
    ids = {e["event_id"] for e in subscribe("--min-amount", "1e10")}
    assert ids >= {e["event_id"] for e in large}
    sure = [event for event in everything if event["confidence"] >= 0.6]
    assert subscribe("--min-confidence", "0.6") == sure
    assert len(subscribe("--count", 2)) == 2
    assert subscribe("--from", "2100-01-01") == []
    dollars = subscribe("--currency", "usd")
    assert dollars
    assert {event["amount"]["currency"] for event in dollars} == {"USD"}


def test_status_tells_how_far_everyone_is(pipeline: Pipeline, dealwire: Dealwire) -> None:
    pipeline.replay(find_files([SEEDS]), None, never)
    pipeline.wait_until_stored(never)
    done = dealwire("status", env=os.environ | pipeline.settings.environ())
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    count = len(find_files([SEEDS]))
    assert status["rows"]["articles"] == count
    assert {lag["behind"] for lag in status["lag"]} == {0}
    assert [lag["read"] for lag in status["lag"] if lag["topic"].endswith("tags.v1")] == [count]
    assert status["dead_letters_waiting"] == 0
    assert status["newest_article_age_s"] > 0
    table = dealwire("status", "--table", env=os.environ | pipeline.settings.environ()).stdout
    assert "behind" in table
