"""What is new in a feed, sent: in its own words, or in those of the articles' pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from producers.feeds.articles import changed, entry_id, make_article
from producers.feeds.entries import Entry, Feed, identity
from producers.feeds.outbox import Item
from producers.feeds.sending import Sender
from producers.feeds.sources import Source
from producers.feeds.state import FeedStates, Known
from producers.fetch import FetchError
from producers.pages import Access, Page, Pages
from runtime.dead_letters import explain
from runtime.logs import get_logger

log = get_logger(__name__)

PAGE_TRIES = 3
"""Polls in which the page of an entry is asked for, when it cannot be had at first."""

MOST_PAGES = 20
"""In one poll: what is 5 s apart takes minutes, and others wait for their turn."""


@dataclass
class Sent:
    """What came of a feed's entries."""

    problems: list[str] = field(default_factory=list)
    """Of those that could not be sent, in words."""
    is_whole: bool = True
    """False: some have to wait for another poll."""


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


class News:
    """Sends what feeds have to say that was not sent before."""

    def __init__(
        self, pages: Pages, states: FeedStates, sender: Sender, clock: Callable[[], datetime]
    ) -> None:
        self._pages = pages
        self._states = states
        self._sender = sender
        self._clock = clock
        self.counts = Counts()

    async def send(self, source: Source, feed: Feed, now: datetime) -> Sent:
        """Send what is new in the feed."""
        ids = [entry_id(entry) for entry in feed.entries]
        known = self._states.known(source.url, ids)
        new = changed(feed.entries, known)
        self.counts.entries += len(new)
        sent = Sent()
        if source.wants_pages:
            # One by one, for their pages come seconds apart; the rest has its turn the next time.
            sent.is_whole = len(new) <= MOST_PAGES
            for entry in new[:MOST_PAGES]:
                before = known.get(entry_id(entry))
                page, tries_left = await self._read_page(entry, before)
                sent.is_whole = sent.is_whole and not tries_left
                at = self._clock()
                item = self._item(entry, source, feed, at, sent, page, before, tries_left)
                self.counts.published += await self._sender.send([item])
        elif new:
            items = [
                self._item(entry, source, feed, now, sent, None, known.get(entry_id(entry)))
                for entry in new
            ]
            self.counts.published += await self._sender.send(items)
        self._states.seen(source.url, ids, now)
        self.counts.refused += len(sent.problems)
        if sent.problems:
            log.warning(
                "refused", feed=source.url, entries=len(sent.problems), first=sent.problems[0]
            )
        return sent

    async def _read_page(self, entry: Entry, before: Known | None) -> tuple[Page | None, int]:
        """Return what came of the entry's page, and how often it may be asked for again."""
        is_again = before is not None and before.fingerprint == entry.fingerprint
        tries_left = before.tries_left - 1 if before and is_again else PAGE_TRIES - 1
        if not (url := identity(entry.url)):
            return None, 0
        try:
            return await self._pages.read(entry.url or url, entry.title), 0
        except FetchError as error:
            log.info("page failed", url=url, problem=str(error), tries_left=tries_left)
            return Page(Access.UNREADABLE, str(error), url), tries_left

    def _item(
        self,
        entry: Entry,
        source: Source,
        feed: Feed,
        now: datetime,
        sent: Sent,
        page: Page | None,
        before: Known | None,
        tries_left: int = 0,
    ) -> Item:
        article = None
        try:
            article = make_article(entry, source, feed, now, page=page, known=before)
        except ValueError as error:
            sent.problems.append(f"{entry.url or entry.title[:80]!r}: {explain(error)}")
        return Item(source.url, entry_id(entry), entry.fingerprint, article, tries_left)
