"""What `dealwire feeds list` shows, and what came of polls, as Prometheus scrapes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cli.feed_rows import list_rows
from producers.feeds.news import Counts
from producers.feeds.sources import FeedList, FeedListError, Source
from runtime.errors import DealwireError
from runtime.logs import get_logger
from runtime.settings import Settings

log = get_logger(__name__)

_POLLS = {
    "polls": "Polls of feeds.",
    "failed": "Polls that gave nothing.",
    "unchanged": "Polls that were answered with 304.",
    "entries": "New or changed entries.",
    "published": "Articles published.",
    "refused": "Entries of which no article could be made.",
}


class FeedMetrics(Collector):
    """The feeds that are on, as `feeds list` counts them, read anew at each scrape."""

    def __init__(self, settings: Settings, counts: Callable[[], Counts]) -> None:
        self._settings = settings
        self._counts = counts
        self._sources: list[Source] = []

    def collect(self) -> Iterator[Metric]:
        """Yield gauges with a label `feed` (the address in the list), and counters since start."""
        succeeded = _gauge("last_success_timestamp_seconds", "Last poll that went well.")
        due = _gauge("next_poll_timestamp_seconds", "When the feed is polled next.")
        daily = _gauge("articles_per_day", "Articles a day, over the last week.")
        failures = _gauge("failures", "Polls in a row that gave nothing.")
        with suppress(FeedListError):  # the run goes on with the list as it was, and says so
            feeds = FeedList.load_or_shipped(self._settings.feeds)
            self._sources = [source for source in feeds.sources if source.on]
        for row in list_rows(self._sources, self._settings.state):
            feed = [row["url"]]
            failures.add_metric(feed, row["failures"])
            if row["last_success_at"]:
                succeeded.add_metric(feed, _seconds(row["last_success_at"]))
                daily.add_metric(feed, row["articles_a_day"])
            if row["next_poll_at"]:
                due.add_metric(feed, _seconds(row["next_poll_at"]))
        yield from (succeeded, due, daily, failures)
        for name, value in asdict(self._counts()).items():
            yield CounterMetricFamily(f"dealwire_feeds_{name}", _POLLS[name], value=value)


@contextmanager
def serving_metrics(settings: Settings, counts: Callable[[], Counts]) -> Iterator[None]:
    """Serve GET /metrics while inside, where the settings name a port.

    Raises DealwireError where the port is not to be had.
    """
    if settings.metrics_port is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(FeedMetrics(settings, counts))
    try:
        server, thread = start_http_server(
            settings.metrics_port, settings.metrics_host, registry=registry
        )
    except OSError as error:
        raise DealwireError(
            f"metrics cannot be served at {settings.metrics_host}:{settings.metrics_port}: "
            f"{error.strerror}; choose another with --metrics-port"
        ) from error
    log.info("metrics", url=f"http://{settings.metrics_host}:{server.server_port}/metrics")
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _gauge(name: str, help_: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"dealwire_feed_{name}", help_, labels=["feed"])


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
