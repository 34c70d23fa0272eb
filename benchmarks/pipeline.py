"""The whole way on Apache Kafka: how fast, how soon, and in how much memory."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from datetime import UTC, datetime
from statistics import mean
from typing import NamedTuple

from benchmarks.articles import make_articles
from benchmarks.measure import Figure, share
from benchmarks.processes import Running, cpu_s, rss_bytes, running, topics_of_its_own, wait_until
from benchmarks.reading import KINDS, read_cpu
from processors.reader import Reader
from runtime.collector import spare_collector
from runtime.kafka import Publisher
from runtime.topics import Topics
from schemas import Article, record
from sinks.store import open_for_reading

WARM_UP = 100
DRAIN_TIMEOUT_S = 90.0
URI = "/dealwire/bench"
MB = 1024 * 1024


def end_to_end(address: str, quick: bool) -> list[Figure]:
    """A backlog of articles through worker and sink, beside the reader alone in the same run."""
    reader = Reader()
    spare_collector()  # as the worker does
    seconds = 0.5 if quick else 1.5
    figures = []
    for kind, deal_share in KINDS.items():
        sample = list(make_articles(300, deal_share))
        before = read_cpu(reader, sample, seconds)
        count = int(before[0] * (1.5 if quick else 8))
        articles = list(make_articles(count, deal_share, seed=2))
        one = _drain(address, articles, 1)
        after = read_cpu(reader, sample, seconds)
        alone, alone_core = (mean(pair) for pair in zip(before, after, strict=True))
        name = f"end to end, {kind}"
        figures += [
            _figure(f"{name}, 1 worker", one.a_second, "reader alone", alone, "0.70"),
            _figure(
                f"{name}, per second of the worker's processor time",
                one.a_core_second,
                "reader alone",
                alone_core,
                "0.70",
            ),
        ]
        if not quick or kind == "one deal article in ten":
            two = _drain(address, articles, 2)
            figures += [
                _figure(f"{name}, 2 workers", two.a_second, "1 worker", one.a_second, ""),
                _figure(
                    f"{name}, 2 workers, per second of the busier one's processor time",
                    two.a_core_second,
                    "1 worker",
                    one.a_core_second,
                    "1.70",
                ),
            ]
    return figures


def _figure(name: str, rate: float, what: str, beside: float, target: str) -> Figure:
    rates = f"{rate:,.0f} articles/s", f"{what}: {beside:,.0f}"
    return Figure(name, *rates, rate / beside, target)


class _Drained(NamedTuple):
    """How fast a backlog went from topic to SQLite."""

    a_second: float
    a_core_second: float
    """What it would be if each worker had a core, and waited for nothing."""


def _drain(address: str, articles: list[Article], workers: int) -> _Drained:
    with (
        topics_of_its_own(address) as settings,
        running(settings, workers) as pipeline,
    ):
        total = pipeline.replay(make_articles(WARM_UP, 0.1, seed=3))
        wait_until("all is warm", lambda: pipeline.stored() >= total, DRAIN_TIMEOUT_S)
        with pipeline.frozen():
            total += pipeline.replay(articles)
        start, before = time.perf_counter(), [cpu_s(pid) for pid in pipeline.workers]
        wait_until("all is stored", lambda: pipeline.stored() >= total, DRAIN_TIMEOUT_S)
        seconds = time.perf_counter() - start
        cpu = [cpu_s(pid) - was for pid, was in zip(pipeline.workers, before, strict=True)]
        return _Drained(len(articles) / seconds, len(articles) / max(cpu))


def latency(address: str, quick: bool) -> list[Figure]:
    """From `publish` to the moment when a reader of the SQLite file sees the reading."""
    figures = []
    for rate, seconds in ((12, 5 if quick else 40), (60, 5 if quick else 30)):
        with topics_of_its_own(address) as settings, running(settings, 1) as pipeline:
            total = pipeline.replay(make_articles(WARM_UP, 0.1, seed=3))
            wait_until("all is warm", lambda: pipeline.stored() >= total, DRAIN_TIMEOUT_S)  # noqa: B023
            delays = _delays(pipeline, list(make_articles(rate * seconds, 0.1)), rate)
        p50, p99 = (1000 * share(delays, part) for part in (0.5, 0.99))
        figures.append(
            Figure(
                f"latency at {rate} articles a second",
                f"p50 {p50:.0f} ms, p99 {p99:.0f} ms",
                f"worst of {len(delays):,}: {1000 * max(delays):.0f} ms",
                target="p99 below 100 ms" if rate == 60 else "",
            )
        )
    return figures


def _delays(pipeline: Running, articles: list[Article], rate: float) -> list[float]:
    """Publish at a mean rate, at random moments; return the seconds until each row was seen."""
    sent: dict[str, float] = {}
    delays: list[float] = []
    watcher = threading.Thread(target=_watch, args=(pipeline, sent, delays, len(articles)))
    watcher.start()
    publisher = Publisher(pipeline.settings)
    topic = Topics(pipeline.settings.topic_prefix).articles.name
    chance = random.Random(4)  # noqa: S311 - nothing secret
    at = time.perf_counter()
    for article in articles:
        at += chance.expovariate(rate)
        time.sleep(max(0.0, at - time.perf_counter()))
        message = record(topic, article, URI)
        sent[article.article_id] = time.perf_counter()
        publisher.publish(message)
    publisher.flush()
    watcher.join()
    return delays


def _watch(pipeline: Running, sent: dict[str, float], delays: list[float], count: int) -> None:
    """Note how long each article took until its reading was committed; end with the last."""
    give_up = time.perf_counter() + DRAIN_TIMEOUT_S
    seen_version = 0
    with open_for_reading(pipeline.settings.db) as db:
        while len(delays) < count and time.perf_counter() < give_up:
            version = db.execute("PRAGMA data_version").fetchone()[0]
            if version == seen_version:
                time.sleep(0.001)
                continue
            seen_version = version
            stored = [key for key in list(sent) if _is_read(db, key)]
            now = time.perf_counter()
            delays += [now - sent.pop(key) for key in stored]


def _is_read(db: sqlite3.Connection, article_id: str) -> bool:
    query = "SELECT 1 FROM readings WHERE article_id = ?"
    return db.execute(query, (article_id,)).fetchone() is not None


def memory(address: str, quick: bool) -> list[Figure]:
    """What worker and sink hold in RAM, at a rate that keeps half a core busy."""
    seconds = 10 if quick else 180
    texts = list(make_articles(2_000, 0.1, seed=5))
    rate = 0.3 * read_cpu(Reader(), texts, 1.0)[0]
    with topics_of_its_own(address) as settings, running(settings, 1) as pipeline:
        pids = {"worker": pipeline.workers[0], "sink": pipeline.sink}
        samples: dict[str, list[int]] = {name: [] for name in pids}
        publisher = Publisher(settings)
        topic = Topics(settings.topic_prefix).articles.name
        start = time.perf_counter()
        count = int(rate * seconds)
        for number in range(count):
            article = _as_new(texts[number % len(texts)], number)
            time.sleep(max(0.0, start + number / rate - time.perf_counter()))
            publisher.publish(record(topic, article, URI))
            if number % max(1, int(rate)) == 0:
                for name, pid in pids.items():
                    samples[name].append(rss_bytes(pid))
        publisher.flush()
        wait_until("all is stored", lambda: pipeline.stored() >= count, DRAIN_TIMEOUT_S)
    return [
        Figure(
            f"memory of the {name}, {seconds} s at {rate:,.0f} articles a second",
            f"{_quarter(sizes, -1):,.0f} MB in the last quarter",
            f"{_quarter(sizes, 0):,.0f} MB in the first, highest {max(sizes) / MB:,.0f}",
            _quarter(sizes, -1) / _quarter(sizes, 0),
        )
        for name, sizes in samples.items()
    ]


def _as_new(article: Article, number: int) -> Article:
    """Return the text as another article, told by others."""
    update = {
        "article_id": f"{article.article_id[:24]}{number:08x}",
        "fetched_at": datetime.now(UTC),
    }
    return article.model_copy(update=update)


def _quarter(sizes: list[int], which: int) -> float:
    """Return the mean of the first (0) or the last (-1) quarter, in MB."""
    length = max(1, len(sizes) // 4)
    return mean(sizes[:length] if which == 0 else sizes[-length:]) / MB
