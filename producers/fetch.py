"""Fetching from a world that means harm: bounded, polite, and only from the public internet."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import NamedTuple, Self

import httpcore
import httpx

from producers.addresses import ForbiddenAddressError, GuardedBackend, Network, Resolve, Resolver
from producers.bodies import BodyError, Decoder, too_large
from producers.fetch_error import GONE, WORDS, FetchError
from producers.hosts import HostPausedError, Hosts
from producers.retry_after import parse_retry_after
from producers.robots_rules import ROBOT
from producers.targets import follow, host_of, parse_address

__all__ = ["FetchError", "FetchLimits", "Fetcher", "Permit", "Response", "user_agent"]

PERMANENT = frozenset({301, 308})
REDIRECTS = PERMANENT | {302, 303, 307}
ASKS_FOR_PATIENCE = frozenset({429, 503})
MAX_CHUNKS = 50_000
"""Of one body: crumbs cost more time than their bytes are worth."""
SMALL_BYTES = 256 * 1024
"""A body may grow to this without further ado; of larger ones, few grow at a time."""


class Response(NamedTuple):
    """What came back, after redirects."""

    url: str
    """Where the body came from."""
    permanent_url: str
    """The address to remember: as asked for, but for permanent redirects (301, 308)."""
    status: int
    """200, or 304 when nothing has changed since the validators that were sent."""
    headers: httpx.Headers
    body: bytes
    """Decompressed, at most the limit; empty with 304."""


Permit = Callable[[str], Awaitable[None]]


def user_agent(contact: str) -> str:
    """Return who we say we are. `contact` is where a site's owner can complain: a page, an address.

    >>> user_agent("news@example.com")
    'dealwire/0.1.0 (+news@example.com)'
    """
    own = f"{ROBOT}/{version('dealwire')}"
    return f"{own} (+{contact})" if contact else own


@dataclass(frozen=True)
class FetchLimits:
    """What one fetch may cost, and what may be fetched at all."""

    user_agent: str
    size_bytes: int = 10 * 1024 * 1024
    """Of a body, after decompression."""
    total_s: float = 20.0
    """Of one fetch with its redirects, without the waits for the hosts' turns."""
    redirects: int = 5
    connections: int = 100
    """Open at a time; the others wait."""
    large_bodies: int = 4
    """Bodies above 256 KiB that may grow at a time: bounds the memory."""
    allowed: tuple[Network, ...] = ()
    """Networks that may be connected to although they are not public."""


