"""Fetchers for tests: small limits, no gaps, and loopback's first address alone permitted."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from producers.addresses import Address, parse_networks
from producers.fetch import Fetcher, FetchError, FetchLimits, Response
from producers.hosts import Hosts

HERE = "127.0.0.1"
ELSEWHERE = "127.0.0.2"
"""Loopback, too, but not permitted: a server there must never be asked."""
LIMITS = FetchLimits(
    user_agent="test", total_s=5.0, size_bytes=100_000, allowed=parse_networks(HERE)
)


def make_fetcher(
    hosts: Hosts | None = None, *, resolve: Any = None, tls: Any = None, **limits: Any
):
    return Fetcher(replace(LIMITS, **limits), hosts or Hosts(0), resolve=resolve, tls=tls)


async def fetched(url: str, **more: Any) -> Response:
    """Fetch once; keywords of `fetch` go there, others to the fetcher."""
    asked = {name: more.pop(name) for name in ("etag", "last_modified") if name in more}
    async with make_fetcher(**more) as fetcher:
        return await fetcher.fetch(url, accept="*/*", **asked)


async def refused(url: str, words: str, **more: Any) -> FetchError:
    """Fetch what must fail, and say so in these words."""
    with pytest.raises(FetchError, match=words) as caught:
        await fetched(url, **more)
    return caught.value


def run(test: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(test, 150))


class Names:
    """A name server that answers what the test says, the last answer over and over."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = [[ip_address(address) for address in answer] for answer in answers]
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> list[Address]:
        self.asked.append(host)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]
