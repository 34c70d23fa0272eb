"""Full text: the article on the page that a feed links to, where its site gives it to everybody."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from producers.fetch import Fetcher, FetchError
from producers.page_reader import PageReader, PageText, UnreadableError
from producers.robots import Robots, RobotsError
from producers.urls import canonical_of_page, canonical_url

ACCEPT = "text/html,application/xhtml+xml;q=0.9"
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", ""})
PAYMENT_REQUIRED = 402
CLOSED = frozenset({401, 403, 407, 451})
MIN_TEXT_CHARS = 200
"""Less is a teaser, an excuse, or the remains of a page that needs a browser."""
MIN_WORD_CHARS = 4
MIN_TITLE_WORDS = 2
MIN_SHARE_OF_TITLE = 0.25
"""Of a title's longer words, so many are found in the article: newspapers change headlines, and
consent forms and error pages have none of them."""


class Access(StrEnum):
    """Whether the article could be read."""

    OPEN = "open"
    PAYWALLED = "paywalled"
    BLOCKED = "blocked"
    """The site does not want us: by robots.txt, or by its answer."""
    UNREADABLE = "unreadable"
    """There is no article there, or none that we can read."""


class Page(NamedTuple):
    """What came of fetching an article's page."""

    access: Access
    reason: str
    """Why it is not open, in words; else empty."""
    url: str
    """The article's one address; made of the link alone where no article was found behind it."""
    text: str = ""
    """Plain text; empty where the page is not open: the feed's own words are what there is."""
    title: str = ""
    language: str | None = None
    published_at: datetime | None = None


class Pages:
    """Reads the pages of articles, as far as their sites permit."""

    def __init__(self, fetcher: Fetcher, robots: Robots, reader: PageReader) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._reader = reader

    async def read(self, link: str, title: str = "") -> Page:
        """Return the article behind `link`, whose headline is `title` where that is known.

        Raises FetchError when it may be there later (no answer, 404, 429, 5xx), ValueError when
        `link` is no address of an article.
        """
        url = canonical_url(link)
        try:
            response = await self._fetcher.fetch(link, accept=ACCEPT, permit=self._robots.check)
        except FetchError as error:
            if access := _verdict(error):
                return Page(access, str(error), url)
            raise
        content_type = response.headers.get("content-type", "")
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in HTML_TYPES:
            return Page(Access.UNREADABLE, f"{response.url} is no web page but {kind[:80]}", url)
        if _is_front_page(response.url) and not _is_front_page(link):
            return Page(Access.UNREADABLE, f"{link} leads to the front page: it is gone", url)
        try:
            found = await self._reader.read(response.body, content_type, response.url)
        except UnreadableError as error:
            return Page(Access.UNREADABLE, f"{response.url}: {error}", url)
        return _judge(found, response.url, url, title)


def _verdict(error: FetchError) -> Access | None:
    """Return what the failure says about the page; None when it says something about today."""
    if error.status == PAYMENT_REQUIRED:
        return Access.PAYWALLED
    if error.status in CLOSED or isinstance(error, RobotsError):
        return Access.BLOCKED
    return Access.UNREADABLE if error.final else None


def _judge(found: PageText, fetched_from: str, url: str, title: str) -> Page:
    try:
        own = canonical_of_page(fetched_from, found.canonical)
    except ValueError:  # it led to an address that can be fetched, but is none of an article
        own = url
    if not found.is_free:
        return Page(Access.PAYWALLED, f"{fetched_from} is for subscribers, as it says itself", own)
    if len(found.text) < MIN_TEXT_CHARS:
        reason = f"{fetched_from} holds {len(found.text)} characters of text: no article"
        return Page(Access.UNREADABLE, reason, url)
    if not tells_of(title, f"{found.title}\n{found.text}"):
        reason = f"{fetched_from} tells of something else than {title!r}: {found.title!r}"
        return Page(Access.UNREADABLE, reason, url)
    return Page(
        Access.OPEN,
        "",
        own,
        found.text,
        found.title,
        found.language,
        datetime.fromisoformat(found.published_at) if found.published_at else None,
    )


def tells_of(title: str, text: str) -> bool:
    """Tell whether `text` may be the article of that title; where nothing can be told, yes.

    >>> tells_of("IBM rachète Confluent", "Nous utilisons des cookies pour ...")
    False
    """
    words = {word for word in _words(title) if len(word) >= MIN_WORD_CHARS}
    if len(words) < MIN_TITLE_WORDS:
        return True
    return len(words & set(_words(text))) >= MIN_SHARE_OF_TITLE * len(words)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _is_front_page(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query
