"""A web server on loopback that does exactly what a test tells it to, however bad."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

Send = Callable[[bytes], Awaitable[None]]


class Request(NamedTuple):
    target: str
    headers: dict[str, str]
    at: float
    """By time.monotonic()."""


Handler = Callable[[Request, Send], Awaitable[None]]


class Server:
    """Answers each path with its handler, and remembers who asked for what."""

    def __init__(self, routes: Mapping[str, Handler], scheme: str, host: str) -> None:
        self.routes = dict(routes)
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self._scheme = scheme
        self._host = host

    def url(self, path: str = "/", host: str | None = None) -> str:
        return f"{self._scheme}://{host or self._host}:{self.port}{path}"

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            pairs = (line.partition(": ") for line in lines if line)
            headers = {name.lower(): value for name, _, value in pairs}
            request = Request(first.split(" ")[1], headers, time.monotonic())
            self.requests.append(request)
            path = request.target.partition("?")[0]
            await self.routes.get(path, answer(404, b"nothing here"))(request, send)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has seen enough
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    routes: Mapping[str, Handler],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Server]:
    """Serve until the block ends; what hangs then is cut off."""
    server = Server(routes, "https" if tls else "http", host)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, host, port, ssl=tls, backlog=2000)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Handler:
    """Return a handler that answers as servers should; `content_type=` sets Content-Type."""
    fields = {"content-length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return raw(f"HTTP/1.1 {status} So\r\n{lines}\r\n".encode("latin-1") + body)


def redirect(location: str, status: int = 302) -> Handler:
    return answer(status, location=location)


def raw(data: bytes, *then: bytes, wait_s: float = 0.0, forever: bool = False) -> Handler:
    """Return a handler that sends `data`, then each of `then` after a wait, perhaps for ever."""

    async def handler(_request: Request, send: Send) -> None:
        await send(data)
        while True:
            for piece in then:
                await asyncio.sleep(wait_s)
                await send(piece)
            if not forever:
                return

    return handler


async def hang(_request: Request, _send: Send) -> None:
    await asyncio.sleep(3600)