class Fetcher:
    """Fetches; an async context manager, one per process."""

    def __init__(
        self,
        limits: FetchLimits,
        hosts: Hosts,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`resolve` and `tls` stand in for the system's name servers and authorities."""
        self._limits = limits
        self._hosts = hosts
        self._resolver = Resolver()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            max_connections=None,  # bounded by _connections, before a turn's time runs
            max_keepalive_connections=0,  # an idle connection is of use to an attacker only
            http1=True,
            http2=False,
            network_backend=GuardedBackend(resolve or self._resolver, limits.allowed),
        )
        self._connections = asyncio.Semaphore(limits.connections)
        self._large_bodies = asyncio.Semaphore(limits.large_bodies)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._pool.aclose()
        self._resolver.close()

    async def fetch(
        self,
        url: str,
        *,
        accept: str,
        etag: str | None = None,
        last_modified: str | None = None,
        permit: Permit | None = None,
    ) -> Response:
        """Return what is at `url`, following redirects. Raises FetchError.

        `etag` and `last_modified` are the validators of the answer before, as it gave them.
        `permit` is asked about each address on the way, and raises FetchError to end it there.
        """
        headers = [
            ("User-Agent", self._limits.user_agent),
            ("Accept", accept),
            ("Accept-Encoding", "gzip, deflate"),
            ("Connection", "close"),
        ]
        if etag:
            headers.append(("If-None-Match", etag))
        if last_modified:
            headers.append(("If-Modified-Since", last_modified))
        left_s = self._limits.total_s
        address = permanent = parse_address(url)
        only_permanent = True
        for _ in range(self._limits.redirects + 1):
            if permit:
                await permit(str(address))
            async with self._turn(host_of(address)):
                started = asyncio.get_running_loop().time()
                answer = await self._ask(address, headers, left_s)
                left_s -= asyncio.get_running_loop().time() - started
            if not isinstance(answer, _Redirect):
                if answer.status == 304 and not (etag or last_modified):
                    raise FetchError(f"{address} answered 304 to what was no question", status=304)
                return answer._replace(permanent_url=str(permanent))
            only_permanent = only_permanent and answer.status in PERMANENT
            address = answer.address
            if only_permanent:
                permanent = address
        raise FetchError(f"{url} leads from one address to the next, over and over")

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        try:
            async with self._hosts.turn(host), self._connections:
                yield
        except HostPausedError as error:
            raise FetchError(
                f"{host} has asked to be left alone for {error.seconds:.0f} s more",
                retry_after_s=error.seconds,
            ) from error

    async def _ask(
        self, address: httpx.URL, headers: list[tuple[str, str]], left_s: float
    ) -> Response | _Redirect:
        """Send one request and read its answer. Raises FetchError, with a text for users."""
        try:
            async with asyncio.timeout(left_s) as deadline:
                return await self._exchange(address, headers, deadline)
        except TimeoutError as error:
            problem = f"{address} took longer than {self._limits.total_s:.0f} s"
            raise FetchError(problem) from error
        except ForbiddenAddressError as error:
            raise FetchError(
                f"{address.host} is at {error}, which is not on the public internet: "
                "DEALWIRE_FETCH_ALLOW can permit it",
                final=True,
            ) from error
        except BodyError as error:
            raise FetchError(f"{address} {error}", final=error.final) from error
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise FetchError(f"{address.host} cannot be reached: {_cause(error)}") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise FetchError(f"{address} broke off: {_cause(error)}") from error

    async def _exchange(
        self, address: httpx.URL, headers: list[tuple[str, str]], deadline: asyncio.Timeout
    ) -> Response | _Redirect:
        target = httpcore.URL(
            scheme=address.raw_scheme,
            host=address.raw_host,
            port=address.port,
            target=address.raw_path,
        )
        # Validators come from elsewhere: as Latin-1, they go back byte for byte.
        raw = [("Host", address.netloc.decode("ascii")), *headers]
        encoded = [(name.encode(), value.encode("latin-1", "replace")) for name, value in raw]
        async with self._pool.stream("GET", target, headers=encoded) as answer:
            status = answer.status
            got = httpx.Headers(answer.headers, encoding="latin-1")
            if status in REDIRECTS and "location" in got:
                return _Redirect(status, follow(address, got["location"]))
            if status == 304:
                return Response(str(address), str(address), status, got, b"")
            if status != 200:
                raise self._status_error(address, status, got)
            body = await self._read(answer, got, deadline)
            return Response(str(address), str(address), status, got, body)

    def _status_error(self, address: httpx.URL, status: int, headers: httpx.Headers) -> FetchError:
        retry_after_s = parse_retry_after(headers.get("retry-after", ""))
        if status in ASKS_FOR_PATIENCE and retry_after_s:
            self._hosts.pause(host_of(address), retry_after_s)
        words = WORDS.get(status, "that is no article and no feed")
        return FetchError(
            f"{address} answered {status}: {words}",
            status=status,
            retry_after_s=retry_after_s,
            final=status == GONE,
        )

    async def _read(
        self, answer: httpcore.Response, headers: httpx.Headers, deadline: asyncio.Timeout
    ) -> bytes:
        limit = self._limits.size_bytes
        decoder = Decoder(headers.get("content-encoding", ""), limit)
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced[:20]) > limit:
            raise too_large(limit)
        # Chunks may take as much again; whatever is more ends the connection.
        answer.extensions["network_stream"].allow(2 * limit)
        body = bytearray()
        chunks = 0
        large = False
        try:
            async for chunk in answer.aiter_stream():
                chunks += 1
                if chunks > MAX_CHUNKS:
                    raise BodyError("comes in crumbs")
                body += decoder.decode(chunk)
                if len(body) > SMALL_BYTES and not large:
                    large = await self._room_for_a_large_body(deadline)
            decoder.finish()
            return bytes(body)
        finally:
            if large:
                self._large_bodies.release()

    async def _room_for_a_large_body(self, deadline: asyncio.Timeout) -> bool:
        """Wait for it; the wait is not the server's fault, so its time stands still."""
        loop = asyncio.get_running_loop()
        when = deadline.when()
        assert when is not None
        left_s = when - loop.time()
        deadline.reschedule(None)
        await self._large_bodies.acquire()
        deadline.reschedule(loop.time() + left_s)
        return True


class _Redirect(NamedTuple):
    status: int
    address: httpx.URL


def _cause(error: BaseException) -> str:
    return str(error) or type(error).__name__
