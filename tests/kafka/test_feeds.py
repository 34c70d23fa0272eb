"""From feeds to SQLite on Apache Kafka, while the polling and the brokers die."""

from __future__ import annotations

import random
import signal
import sqlite3
from collections import Counter
from contextlib import closing

from runtime.apache_kafka import ApacheKafka
from sinks.store import open_for_reading
from tests.feed_site import Feed, FeedSite, Story, feed_site
from tests.kafka.conftest import MakePipeline
from tests.kafka.pipeline import Component, Pipeline, wait_until

FEEDS = 20
ROUNDS = 6
NEW = 3
"""Stories of each feed in a round; one of those before is edited."""
SENTENCE = "Kelbex said that it would buy its rival Fenra for thirty million euros."


def make_all_due(pipeline: Pipeline) -> None:
    """As if a day had passed. The polling must not be running."""
    with closing(sqlite3.connect(pipeline.settings.state, timeout=30)) as db, db:
        db.execute("UPDATE feeds SET next_poll_at = '2000-01-01T00:00:00.000000+00:00'")


def write_news(site: FeedSite, turn: int) -> None:
    with site.lock:
        for path, feed in site.feeds.items():
            for number in range(NEW):
                link = f"https://news.example{path}/{turn}/{number}"
                feed.stories.insert(0, Story(f"Story {turn}", f"{SENTENCE} No. {number}.", link))
            if turn:
                feed.stories[NEW].text += f" Edited in round {turn}."


def polled(pipeline: Pipeline) -> int:
    """Return how many feeds have been polled, with success, in this round."""
    with closing(sqlite3.connect(pipeline.settings.state, timeout=30)) as db:
        done = "SELECT count(*) FROM feeds WHERE next_poll_at > '2001' AND succeeded_at IS NOT NULL"
        count: int = db.execute(done).fetchone()[0]
    return count


def test_feeds_lose_nothing_and_tell_nothing_twice_whatever_dies(
    maven_kafka: ApacheKafka, make_pipeline: MakePipeline
) -> None:
    dice = random.Random(8)
    with feed_site() as site:
        paths = [f"/feed/{number}" for number in range(FEEDS)]
        site.feeds = {path: Feed() for path in paths}
        pipeline = make_pipeline(maven_kafka.address, fetch_allow="127.0.0.1", fetch_gap_s=0)
        settings = pipeline.settings.model_copy(update={"feeds": pipeline.folder / "feeds.toml"})
        tables = (f'[[feeds]]\nurl = "{site.url(path)}"\n' for path in paths)
        settings.feeds.write_text("".join(tables), "utf-8")
        pipeline.settings = settings
        pipeline.worker(restarts=True)
        pipeline.sink(restarts=True)
        kills = 0
        for turn in range(ROUNDS):
            write_news(site, turn)
            if turn:
                make_all_due(pipeline)
            enough = sum(site.answers.values()) + dice.randrange(1, FEEDS)
            feeds: Component = pipeline.start("feeds", "run", restarts=True)
            wait_until(
                "some feeds are polled",
                lambda: sum(site.answers.values()) >= enough,  # noqa: B023
            )
            if turn % 2:
                maven_kafka.kill()
                maven_kafka.start()
            else:
                pipeline.kill(feeds)
                kills += 1
            wait_until("all feeds are polled", lambda: polled(pipeline) == FEEDS, 150)
            feeds.restarts = False
            feeds.send(signal.SIGTERM)
            assert feeds.wait() == 0
        assert kills == ROUNDS / 2
        pipeline.wait_until_stored()
        expected = {
            s.link: f"{s.title}\n\n{s.text}" for f in site.feeds.values() for s in f.stories
        }
    told = Counter(
        dict(message.headers)["ce_id"]
        for message in pipeline.read_topic(pipeline.topics.articles.name)
    )
    assert max(told.values()) == 1, "no version is there twice"
    assert len(told) == FEEDS * (ROUNDS * NEW + ROUNDS - 1), "every version is there"
    with open_for_reading(pipeline.settings.db) as db:
        stored = dict(db.execute("SELECT url, text FROM articles").fetchall())
    assert stored == expected
