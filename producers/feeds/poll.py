"""One poll of a feed: fetch, parse, send what is new, and note when to come again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import httpx

from producers.feeds.documents import parse_feed
from producers.feeds.entries import NotAFeedError
from producers.feeds.news import News
from producers.feeds.schedule import MAX_S, back_off_s, next_poll_s, site_asks_s
from producers.feeds.sources import Source
from producers.feeds.state import FeedState, FeedStates
from producers.fetch import Fetcher, FetchError, Response
from runtime.logs import get_logger

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.9, application/json;q=0.8, text/xml;q=0.8, */*;q=0.1"
)

log = get_logger(__name__)


class Poller:
    """Polls feeds; what it learns of each is in `states`."""

    def __init__(
        self,
        fetcher: Fetcher,
        states: FeedStates,
        news: News,
        clock: Callable[[], datetime],
        chance: random.Random,
    ) -> None:
        self._fetcher = fetcher
        self._states = states
        self._news = news
        self._clock = clock
        self._chance = chance
        # Parsing keeps a core busy; one after the other also needs the memory of one.
        self._parsing = asyncio.Lock()
        self.counts = news.counts

    async def poll(self, source: Source) -> None:
        """Poll a feed that was added to the states.

        What is wrong with it is noted there. Raises KafkaUnavailableError, and then moves nothing.
        """
        state = self._states.feed(source.url)
        self.counts.polls += 1
        try:
            response = await self._fetcher.fetch(
                state.fetch_url or source.url,
                accept=ACCEPT,
                etag=state.etag,
                last_modified=state.last_modified,
            )
        except FetchError as error:
            self._failed(source, state, f"{error}", error.retry_after_s, is_gone=error.gone)
            return
        if response.status == 304:
            self.counts.unchanged += 1
            self._went_well(source, state, response)
            return
        now = self._clock()
        try:
            async with self._parsing:
                feed = await asyncio.to_thread(
                    parse_feed,
                    response.body,
                    response.url,
                    now,
                    response.headers.get("content-type", ""),
                )
        except NotAFeedError as error:
            self._failed(source, state, f"{response.url} is {error}", None)
            return
        sent = await self._news.send(source, feed, now)
        state = replace(state, ttl_s=feed.ttl_s)
        warning = "; ".join([*feed.problems, *sent.problems])[:1000]
        if not sent.is_whole:  # it is to be had again, even if it does not change
            response = response._replace(headers=without_validators(response.headers))
        self._went_well(
            source, state, response, ttl_s=feed.ttl_s, title=feed.title, warning=warning
        )

    def _failed(
        self,
        source: Source,
        state: FeedState,
        problem: str,
        retry_after_s: float | None,
        *,
        is_gone: bool = False,
    ) -> None:
        self.counts.failed += 1
        now = self._clock()
        wait_s = back_off_s(state.failures + 1, retry_after_s, self._chance)
        if is_gone:
            wait_s = MAX_S
            problem += f"; remove it with `dealwire feeds remove {source.url}`"
        self._states.failed(source.url, problem, now, now + timedelta(seconds=wait_s))
        log.warning("feed failed", feed=source.url, problem=problem, again_in_s=round(wait_s))

    def _went_well(
        self,
        source: Source,
        state: FeedState,
        response: Response,
        **changes: str | float | None,
    ) -> None:
        now = self._clock()
        habits = self._states.habits(source.url, now)
        wait_s = next_poll_s(
            habits.articles,
            habits.window_s,
            wished_s=source.interval_minutes and source.interval_minutes * 60.0,
            site_asks_s=site_asks_s(response.headers, state.ttl_s),
            chance=self._chance,
        )
        etag, last_modified = validators(response, state)
        moved = response.permanent_url
        self._states.polled(
            source.url,
            now,
            now + timedelta(seconds=wait_s),
            etag=etag,
            last_modified=last_modified,
            fetch_url=moved if moved != source.url else None,
            **changes,
        )


def without_validators(headers: httpx.Headers) -> httpx.Headers:
    """Return the headers without ETag and Last-Modified."""
    names = ("etag", "last-modified")
    return httpx.Headers([(k, v) for k, v in headers.multi_items() if k.lower() not in names])


def validators(response: Response, state: FeedState) -> tuple[str | None, str | None]:
    """Return ETag and Last-Modified to be sent next time.

    A 200 replaces both, even by none: one of an earlier document would keep this one from us. A 304
    replaces those it names: RFC 9110, 15.4.5.
    """
    etag = response.headers.get("etag")
    last_modified = response.headers.get("last-modified")
    if response.status == 304:
        return etag or state.etag, last_modified or state.last_modified
    return etag, last_modified
