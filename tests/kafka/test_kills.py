"""Processes and brokers that die or hang at any moment, under load: nothing is lost or doubled."""

from __future__ import annotations

import random
import signal
import time

import pytest
from confluent_kafka import KafkaException

from runtime.apache_kafka import ApacheKafka
from tests.kafka.articles import make_article, make_articles
from tests.kafka.checks import check
from tests.kafka.odd_worker import SLOW_WORD
from tests.kafka.pipeline import ODD_WORKER, Component, Pipeline, wait_until

KILLS = 20


def feed(pipeline: Pipeline, count: int, rate: float) -> Component:
    """Start to publish so many articles, so many a second."""
    path = pipeline.folder / "feed.jsonl"
    lines = (article.model_dump_json() for article in make_articles(count))
    path.write_text("\n".join(lines), "utf-8")
    return pipeline.start("replay", str(path), "--rate", str(rate))


def wait_for_readings(pipeline: Pipeline, more_than: int = 0) -> int:
    """Wait until there are so many tags events and return their number."""
    found = 0

    def enough() -> bool:
        nonlocal found
        try:
            found = sum(pipeline.offsets(pipeline.topics.tags.name).values())
        except KafkaException:
            return False  # the broker is just starting
        return found > more_than

    wait_until(f"more than {more_than} readings", enough)
    return found


def test_killing_workers_and_the_sink_at_random_loses_nothing(fault_pipeline: Pipeline) -> None:
    pipeline, dice, count = fault_pipeline, random.Random(3), 800
    workers = [pipeline.worker(restarts=True) for _ in range(2)]
    sink = pipeline.sink(restarts=True)
    feeding = feed(pipeline, count, rate=25)
    read = 0
    for number in range(KILLS):
        # Only what is at work is killed: something was read since the last time, and more waits.
        read = wait_for_readings(pipeline, read)
        assert feeding.process.poll() is None or pipeline.behind(), "under load"
        time.sleep(dice.uniform(0, 0.3))
        pipeline.kill(workers[number % 2])
        time.sleep(dice.uniform(0, 0.3))
        pipeline.kill(sink)
    assert feeding.wait(60) == 0
    pipeline.wait_until_stored()
    check(pipeline, make_articles(count))
    assert [worker.exit_codes for worker in workers] == [[-signal.SIGKILL] * (KILLS // 2)] * 2
    assert sink.exit_codes == [-signal.SIGKILL] * KILLS


@pytest.mark.timeout(420)
def test_a_broker_that_stops_dies_or_hangs_under_load_loses_nothing(
    maven_kafka: ApacheKafka, fault_pipeline: Pipeline
) -> None:
    pipeline, count = fault_pipeline, 420
    worker, sink = pipeline.worker(restarts=True), pipeline.sink(restarts=True)
    feeding = feed(pipeline, count, rate=6)
    read = wait_for_readings(pipeline, 20)
    maven_kafka.stop()
    maven_kafka.start()
    read = wait_for_readings(pipeline, read + 20)
    maven_kafka.kill()
    maven_kafka.start()
    read = wait_for_readings(pipeline, read + 20)
    assert feeding.process.poll() is None, "under load"
    maven_kafka.freeze()
    time.sleep(3)  # longer than the workers' session
    maven_kafka.thaw()
    assert feeding.wait(120) == 0
    pipeline.wait_until_stored()
    check(pipeline, make_articles(count))
    # Whoever stopped did so loudly, with the remedy.
    for component in (worker, sink):
        assert "Traceback (most recent call last)" not in component.log_text().splitlines()
        assert all(code in (1, 3) for code in component.exit_codes)


def test_a_worker_stopped_or_frozen_in_the_middle_of_a_message_neither_loses_nor_doubles_it(
    fault_pipeline: Pipeline,
) -> None:
    pipeline = fault_pipeline
    slow = make_article(1000, extra=SLOW_WORD)
    articles = [*make_articles(30), slow, *make_articles(30, first=30)]
    pipeline.sink()
    worker = pipeline.start("process", module=ODD_WORKER)
    pipeline.replay(articles)

    wait_until("the worker is in the middle of it", lambda: "slowly" in worker.log_text())
    assert pipeline.stop(worker) == 0
    frozen = pipeline.start("process", module=ODD_WORKER)
    pipeline.wait_until_stored()
    check(pipeline, articles)

    # Frozen past its session in the middle of the next one, while another worker takes over.
    slow_again = make_article(1000, edition=1, extra=SLOW_WORD)
    late = [slow_again, *make_articles(60, first=60)]
    times = frozen.log_text().count("slowly")
    pipeline.replay(late)
    wait_until("it is read", lambda: frozen.log_text().count("slowly") > times)
    frozen.send(signal.SIGSTOP)
    other = pipeline.worker()
    pipeline.wait_until_stored()
    check(pipeline, articles + late)
    frozen.send(signal.SIGCONT)
    more = make_articles(60, first=120)
    pipeline.replay(more)
    pipeline.wait_until_stored()
    check(pipeline, articles + late + more)
    assert pipeline.stop(other) == 0
    # It works on, or stopped loudly.
    even_more = make_articles(20, first=180)
    pipeline.replay(even_more)
    if frozen.process.poll() is not None:
        assert "start it again" in frozen.log_text()
        pipeline.worker()
    pipeline.wait_until_stored()
    check(pipeline, articles + late + more + even_more)
