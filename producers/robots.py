"""What sites allow robots to fetch: robots.txt, as RFC 9309 has it, parsed by protego."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from protego import Protego

from producers.fetch import Fetcher, FetchError
from producers.hosts import Hosts
from producers.robots_rules import MAX_BYTES, ROBOT, parse_rules
from producers.targets import host_of, parse_address

KEPT_S = 24 * 3600.0
"""RFC 9309, 2.4: for a day, not longer."""
FAILURE_KEPT_S = 3600.0
"""After that, a robots.txt that could not be had is asked for again."""
KEPT_SITES = 2000
KEPT_BYTES = 2 * 1024 * 1024
"""Of all files kept together; in memory, rules take up to thirty times as much."""
RATE_LIMIT = 429


class RobotsError(FetchError):
    """The site's robots.txt forbids the address to us."""


class Rules(NamedTuple):
    """What one site allows."""

    parsed: Protego | None
    """None: nothing is allowed, as the rules cannot be had."""
    problem: FetchError | None
    """Why not."""
    expires_at: float
    """By the clock of Robots."""
    size_bytes: int = 0


class Robots:
    """The rules of all sites, fetched when they are first needed and kept for a day."""

    def __init__(
        self, fetcher: Fetcher, hosts: Hosts, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetcher = fetcher
        self._hosts = hosts
        self._clock = clock
        self._kept: OrderedDict[str, Rules] = OrderedDict()
        self._pending: dict[str, asyncio.Future[Rules]] = {}

    @property
    def remembered(self) -> int:
        """How many sites' rules are."""
        return len(self._kept)

    async def check(self, url: str) -> None:
        """Raise RobotsError when `url` is not for us, FetchError when that cannot be known now.

        Rules that cannot be had forbid everything (RFC 9309, 2.3.1.4); a site without rules
        forbids nothing (2.3.1.3).
        """
        rules = await self._rules(url)
        if rules.parsed is None:
            raise FetchError(
                f"the site's rules for robots cannot be had: {rules.problem}",
                retry_after_s=rules.expires_at - self._clock(),
                final=bool(rules.problem and rules.problem.final),
            )
        if delay_s := rules.parsed.crawl_delay(ROBOT):
            self._hosts.slow_down(host_of(parse_address(url)), delay_s)
        if not rules.parsed.can_fetch(url, ROBOT):
            raise RobotsError(f"robots.txt forbids {url}", final=True)

    async def sitemaps(self, url: str) -> list[str]:
        """Return the sitemaps that the site of `url` names; none when its rules cannot be had."""
        rules = await self._rules(url)
        return list(rules.parsed.sitemaps) if rules.parsed else []

    async def _rules(self, url: str) -> Rules:
        address = parse_address(url)
        place = str(address.copy_with(raw_path=b"/robots.txt"))
        rules = self._kept.get(place)
        if rules and self._clock() < rules.expires_at:
            self._kept.move_to_end(place)
            return rules
        if place in self._pending:  # asked for once, whoever else wants to know
            return await asyncio.shield(self._pending[place])
        pending = self._pending[place] = asyncio.ensure_future(self._fetch(place))
        pending.add_done_callback(lambda _done: self._pending.pop(place))
        return await asyncio.shield(pending)

    async def _fetch(self, place: str) -> Rules:
        now = self._clock()
        try:
            response = await self._fetcher.fetch(place, accept="text/plain,*/*;q=0.5")
        except FetchError as error:
            rules = self._without_file(place, error)
        else:
            parsed = await asyncio.to_thread(parse_rules, response.body)
            size_bytes = min(len(response.body), MAX_BYTES)
            rules = Rules(parsed, None, now + KEPT_S, size_bytes)
        self._kept[place] = rules
        while len(self._kept) > KEPT_SITES or self._kept_bytes() > KEPT_BYTES:
            self._kept.popitem(last=False)
        return rules

    def _kept_bytes(self) -> int:
        return sum(rules.size_bytes for rules in self._kept.values())

    def _without_file(self, place: str, error: FetchError) -> Rules:
        """RFC 9309, 2.3.1.3 and 2.3.1.4: no file, no rules; no answer, no fetching."""
        status = error.status or 0
        if 400 <= status < 500 and status != RATE_LIMIT:
            return Rules(parse_rules(b""), None, self._clock() + KEPT_S)
        old = self._kept.get(place)
        if old and old.parsed:  # better than none: what it said last
            return old._replace(expires_at=self._clock() + FAILURE_KEPT_S)
        return Rules(None, error, self._clock() + (error.retry_after_s or FAILURE_KEPT_S))
