"""Connections that end when more comes over them than was allowed."""

from __future__ import annotations

import ssl
from typing import Any, Self

import httpcore

HEAD_BYTES = 256 * 1024
"""For an answer's head, with all that may come before it: any number of 1xx answers, each of which
costs far more time than its bytes."""


class BoundedStream(httpcore.AsyncNetworkStream):
    """A network stream that may be read up to a limit, which can be raised."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, left_bytes: int = HEAD_BYTES) -> None:
        self._stream = stream
        self._left_bytes = left_bytes

    def allow(self, more_bytes: int) -> None:
        """Let so many bytes more be read."""
        self._left_bytes += more_bytes

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come. Raises httpcore.RemoteProtocolError when it is too much."""
        data = await self._stream.read(max_bytes, timeout)
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise httpcore.RemoteProtocolError("it sends more than an answer")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> Self:
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return type(self)(stream, self._left_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
