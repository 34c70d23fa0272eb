"""`dealwire feeds` as a process, killed at any moment."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from runtime.embedded import embedded_broker
from runtime.settings import Settings
from tests.conftest import Dealwire
from tests.embedded.feeds import published
from tests.feed_site import Feed, FeedSite, Story, feed_site

FEEDS = 20
KILLS = 15
LOOPBACK = "127.0.0.0/8"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Settings]:
    with embedded_broker("news") as address:
        yield Settings(
            **address,  # type: ignore[arg-type]
            state=tmp_path / "state.db",
            feeds=tmp_path / "feeds.toml",
            fetch_allow=LOOPBACK,
            fetch_gap_s=0,
            heartbeat=tmp_path / "heartbeat",
        )


@pytest.fixture
def site() -> Iterator[FeedSite]:
    with feed_site() as running:
        yield running


def write_list(settings: Settings, urls: list[str]) -> None:
    tables = "".join(f'[[feeds]]\nurl = "{url}"\n' for url in urls)
    settings.feeds.write_text(tables, "utf-8")


def make_all_due(settings: Settings) -> None:
    if settings.state.exists():
        with closing(sqlite3.connect(settings.state, timeout=30)) as db, db:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'feeds'").fetchone():
                db.execute("UPDATE feeds SET next_poll_at = '2000-01-01T00:00:00.000000+00:00'")


def start(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "feeds", *arguments],
        env=os.environ | settings.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_at_any_moment_no_article_is_missing_and_no_version_there_twice(
    broker: Settings, site: FeedSite, dealwire: Dealwire
) -> None:
    chance = random.Random(5)
    paths = [f"/feed/{number}" for number in range(FEEDS)]
    site.feeds = {path: Feed() for path in paths}
    write_list(broker, [site.url(path) for path in paths])
    expected: set[tuple[str, str]] = set()

    def write_news(turn: int) -> None:
        with site.lock:
            for number, path in enumerate(paths):
                stories = site.feeds[path].stories
                for new in range(3):
                    link = site.url(f"/a/{number}/{turn}/{new}")
                    stories.insert(0, Story("Story", f"Text {turn}.", link))
                if turn:  # and an edit of an earlier one
                    stories[3].text += f" Edited {turn}."
                for story in stories:
                    expected.add((str(story.link), f"Story\n\n{story.text}"))

    kills = 0
    for turn in range(KILLS):
        write_news(turn)
        make_all_due(broker)
        running = start(broker, "run")
        polls = sum(site.answers.values())
        deadline = time.monotonic() + 60
        # Somewhere between the first request and the last confirmation.
        while sum(site.answers.values()) < polls + chance.randrange(1, FEEDS):
            assert time.monotonic() < deadline, running.communicate()
            assert running.poll() is None, running.communicate()
            time.sleep(0.001)
        time.sleep(chance.random() * 0.05)
        kills += running.poll() is None
        running.send_signal(signal.SIGKILL)
        running.communicate()
        before = published(broker)
        assert max(Counter((a.article_id, a.version) for a in before).values(), default=1) == 1
    assert kills == KILLS
    for _ in range(2):
        make_all_due(broker)
        done = dealwire("feeds", "once", env=os.environ | broker.environ())
        assert done.returncode == 0, done.stderr
    found = Counter((str(article.url), article.text) for article in published(broker))
    last = {(str(s.link), f"Story\n\n{s.text}") for f in site.feeds.values() for s in f.stories}
    assert last <= set(found) <= expected, "each as it is now, and nothing that never was"
    assert max(found.values()) == 1


def test_stopped_in_order_it_ends_at_once_and_says_what_it_did(
    broker: Settings, site: FeedSite
) -> None:
    site.feeds["/feed"] = Feed(stories=[Story("A", "b", site.url("/a"))])
    write_list(broker, [site.url()])
    running = start(broker, "run", "--log-format", "json")
    deadline = time.monotonic() + 60
    while not published(broker):
        assert time.monotonic() < deadline, running.poll()
        time.sleep(0.1)
    assert broker.heartbeat is not None
    assert broker.heartbeat.exists()
    time.sleep(1)
    running.send_signal(signal.SIGTERM)
    _, told = running.communicate(timeout=15)
    assert running.returncode == 0, told
    assert '"published": 1' in told


def test_metrics_count_what_the_list_of_feeds_shows(
    broker: Settings, site: FeedSite, dealwire: Dealwire
) -> None:
    stories = [Story(f"A{n}", "b", site.url(f"/a{n}")) for n in range(3)]
    site.feeds = {"/good": Feed(stories=stories), "/gone": Feed(status=404)}
    write_list(broker, [site.url("/good"), site.url("/gone")])
    running = start(broker, "run", "--log-format", "json", "--metrics-port", "0")
    try:
        assert running.stderr is not None
        url = next(json.loads(line)["url"] for line in running.stderr if "/metrics" in line)
        deadline = time.monotonic() + 60
        found: dict[tuple[str, str], float] = {}
        good, gone = site.url("/good"), site.url("/gone")
        while not (
            ("dealwire_feed_articles_per_day", good) in found
            and found["dealwire_feed_failures", gone]
        ):
            assert time.monotonic() < deadline, found
            with urlopen(url) as answer:
                families = list(text_string_to_metric_families(answer.read().decode()))
            found = {
                (sample.name, sample.labels.get("feed", "")): sample.value
                for family in families
                for sample in family.samples
            }
        shown = dealwire("feeds", "list", env=os.environ | broker.environ()).stdout
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=15)
    rows = {row["url"]: row for row in map(json.loads, shown.splitlines())}
    for feed, row in rows.items():
        assert found["dealwire_feed_failures", feed] == row["failures"]
        due = datetime.fromisoformat(row["next_poll_at"]).timestamp()
        assert found["dealwire_feed_next_poll_timestamp_seconds", feed] == pytest.approx(due)
        assert found.get(("dealwire_feed_articles_per_day", feed)) == row["articles_a_day"]
    assert found["dealwire_feeds_polls_total", ""] == 2
    assert found["dealwire_feeds_published_total", ""] == 3
    assert found["dealwire_feeds_failed_total", ""] == 1
    assert (rows[good]["articles_a_day"], rows[gone]["failures"]) == (3, 1)
    assert running.returncode == 0


def test_a_port_of_metrics_that_is_taken_is_named(broker: Settings) -> None:
    write_list(broker, [])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        running = start(broker, "run", "--metrics-port", port)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 1
    assert f"127.0.0.1:{port}" in told and "--metrics-port" in told


def test_changes_of_the_list_are_taken_up_and_a_broken_list_changes_nothing(
    broker: Settings, site: FeedSite
) -> None:
    for number in range(3):
        site.feeds[f"/{number}"] = Feed(stories=[Story("A", f"b{number}", site.url(f"/a{number}"))])
    running = start(broker, "run")
    try:
        time.sleep(3)
        assert running.poll() is None, "without a list it waits"
        for number in range(3):
            if number == 1:
                broker.feeds.write_text("[[feeds]]\nurl = 7\n", "utf-8")
                time.sleep(2)
                assert running.poll() is None
            write_list(broker, [site.url(f"/{n}") for n in range(number + 1)])
            deadline = time.monotonic() + 30
            while len(published(broker)) < number + 1:
                assert time.monotonic() < deadline, running.poll()
                time.sleep(0.1)
    finally:
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=15)
    assert "is not used" in told


def test_two_at_a_time_are_refused(broker: Settings, dealwire: Dealwire) -> None:
    running = start(broker, "run")
    try:
        lock = broker.state.with_name("state.db.feeds.lock")
        deadline = time.monotonic() + 30
        while not lock.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        second = dealwire("feeds", "once", env=os.environ | broker.environ())
        assert second.returncode == 5
        assert "another `dealwire feeds` uses" in second.stderr
    finally:
        running.kill()
        running.communicate()


def test_without_a_broker_it_says_so_and_nothing_is_fetched(
    broker: Settings, site: FeedSite, dealwire: Dealwire
) -> None:
    write_list(broker, [site.url()])
    settings = broker.model_copy(update={"kafka": "127.0.0.1:1", "kafka_timeout_s": 1.0})
    done = dealwire("feeds", "once", env=os.environ | settings.environ())
    assert done.returncode == 3
    assert "no Kafka broker answers" in done.stderr
    assert site.requests == []
