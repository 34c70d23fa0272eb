"""Fetching what a source has now: a feed, only if it has changed, or a news sitemap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import httpx

from producers.feeds.documents import parse_feed
from producers.feeds.entries import Draft, Feed, NotAFeedError, finish
from producers.feeds.sources import Source
from producers.feeds.state import FeedState
from producers.fetch import Fetcher, Response
from producers.sitemaps import SitemapEntry, SitemapError, Sitemaps
from runtime.logs import get_logger

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.9, application/json;q=0.8, text/xml;q=0.8, */*;q=0.1"
)


DOCUMENTS = 20
"""Of up to 10 MiB, at a time, that are fetched or wait to be parsed: bounds the memory."""

log = get_logger(__name__)


class Got(NamedTuple):
    """What a source has now."""

    feed: Feed | None
    """None: nothing has changed."""
    permanent_url: str
    headers: httpx.Headers
    etag: str | None
    """To be sent the next time, as `last_modified`."""
    last_modified: str | None


class Reading:
    """Fetches and parses, one document at a time: parsing takes a core, and memory."""

    def __init__(self, fetcher: Fetcher, sitemaps: Sitemaps, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._sitemaps = sitemaps
        self._clock = clock
        self._documents = asyncio.Semaphore(DOCUMENTS)
        self._parsing = asyncio.Lock()

    async def read(self, source: Source, state: FeedState) -> Got:
        """Return what the source has. Raises FetchError, NotAFeedError."""
        async with self._documents:
            if source.kind == "sitemap":
                return await self._read_sitemap(source)
            return await self._read_feed(source, state)

    async def _read_feed(self, source: Source, state: FeedState) -> Got:
        response = await self._fetcher.fetch(
            state.fetch_url or source.url,
            accept=ACCEPT,
            etag=state.etag,
            last_modified=state.last_modified,
        )
        feed = None if response.status == 304 else await self._parse(response)
        return Got(feed, response.permanent_url, response.headers, *validators(response, state))

    async def _parse(self, response: Response) -> Feed:
        content_type = response.headers.get("content-type", "")
        try:
            async with self._parsing:
                return await asyncio.to_thread(
                    parse_feed, response.body, response.url, self._clock(), content_type
                )
        except NotAFeedError as error:
            raise NotAFeedError(f"{response.url} is {error}") from error
        except Exception as error:  # one feed that breaks the parser must not stop the others
            log.exception("a feed broke the parser", url=response.url)
            problem = f"{response.url} cannot be read: {type(error).__name__}: {error}"
            raise NotAFeedError(problem) from error

    async def _read_sitemap(self, source: Source) -> Got:
        problems: list[str] = []
        try:
            entries = await self._sitemaps.read(
                source.url, on_problem=lambda url, error: problems.append(f"{url}: {error}")
            )
        except SitemapError as error:
            raise NotAFeedError(f"{source.url}: {error}") from error
        feed = sitemap_feed(entries, problems, self._clock())
        return Got(feed, source.url, httpx.Headers(), None, None)


def sitemap_feed(entries: list[SitemapEntry], problems: list[str], now: datetime) -> Feed:
    """Return what a news sitemap says as a feed says it."""
    names = [entry.publication for entry in entries if entry.publication]
    return Feed(
        kind="sitemap",
        title=names[0] if names else "",
        language=None,
        site=None,
        ttl_s=None,
        entries=finish([_draft(entry) for entry in entries], None, None, now),
        problems=tuple(problems),
    )


def _draft(entry: SitemapEntry) -> Draft:
    return Draft(
        url=entry.url,
        title=entry.title,
        date=entry.published_at.isoformat() if entry.published_at else "",
        language=entry.language or "",
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
