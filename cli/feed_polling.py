"""`dealwire feeds run` and `once`: polling the feeds of the list."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import click

from cli.feed_metrics import serving_metrics
from cli.fetching import make_fetcher
from cli.options import FETCH, KAFKA, lifeline_option, stopping_on_signals, with_settings
from producers.feeds.news import Counts, News
from producers.feeds.poll import Poller
from producers.feeds.reading import Reading
from producers.feeds.run import Runner
from producers.feeds.sending import Sender
from producers.feeds.tables import open_feed_state
from producers.hosts import Hosts
from producers.page_reader import PageReader
from producers.pages import Pages
from producers.robots import Robots
from producers.sitemaps import Sitemaps
from runtime.kafka import Publisher, cluster_id, require_topics
from runtime.locks import only_one
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics

log = get_logger(__name__)


@click.command()
@lifeline_option
@with_settings(*KAFKA, "state", "feeds", *FETCH, "heartbeat", "metrics_host", "metrics_port")
def run(settings: Settings) -> None:
    """Poll the feeds that are on, each when it is due, until stopped.

    Changes of the list are taken up within seconds. May be killed at any time: no article is lost,
    none is published twice.
    """
    _poll(settings, stopping_on_signals(), is_once=False)


@click.command()
@with_settings(*KAFKA, "state", "feeds", *FETCH)
def once(settings: Settings) -> None:
    """Poll the feeds that are on and due, once."""
    counts = _poll(settings, stopping_on_signals(), is_once=True)
    if settings.log_format != "json":
        click.echo(
            f"{counts.polls} feeds polled, {counts.failed} failed, {counts.published} articles "
            "published; `dealwire feeds list` tells more",
            err=True,
        )


def _poll(settings: Settings, stopping: Callable[[], bool], *, is_once: bool) -> Counts:
    topic = Topics(settings.topic_prefix).articles
    require_topics(settings, [topic])
    publisher = Publisher(settings)
    cluster = cluster_id(settings, publisher.client)
    taken = (
        f"another `dealwire feeds` uses {settings.state} already: run only one, or give this one a "
        "file of its own with --state"
    )
    with (
        only_one(settings.state, ".feeds.lock", taken=taken, option="--state or DEALWIRE_STATE"),
        open_feed_state(settings.state, cluster) as (states, outbox),
    ):
        sender = Sender(outbox, publisher, topic, _now)
        if recovered := sender.recover(settings):
            log.info("sent what an earlier run did not", articles=recovered)

        async def work() -> Counts:
            hosts = Hosts(settings.fetch_gap_s)
            async with make_fetcher(settings, hosts) as fetcher, PageReader() as reader:
                robots = Robots(fetcher, hosts)
                pages = Pages(fetcher, robots, reader)
                news = News(pages, states, sender, _now)
                chance = random.Random()  # noqa: S311 - nothing secret
                reading = Reading(fetcher, Sitemaps(fetcher, robots), _now)
                poller = Poller(reading, news, states, _now, chance)
                runner = Runner(settings.feeds, states, poller, _now, heartbeat=settings.heartbeat)
                if is_once:
                    await runner.once(stopping)
                else:
                    with serving_metrics(settings, lambda: poller.counts):
                        await runner.run(stopping)
                return poller.counts

        counts = asyncio.run(work())
    log.info("feeds stopped", **asdict(counts))
    return counts


def _now() -> datetime:
    return datetime.now(UTC)
