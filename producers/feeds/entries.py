"""What all kinds of feeds are read into: entries of plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from producers.feeds.dates import parse_date
from producers.plain_text import one_line, plain_text
from producers.urls import canonical_url
from schemas import digest

MOST_ENTRIES = 2_000
"""Of one document; feeds have the newest first. Ten times the longest that we know."""

_LANGUAGE = re.compile(r"^\s*([A-Za-z]{2,3})(?:[-_]|\s*$)")


class NotAFeedError(ValueError):
    """The document is no feed; the text says what it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed: plain text without any markup, addresses made whole."""

    url: str | None
    """http or https, as the feed gives it; None: there is none, or it belongs to other entries
    too, and so does not tell which article is meant."""
    title: str
    summary: str
    content: str
    """The whole article where the feed has it, else empty."""
    published_at: datetime | None
    language: str | None
    """Two or three letters; None: not given."""
    source: str
    """Who published it first, where the feed says so; else empty."""

    @property
    def body(self) -> str:
        """The longer of content and summary."""
        return self.content if len(self.content) >= len(self.summary) else self.summary

    @property
    def text(self) -> str:
        """The article's text: headline above, unless it is the body's first line already."""
        body = self.body
        if self.title and body.partition("\n")[0] != self.title:
            return f"{self.title}\n\n{body}".strip()
        return body

    @property
    def fingerprint(self) -> str:
        """Changes when the feed says something else of the article. Dates, guids and what an
        address is counted by do not matter."""
        return digest(self.title, self.summary, self.content)


@dataclass(frozen=True, slots=True)
class Feed:
    """A document: what it says of itself, and its entries in order."""

    kind: str
    """Such as RSS 2.0."""
    title: str
    language: str | None
    site: str | None
    ttl_s: float | None
    """How long the feed asks not to be fetched again."""
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()
    """What was not as it should be, and was read all the same."""


@dataclass(slots=True)
class Draft:
    """An entry, or a feed, on its way: raw strings by the names that all kinds are read into."""

    url: str | None = None
    title: str = ""
    summary: str = ""
    content: str = ""
    date: str = ""
    language: str = ""
    source: str = ""

    def entry(self, feed_language: str | None, now: datetime) -> Entry:
        return Entry(
            url=self.url,
            title=one_line(self.title),
            summary=plain_text(self.summary),
            content=plain_text(self.content),
            published_at=parse_date(self.date, now) if self.date else None,
            language=short_language(self.language) or feed_language,
            source=one_line(self.source)[:512],
        )


def short_language(text: str) -> str | None:
    """Return the language of a tag such as fr-FR, in lower case.

    >>> short_language("fr-FR"), short_language("n/a")
    ('fr', None)
    """
    found = _LANGUAGE.match(text)
    return found[1].lower() if found else None


def web_address(text: str) -> str | None:
    """Return `text` when it is an http or https address that may be fetched, else None."""
    text = text.strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    is_web = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    return text if is_web and len(text) <= 4096 else None


def absolute(text: str, base: str) -> str | None:
    """Return the web address that `text` is, seen from `base`, or None when it is none."""
    try:
        return web_address(urljoin(base, text.strip())) if text.strip() else None
    except ValueError:
        return None


def finish(
    drafts: list[Draft], site: str | None, language: str | None, now: datetime
) -> tuple[Entry, ...]:
    """Return the entries with something to read, or an address to read it at, in order.

    Of an article that is in the feed twice the newest version, the first where they tell no date.
    An address that several entries with different titles share, or that is the site's front page,
    tells none of them apart, and is dropped.
    """
    entries = [draft.entry(language, now) for draft in drafts]
    keys = [identity(entry.url) for entry in entries]
    titles: dict[str | None, set[str]] = {}
    for key, entry in zip(keys, entries, strict=True):
        titles.setdefault(key, set()).add(entry.title)
    front_page = identity(site)
    found: dict[str, Entry] = {}
    for key, entry in zip(keys, entries, strict=True):
        if key and (len(titles[key]) > 1 or key == front_page or is_front_page(key)):
            key, entry = None, replace(entry, url=None)
        if not key and not entry.text:
            continue
        known = found.setdefault(key or entry.fingerprint, entry)
        if known.published_at and entry.published_at and entry.published_at > known.published_at:
            found[key or entry.fingerprint] = entry
    return tuple(found.values())


def is_front_page(url: str) -> bool:
    """Return whether the address is that of a whole site.

    >>> is_front_page("https://e.com/"), is_front_page("https://e.com/?p=1")
    (True, False)
    """
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def identity(url: str | None) -> str | None:
    """Return the canonical address, or None when there is none that could be."""
    try:
        return canonical_url(url) if url else None
    except ValueError:
        return None
