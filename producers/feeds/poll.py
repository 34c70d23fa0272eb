"""One poll of a feed: fetch, parse, send what is new, and note when to come again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from producers.feeds.articles import article_id, changed, make_article
from producers.feeds.documents import parse_feed
from producers.feeds.entries import Entry, Feed, NotAFeedError
from producers.feeds.outbox import NOTHING, Item
from producers.feeds.schedule import MAX_S, back_off_s, next_poll_s, site_asks_s
from producers.feeds.sending import Sender
from producers.feeds.sources import Source
from producers.feeds.state import FeedState, FeedStates
from producers.fetch import Fetcher, FetchError, Response
from runtime.dead_letters import explain
from runtime.logs import get_logger

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.9, application/json;q=0.8, text/xml;q=0.8, */*;q=0.1"
)

log = get_logger(__name__)


@dataclass
class Counts:
    """What came of polls."""

    polls: int = 0
    failed: int = 0
    unchanged: int = 0
    """Polls that were answered with 304."""
    entries: int = 0
    """New or changed ones."""
    published: int = 0
    refused: int = 0
    """Entries of which no article could be made."""


class Poller:
    """Polls feeds; what it learns of each is in `states`."""

    def __init__(
        self,
        fetcher: Fetcher,
        states: FeedStates,
        sender: Sender,
        clock: Callable[[], datetime],
        chance: random.Random,
    ) -> None:
        self._fetcher = fetcher
        self._states = states
        self._sender = sender
        self._clock = clock
        self._chance = chance
        # Parsing keeps a core busy; one after the other also needs the memory of one.
        self._parsing = asyncio.Lock()
        self.counts = Counts()

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
        problems = [*feed.problems, *await self._send(source, feed, now)]
        state = replace(state, ttl_s=feed.ttl_s)
        warning = "; ".join(problems)[:1000]
        self._went_well(
            source, state, response, ttl_s=feed.ttl_s, title=feed.title, warning=warning
        )

    async def _send(self, source: Source, feed: Feed, now: datetime) -> list[str]:
        """Send what is new in the feed; return what could not be sent, in words."""
        ids = [article_id(entry) for entry in feed.entries]
        known = self._states.known(source.url, ids)
        new = changed(feed.entries, known)
        self.counts.entries += len(new)
        items, problems = [], []
        for entry in new:
            try:
                items.append(_item(entry, source, feed, now))
            except ValueError as error:
                items.append(Item(source.url, article_id(entry), entry.fingerprint, NOTHING))
                problems.append(f"{entry.url or entry.title[:80]!r}: {explain(error)}")
        if items:
            self.counts.published += await self._sender.send(items)
        self._states.seen(source.url, ids, now)
        self.counts.refused += len(problems)
        if problems:
            log.warning("refused", feed=source.url, entries=len(problems), first=problems[0])
        return problems

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


def _item(entry: Entry, source: Source, feed: Feed, now: datetime) -> Item:
    article = make_article(entry, source, feed, now)
    return Item(
        source.url,
        article.article_id,
        entry.fingerprint,
        article.version,
        article,
        published_at=article.published_at,
    )
