"""One poll of a feed: read it, send what is new, and note when to come again."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from producers.feeds.entries import NotAFeedError
from producers.feeds.news import News
from producers.feeds.reading import Got, Reading
from producers.feeds.schedule import MAX_S, MIN_S, back_off_s, next_poll_s, site_asks_s
from producers.feeds.sources import Source
from producers.feeds.state import FeedState, FeedStates
from producers.fetch import FetchError
from runtime.logs import get_logger

log = get_logger(__name__)


class Poller:
    """Polls feeds; what it learns of each is in `states`."""

    def __init__(
        self,
        reading: Reading,
        news: News,
        states: FeedStates,
        clock: Callable[[], datetime],
        chance: random.Random,
    ) -> None:
        self._reading = reading
        self._news = news
        self._states = states
        self._clock = clock
        self._chance = chance
        self.counts = news.counts

    async def poll(self, source: Source) -> None:
        """Poll a feed that was added to the states.

        What is wrong with it is noted there. Raises KafkaUnavailableError, and then moves nothing.
        """
        state = self._states.feed(source.url)
        self.counts.polls += 1
        try:
            got = await self._reading.read(source, state)
        except FetchError as error:
            self._failed(source, state, f"{error}", error.retry_after_s, is_gone=error.gone)
            return
        except NotAFeedError as error:
            self._failed(source, state, f"{error}", None)
            return
        feed = got.feed
        if feed is None:
            self.counts.unchanged += 1
            self._went_well(source, got, state.ttl_s, is_whole=True)
            return
        sent = await self._news.send(source, feed, self._clock())
        if not sent.is_whole:  # it is to be had again, even if it does not change
            got = got._replace(etag=None, last_modified=None)
        warning = "; ".join([*feed.problems, *sent.problems])[:1000]
        changes = {"title": feed.title, "warning": warning}
        self._went_well(source, got, feed.ttl_s, is_whole=sent.is_whole, **changes)

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
        self, source: Source, got: Got, ttl_s: float | None, *, is_whole: bool, **changes: str
    ) -> None:
        now = self._clock()
        wished_s = source.interval_minutes and source.interval_minutes * 60.0
        habits = self._states.habits(source.url, now)
        wait_s = next_poll_s(
            habits.articles,
            habits.window_s,
            wished_s=wished_s if is_whole else MIN_S,
            site_asks_s=site_asks_s(got.headers, ttl_s),
            chance=self._chance,
        )
        self._states.polled(
            source.url,
            now,
            now + timedelta(seconds=wait_s),
            etag=got.etag,
            last_modified=got.last_modified,
            ttl_s=ttl_s,
            fetch_url=got.permanent_url if got.permanent_url != source.url else None,
            **changes,
        )
