"""Entries of a feed as articles: in its own words, or in those of the article's page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from producers.feeds.entries import Entry, Feed, identity
from producers.feeds.sources import Source
from producers.feeds.state import Known
from producers.pages import Access, Page
from schemas import Article, digest

MAX_TITLE_CHARS = 4096
"""Of an article; all of a longer title is in its text."""


def entry_id(entry: Entry) -> str:
    """Return what tells the entry from the feed's others: its link, or its words without one."""
    url = identity(entry.url)
    return digest(url) if url else digest(entry.title[:MAX_TITLE_CHARS], entry.text)


def make_article(
    entry: Entry,
    source: Source,
    feed: Feed,
    now: datetime,
    *,
    page: Page | None = None,
    known: Known | None = None,
) -> Article:
    """Return the entry as an article, with the text of its page where that is open.

    An article keeps the address that it was published with (`known`), wherever its page says later
    that it belongs. Raises ValueError when there are no words, or too many.
    """
    is_open = page is not None and page.access is Access.OPEN
    title = entry.title or (page.title if page else "")
    text = entry.text
    if page and is_open:
        begins = page.text.partition("\n")[0] == title
        text = page.text if begins or not title else f"{title}\n\n{page.text}"
    url = known.url if known and known.version else (page.url if page else None)
    return Article.of(
        text,
        title=title[:MAX_TITLE_CHARS],
        url=url or identity(entry.url),
        source=entry.source or source.name or feed.title,
        language=source.language or entry.language or (page.language if page else None),
        access=str(page.access) if page else None,
        published_at=entry.published_at or (page.published_at if page else None),
        fetched_at=now,
    )


def changed(entries: Iterable[Entry], known: Mapping[str, Known]) -> list[Entry]:
    """Return the entries that are new, that say something else than before, or lack their page.

    `known` by their ids.
    """
    found = []
    for entry in entries:
        before = known.get(entry_id(entry))
        if before is None or before.fingerprint != entry.fingerprint or before.tries_left:
            found.append(entry)
    return found
