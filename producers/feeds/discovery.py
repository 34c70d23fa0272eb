"""The feed of a site: where its pages say, or where such feeds usually are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from urllib.parse import urljoin

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from producers.feeds.decode import decode
from producers.feeds.documents import parse_feed
from producers.feeds.entries import Feed, NotAFeedError, web_address
from producers.feeds.reading import ACCEPT, sitemap_feed
from producers.feeds.sources import Kind
from producers.fetch import Fetcher, FetchError
from producers.sitemaps import SitemapError, Sitemaps
from runtime.errors import DealwireError

FEED_TYPES = frozenset(
    (
        *("application/rss+xml", "application/atom+xml", "application/rdf+xml"),
        *("application/feed+json", "application/json", "application/xml", "text/xml"),
    )
)
COMMON_PATHS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json")
"""WordPress, Drupal, Jekyll, Hugo, Ghost and most others have theirs at one of these."""

MOST_TRIES = 10
"""Fetches of one site, seconds apart."""


MOST_SITEMAPS = 3


class NoFeedError(DealwireError):
    """The site has no feed, or none that can be found."""


@dataclass(frozen=True)
class FoundFeed:
    """A feed, and where it is."""

    url: str
    feed: Feed
    kind: Kind = "feed"


async def find_feed(
    fetcher: Fetcher,
    sitemaps: Sitemaps,
    url: str,
    clock: Callable[[], datetime],
    on_try: Callable[[str], None] = lambda _url: None,
) -> FoundFeed:
    """Return the feed at `url`, or of the site whose page it is; its news sitemap without one.

    Raises FetchError when `url` cannot be fetched, NoFeedError when no feed is found.
    """
    response = await fetcher.fetch(url, accept=f"text/html, {ACCEPT}")
    content_type = response.headers.get("content-type", "")
    try:
        feed = parse_feed(response.body, response.url, clock(), content_type)
        return FoundFeed(response.permanent_url, feed)
    except NotAFeedError as error:
        problem = f"{response.url} is {error}".partition(";")[0]
    page = decode(response.body, content_type)
    candidates = dict.fromkeys((*linked_feeds(page, response.url), *usual_places(response.url)))
    for candidate in islice(candidates, MOST_TRIES):
        on_try(candidate)
        try:
            answer = await fetcher.fetch(candidate, accept=ACCEPT)
            content_type = answer.headers.get("content-type", "")
            feed = parse_feed(answer.body, answer.url, clock(), content_type)
            return FoundFeed(answer.permanent_url, feed)
        except (FetchError, NotAFeedError):
            continue
    if (found := await _find_sitemap(sitemaps, response.url, clock)) is not None:
        return found
    raise NoFeedError(
        f"{problem}, and no feed of the site was found (tried {min(len(candidates), MOST_TRIES)} "
        "addresses): look for an RSS link on its pages, and add that address"
    )


async def _find_sitemap(
    sitemaps: Sitemaps, url: str, clock: Callable[[], datetime]
) -> FoundFeed | None:
    """Return the first sitemap that robots.txt names with news in it."""
    try:
        for address in (await sitemaps.find(url))[:MOST_SITEMAPS]:
            if entries := await sitemaps.read(address):
                return FoundFeed(address, sitemap_feed(entries, [], clock()), "sitemap")
    except (FetchError, SitemapError):
        pass
    return None


def linked_feeds(page: str, url: str) -> Iterator[str]:
    """Yield the addresses that the page names as its feeds, feeds of comments last.

    https://html.spec.whatwg.org/multipage/links.html#rel-alternate
    """
    try:
        root = document_fromstring(page.encode("utf-8"), parser=HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError):
        return
    base = urljoin(url, next(iter(root.xpath("//base/@href")), ""))
    later = []
    for link in root.iter("link"):
        rel = link.get("rel", "").lower().split()
        kind = link.get("type", "").partition(";")[0].strip().lower()
        if "alternate" not in rel or kind not in FEED_TYPES:
            continue
        if address := web_address(urljoin(base, link.get("href", "").strip())):
            if "comment" in f"{address} {link.get('title', '')}".lower():
                later.append(address)
            else:
                yield address
    yield from later


def usual_places(url: str) -> Iterator[str]:
    """Yield where the site's feed may be: beside the page, then at the root."""
    for base in dict.fromkeys((url.rstrip("/") + "/", urljoin(url, "/"))):
        for path in COMMON_PATHS:
            yield urljoin(base, path)
