"""Feeds: how many a core can poll, in how much memory; and a load through to SQLite."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition

from benchmarks.feed_server import article_url, feed_url
from benchmarks.measure import Figure
from benchmarks.processes import (
    Child,
    cpu_s,
    dealwire,
    rss_bytes,
    running,
    topics_of_its_own,
    wait_until,
)
from runtime.apache_kafka import free_port
from runtime.errors import DealwireError
from runtime.kafka import client_config
from runtime.settings import Settings
from runtime.topics import Topics
from sinks.store import open_for_reading

MB = 1024 * 1024
ENTRIES = 20
"""A feed shows, when it is polled for the first time."""
ROUND_S = 300.0
"""In which each of the feeds is to be polled once."""
ROUND_TIMEOUT_S = 900.0
SETTLE_S = 600.0


@dataclass
class Site:
    """The server of the feeds, a process of its own."""

    process: subprocess.Popen[str]
    urls: list[str]
    last: int
    """Number of the article that appeared last, from 0."""

    def appear(self, rate: float, seconds: float) -> None:
        """Let articles appear; return when they have."""
        assert self.process.stdin
        print(f"{rate} {seconds}", file=self.process.stdin, flush=True)
        self.last = self._read()

    def _read(self) -> int:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise DealwireError("the server of the feeds has ended")
        return int(line)


@contextmanager
def site(hosts: int, feeds: int, entries: int) -> Iterator[Site]:
    """Run the server of the feeds."""
    port = free_port()
    arguments = [str(number) for number in (port, hosts, feeds, entries)]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.feed_server", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        server = Site(process, [feed_url(port, hosts, number) for number in range(feeds)], -1)
        try:
            server.last = server._read()
            yield server
        finally:
            process.kill()


def with_feeds(settings: Settings, urls: list[str]) -> Settings:
    """Return settings with a list of these feeds, to be polled as often as may be."""
    settings = settings.model_copy(
        update={"feeds": settings.db.with_name("feeds.toml"), "fetch_allow": "127.0.0.0/8"}
    )
    tables = (f'[[feeds]]\nurl = "{url}"\ninterval_minutes = 5\n' for url in urls)
    settings.feeds.write_text("".join(tables), "utf-8")
    return settings


def polled(settings: Settings) -> int:
    """Return how many feeds were polled with success."""
    if not settings.state.exists():
        return 0
    with closing(sqlite3.connect(settings.state, timeout=30)) as db:
        try:
            count: int = db.execute("SELECT count(succeeded_at) FROM feeds").fetchone()[0]
        except sqlite3.OperationalError:  # it is being made
            return 0
    return count


def feeds(address: str, quick: bool) -> list[Figure]:
    """Poll many feeds for the first time, each a document of new articles, on one core."""
    count, hosts = (100, 50) if quick else (1000, 250)
    with topics_of_its_own(address) as settings, site(hosts, count, ENTRIES) as server:
        settings = with_feeds(settings, server.urls)
        with dealwire(settings, "feeds", "run") as child:
            os.sched_setaffinity(child.pid, {0})
            wait_until("the first feed is polled", lambda: polled(settings), 60)
            start, cpu, before = time.perf_counter(), cpu_s(child.pid), polled(settings)
            peak = _watch(settings, child, count)
            seconds, cpu = time.perf_counter() - start, cpu_s(child.pid) - cpu
        on_topic = messages(settings)
        if on_topic != server.last + 1:
            raise DealwireError(f"{server.last + 1} articles appeared, {on_topic} were published")
    done = count - before
    share = cpu / done * 1000 / ROUND_S
    return [
        Figure(
            f"{count:,} feeds of {ENTRIES} new articles each, one core",
            f"{done / seconds:.1f} polls/s, {done * ENTRIES / seconds:,.0f} articles/s",
            f"processor time a poll: {1000 * cpu / done:.0f} ms",
            target="3.3 polls/s (1,000 feeds in 5 minutes)",
        ),
        Figure(
            "share of a core, 1,000 feeds polled every 5 minutes, all of them all new",
            f"{100 * share:.0f} %",
            target="100 %",
        ),
        Figure(f"memory of `feeds run`, {count:,} feeds", f"{peak / MB:.0f} MB", target="200 MB"),
    ]


def _watch(settings: Settings, child: Child, count: int) -> int:
    """Wait until all feeds are polled; return the greatest memory."""
    peak = 0

    def is_done() -> bool:
        nonlocal peak
        child.check()
        peak = max(peak, rss_bytes(child.pid))
        time.sleep(0.2)
        return polled(settings) >= count

    wait_until("all feeds are polled", is_done, ROUND_TIMEOUT_S)
    return peak


def feeds_load(address: str, quick: bool) -> list[Figure]:
    """12 articles a second for ten minutes, 60 for one, from the site to SQLite: none lost."""
    count, hosts = (60, 30) if quick else (1000, 250)
    parts = ((12.0, 20.0), (60.0, 5.0)) if quick else ((12.0, 600.0), (60.0, 60.0))
    with (
        topics_of_its_own(address) as settings,
        site(hosts, count, 0) as server,
        running(settings, 1) as pipeline,
    ):
        settings = with_feeds(settings, server.urls)
        with dealwire(settings, "feeds", "run") as child:
            wait_until("all feeds are polled", lambda: polled(settings) >= count, ROUND_TIMEOUT_S)
            cpu, start = cpu_s(child.pid), time.perf_counter()
            for rate, seconds in parts:
                server.appear(rate, seconds)
            total = server.last + 1
            peak = 0

            def is_stored() -> bool:
                nonlocal peak
                child.check()
                peak = max(peak, rss_bytes(child.pid))
                time.sleep(0.5)
                return pipeline.stored() >= total

            wait_until("all is stored", is_stored, SETTLE_S)
            cpu, seconds = cpu_s(child.pid) - cpu, time.perf_counter() - start
        on_topic = messages(settings)
        with open_for_reading(settings.db) as db:
            stored = {row[0] for row in db.execute("SELECT url FROM articles")}
    lost = {article_url(number) for number in range(total)} - stored
    name = " and ".join(f"{rate:.0f}/s for {seconds:.0f} s" for rate, seconds in parts)
    return [
        Figure(
            f"{count:,} feeds to SQLite, {name}",
            f"{total:,} articles, {len(lost)} lost, {on_topic - total} twice",
            f"`feeds run`: {100 * cpu / seconds:.0f} % of a core, {peak / MB:.0f} MB",
            target="none lost, none twice",
        )
    ]


def messages(settings: Settings) -> int:
    """Return how many messages the topic of articles has."""
    topic = Topics(settings.topic_prefix).articles
    client = Consumer(client_config(settings) | {"group.id": "bench"})
    try:
        ends = (
            client.get_watermark_offsets(TopicPartition(topic.name, number), timeout=15)[1]
            for number in range(topic.partitions)
        )
        return sum(ends)
    finally:
        client.close()
