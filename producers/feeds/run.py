"""Polling all feeds of the list, each when it is due, until stopped."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from producers.feeds.poll import Poller
from producers.feeds.sources import FeedList, FeedListError, Source
from producers.feeds.state import FeedStates
from runtime.heartbeat import beat
from runtime.logs import get_logger

AT_A_TIME = 40
"""Feeds that are polled side by side, each of another host."""

TICK_S = 1.0
STOP_TIMEOUT_S = 10.0
"""For polls under way when we are told to stop; what they did not finish is done the next time."""

log = get_logger(__name__)


class Runner:
    """Decides which feed is polled when; at most one of a host at a time."""

    def __init__(
        self,
        list_path: Path,
        states: FeedStates,
        poller: Poller,
        clock: Callable[[], datetime],
        *,
        at_a_time: int = AT_A_TIME,
        heartbeat: Path | None = None,
    ) -> None:
        self._list_path = list_path
        self._states = states
        self._poller = poller
        self._clock = clock
        self._at_a_time = at_a_time
        self._heartbeat = heartbeat
        self._sources: dict[str, Source] = {}
        self._list_stamp: tuple[int, int] | None = None
        self._due_at: dict[str, datetime] = {}
        self._running: dict[asyncio.Task[None], Source] = {}

    async def run(self, stopping: Callable[[], bool]) -> None:
        """Poll until `stopping()`. Raises KafkaUnavailableError, and FeedListError at the start."""
        await self._loop(stopping, once=False)

    async def once(self, stopping: Callable[[], bool]) -> None:
        """Poll every feed that is due, once."""
        await self._loop(stopping, once=True)

    async def _loop(self, stopping: Callable[[], bool], *, once: bool) -> None:
        self._load()
        try:
            while not stopping():
                beat(self._heartbeat)
                is_all = self._start_due()
                if once and is_all and not self._running:
                    break
                await self._wait()
                if not once:
                    self._reload()
        finally:
            await self._stop()

    def _start_due(self) -> bool:
        """Begin to poll what is due, the longest first; return whether nothing due is left over."""
        now = self._clock()
        due = sorted((at, url) for url, at in self._due_at.items() if at <= now)
        busy = {_host(source.url) for source in self._running.values()}
        for _, url in due:
            if len(self._running) >= self._at_a_time:
                return False
            if (host := _host(url)) not in busy:
                busy.add(host)
                source = self._sources[url]
                del self._due_at[url]
                self._running[asyncio.create_task(self._poller.poll(source))] = source
        return all(at > now for at in self._due_at.values())

    async def _wait(self) -> None:
        """Wait for polls to end, or a moment; raise what they raised."""
        if not self._running:
            await asyncio.sleep(TICK_S)
            return
        done, _ = await asyncio.wait(
            self._running, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            source = self._running.pop(task)
            task.result()
            if source.url in self._sources:
                self._due_at[source.url] = self._states.feed(source.url).next_poll_at

    async def _stop(self) -> None:
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=STOP_TIMEOUT_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _load(self) -> None:
        """Read the list, if it has changed. Raises FeedListError."""
        stamp = _stamp(self._list_path)
        if stamp == self._list_stamp:
            return
        feeds = FeedList.load(self._list_path)
        self._list_stamp = stamp
        self._sources = {source.url: source for source in feeds.sources if source.on}
        self._states.add(self._sources, self._clock())
        states = self._states.feeds()
        self._due_at = {url: states[url].next_poll_at for url in self._sources}
        for source in self._running.values():
            self._due_at.pop(source.url, None)
        log.info("feeds", path=str(self._list_path), on=len(self._sources))
        if not self._sources:
            log.info("no feed is on: add one with `dealwire feeds add URL`")

    def _reload(self) -> None:
        """Take up a change of the list; while it is wrong, go on with what was there."""
        try:
            self._load()
        except FeedListError as error:
            self._list_stamp = _stamp(self._list_path)
            log.error("the changed list of feeds is not used", problem=str(error))


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size
