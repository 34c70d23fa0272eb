"""News sitemaps: what a site published lately, where it has no feed.

https://www.sitemaps.org/protocol.html and, for news,
https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from producers.bodies import GZIP_MAGIC, BodyError, Decoder
from producers.fetch import Fetcher, FetchError
from producers.robots import Robots
from producers.urls import site_of

ACCEPT = "application/xml,text/xml;q=0.9,application/gzip;q=0.9,*/*;q=0.1"
MAX_BYTES = 10 * 1024 * 1024
MAX_ENTRIES = 1000
"""As Google has it for news; of more, the newest."""
MAX_RECORDS = 50_000
"""Of one sitemap, by the protocol."""
MAX_RECORD_ELEMENTS = 10_000
MAX_CHILDREN = 5
"""Sitemaps of an index that are fetched at a time: those changed last."""
MAX_FIELD_CHARS = 4096
OLDEST = datetime.min.replace(tzinfo=UTC)


class SitemapError(Exception):
    """What was fetched is no sitemap, or one that does harm; the text says why."""


class SitemapEntry(NamedTuple):
    """One article, as the sitemap announces it."""

    url: str
    title: str
    published_at: datetime | None
    language: str | None
    publication: str


class Child(NamedTuple):
    """One sitemap of an index."""

    url: str
    changed_at: datetime | None


class Sitemap(NamedTuple):
    """What one document holds: articles, or further sitemaps."""

    entries: list[SitemapEntry]
    """Articles alone: addresses without `news:news` are no news."""
    children: list[Child]


def parse_sitemap(body: bytes, max_bytes: int = MAX_BYTES) -> Sitemap:
    """Return what the document holds, the newest first; gzip is unpacked. Raises SitemapError."""
    if body.startswith(GZIP_MAGIC):
        decoder = Decoder("gzip", max_bytes)
        try:
            body = decoder.decode(body)
            decoder.finish()
        except BodyError as error:
            raise SitemapError(f"the sitemap {error}") from error
    entries: list[SitemapEntry] = []
    children: list[Child] = []
    try:
        for element in _records(body):
            if _name(element) == "url":
                if (entry := _entry(element)) is not None:
                    entries.append(entry)
                if len(entries) > 2 * MAX_ENTRIES:
                    entries = _newest(entries)
            elif url := _text(element, "loc"):
                children.append(Child(url, parse_moment(_text(element, "lastmod"))))
    except DefusedXmlException as error:
        raise SitemapError("the sitemap has a DOCTYPE, which sitemaps must not have") from error
    except (ParseError, ValueError, LookupError) as error:
        if not entries and not children:
            raise SitemapError(f"this is no sitemap: {error}") from error
    return Sitemap(
        _newest(entries),
        heapq.nlargest(MAX_CHILDREN, children, key=_rank),
    )


def _newest(entries: Iterable[SitemapEntry]) -> list[SitemapEntry]:
    return heapq.nlargest(MAX_ENTRIES, entries, key=lambda entry: entry.published_at or OLDEST)


def _rank(child: Child) -> tuple[bool, datetime]:
    return "news" in child.url.lower(), child.changed_at or OLDEST


def _records(body: bytes) -> Iterator[Element]:
    """Yield each `url` and `sitemap` element, and forget it afterwards. Raises ValueError."""
    root: Element | None = None
    records = elements = depth = 0
    for event, element in iterparse(BytesIO(body), events=("start", "end"), forbid_dtd=True):
        if root is None:
            root = element
            if _name(root) not in ("urlset", "sitemapindex"):
                raise ValueError(f"its first element is {_name(root)[:80]!r}")
        if event == "start":
            depth += 1
            elements += 1
            if elements > MAX_RECORD_ELEMENTS:
                raise ValueError("its elements are too many")
            continue
        depth -= 1
        if depth == 1 and _name(element) in ("url", "sitemap"):
            records += 1
            if records > MAX_RECORDS:
                raise ValueError(f"it has more than {MAX_RECORDS:,} addresses")
            yield element
            root.clear()
            elements = 0


def _name(element: Element) -> str:
    """Return the name without its namespace, which sites write in many ways."""
    return element.tag.rpartition("}")[2]


def _entry(element: Element) -> SitemapEntry | None:
    news = element.find("{*}news")
    url = _text(element, "loc")
    if news is None or not url:
        return None
    publication = news.find("{*}publication")
    return SitemapEntry(
        url=url,
        title=_text(news, "title"),
        published_at=parse_moment(_text(news, "publication_date")),
        language=_text(publication, "language")[:16] or None,
        publication=_text(publication, "name"),
    )


def _text(parent: Element | None, name: str) -> str:
    found = parent.findtext(f"{{*}}{name}") if parent is not None else None
    return " ".join((found or "").split())[:MAX_FIELD_CHARS]


def parse_moment(text: str) -> datetime | None:
    """Return a W3C date and time in UTC; None where there is none, or no zone.

    >>> parse_moment("2026-07-06T08:00+02:00").isoformat()
    '2026-07-06T06:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


class Sitemaps:
    """The news sitemaps of sites."""

    def __init__(self, fetcher: Fetcher, robots: Robots) -> None:
        self._fetcher = fetcher
        self._robots = robots

    async def find(self, url: str) -> list[str]:
        """Return the sitemaps that the site of `url` names in its robots.txt, news first."""
        named = await self._robots.sitemaps(url)
        own = [sitemap for sitemap in named if site_of(sitemap) == site_of(url)]
        return sorted(own, key=lambda sitemap: "news" not in sitemap.lower())

    async def read(
        self, url: str, *, on_problem: Callable[[str, Exception], None] = lambda _url, _error: None
    ) -> list[SitemapEntry]:
        """Return the articles of a sitemap, or of the newest sitemaps of an index, newest first.

        Those of the sitemap's own site, each once. Raises FetchError and SitemapError when the
        sitemap itself cannot be read; `on_problem` is told of one in an index that cannot.
        """
        top = await self._parsed(url)
        entries = list(top.entries)
        for child in top.children:
            if site_of(child.url) != site_of(url):
                continue
            try:
                entries += (await self._parsed(child.url)).entries  # an index in an index is none
            except (FetchError, SitemapError) as error:
                on_problem(child.url, error)
        own = {entry.url: entry for entry in entries if site_of(entry.url) == site_of(url)}
        return _newest(own.values())

    async def _parsed(self, url: str) -> Sitemap:
        response = await self._fetcher.fetch(url, accept=ACCEPT, permit=self._robots.check)
        # A large one takes a second, in which the other fetches go on.
        return await asyncio.to_thread(parse_sitemap, response.body)
