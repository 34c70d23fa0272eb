"""Entries of a feed as articles, and which of them have something new to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from producers.feeds.entries import Entry, Feed, identity
from producers.feeds.sources import Source
from producers.feeds.state import Known
from schemas import Article, digest

MAX_TITLE_CHARS = 4096
"""Of an article; all of a longer title is in its text."""


def article_id(entry: Entry) -> str:
    """Return what tells the article from others: its address, or its words without one."""
    url = identity(entry.url)
    return digest(url) if url else digest(entry.title[:MAX_TITLE_CHARS], entry.text)


def make_article(entry: Entry, source: Source, feed: Feed, now: datetime) -> Article:
    """Return the entry as an article in the feed's own words.

    Raises ValueError when it has none, or too many.
    """
    return Article.of(
        entry.text,
        title=entry.title[:MAX_TITLE_CHARS],
        url=identity(entry.url),
        source=entry.source or source.name or feed.title,
        language=source.language or entry.language,
        published_at=entry.published_at,
        fetched_at=now,
    )


def changed(entries: Iterable[Entry], known: Mapping[str, Known]) -> list[Entry]:
    """Return the entries that are new, that say something else than before, or lack their page.

    `known` by article id.
    """
    found = []
    for entry in entries:
        before = known.get(article_id(entry))
        if before is None or before.fingerprint != entry.fingerprint or before.tries_left:
            found.append(entry)
    return found
