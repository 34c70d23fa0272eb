"""Politeness: one request at a time to a host, a gap between two, and none while it pauses."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

GAP_S = 5.0
MAX_GAP_S = 60.0
"""A site that asks for more (Crawl-delay) gets this."""
MAX_PAUSE_S = 24 * 3600.0
"""A site that asks for more (Retry-After) gets this."""
KEPT_HOSTS = 2000
"""From so many hosts on, those that no rule holds back any more are forgotten."""


class HostPausedError(Exception):
    """The host wants to be left alone for a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass
class _Host:
    gap_s: float
    asked_at: float = -math.inf
    """When the last request ended."""
    paused_until: float = -math.inf
    waiting: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Hosts:
    """Who may be asked, and when. One per process; all requests take their turns here."""

    def __init__(
        self,
        gap_s: float = GAP_S,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._gap_s = gap_s
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}

    @property
    def remembered(self) -> int:
        """How many hosts are."""
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until `host` may be asked; the gap to the next turn begins when this one ends.

        Raises HostPausedError, also to those who were waiting already when the pause began.
        """
        entry = self._entry(host)
        entry.waiting += 1
        try:
            async with entry.lock:
                if (pause_s := entry.paused_until - self._clock()) > 0:
                    raise HostPausedError(pause_s)
                if (wait_s := entry.asked_at + entry.gap_s - self._clock()) > 0:
                    await self._sleep(wait_s)
                try:
                    yield
                finally:
                    entry.asked_at = self._clock()
        finally:
            entry.waiting -= 1

    def pause(self, host: str, seconds: float) -> None:
        """Leave `host` alone for so long."""
        self._entry(host).paused_until = self._clock() + min(seconds, MAX_PAUSE_S)

    def slow_down(self, host: str, gap_s: float) -> None:
        """Ask `host` as seldom as it wants; more often than the usual gap never."""
        self._entry(host).gap_s = min(max(gap_s, self._gap_s), MAX_GAP_S)

    def _entry(self, host: str) -> _Host:
        if host not in self._hosts:
            if len(self._hosts) >= KEPT_HOSTS:
                self._forget_idle()
            self._hosts[host] = _Host(self._gap_s)
        return self._hosts[host]

    def _forget_idle(self) -> None:
        now = self._clock()
        self._hosts = {
            name: entry
            for name, entry in self._hosts.items()
            if entry.waiting or now < max(entry.asked_at + entry.gap_s, entry.paused_until)
        }
