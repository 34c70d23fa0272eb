"""Reads pages in a process of its own, which is killed when a page takes too long."""

from __future__ import annotations

import asyncio
import json
import math
import struct
import sys
from typing import Any, NamedTuple, Self

from runtime.errors import DealwireError

MAX_PAGE_S = 10
"""For one page, of which most take a twentieth of a second."""
GRACE_S = 5
"""After which the process ends itself, where whoever should have killed it is gone."""
START_S = 60
MAX_MEMORY_BYTES = 512 * 1024 * 1024
"""Of address space, for the process; most pages leave it at 70 MB."""
SIZE = struct.Struct(">I")
"""Before each frame between the processes."""
MAX_PAGES = 1000
"""Read by one process: the libraries keep some memory of every page."""


class PageText(NamedTuple):
    """What a page holds."""

    text: str
    """Plain text, paragraphs on lines of their own; empty when there is no article."""
    title: str
    language: str | None
    published_at: str | None
    """ISO 8601, with a zone."""
    canonical: str | None
    """As the page declares it: not to be believed as it stands."""
    is_free: bool
    """False: the publisher says that it is for subscribers."""


class UnreadableError(Exception):
    """There is no article to be had from the page; the text says why."""


class ReaderError(DealwireError):
    """The process that reads pages does not start."""


class PageReader:
    """Reads one page at a time; an async context manager. Its process starts with the first."""

    def __init__(
        self,
        *,
        timeout_s: float = MAX_PAGE_S,
        memory_bytes: int = MAX_MEMORY_BYTES,
        max_pages: int = MAX_PAGES,
    ) -> None:
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._max_pages = max_pages
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._pages = 0

    @property
    def pid(self) -> int | None:
        """Of the process that reads, while there is one."""
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stop()

    async def read(self, body: bytes, content_type: str, url: str) -> PageText:
        """Return what the page holds. Raises UnreadableError, and ReaderError when none is read."""
        async with self._lock:
            if self._process is None:
                await self._start()
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await self._ask(body, content_type, url)
            except TimeoutError as error:
                await self._stop()
                raise UnreadableError(f"reading it took over {self._timeout_s:g} s") from error
            except (OSError, asyncio.IncompleteReadError) as error:
                await self._stop()
                raise UnreadableError(
                    "reading it took too much memory, or broke the reader"
                ) from error
            except BaseException:  # given up half-way: the next answer would be for this page
                await self._stop()
                raise
            if self._pages >= self._max_pages:
                await self._stop()
        if problem := answer.get("error"):
            raise UnreadableError(f"it cannot be read: {problem}")
        return PageText(**answer)

    async def _start(self) -> None:
        limits = (str(self._memory_bytes), str(math.ceil(self._timeout_s) + GRACE_S))
        command = (sys.executable, "-m", "producers.page_text", *limits)
        self._pages = 0
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us, who then stop it
            )
            assert self._process.stdout
            async with asyncio.timeout(START_S):
                await self._process.stdout.readexactly(SIZE.size)  # its empty frame: ready
        except (OSError, asyncio.IncompleteReadError) as error:  # a TimeoutError is an OSError
            await self._stop()
            raise ReaderError(
                f"pages cannot be read, as their reader does not start: try {' '.join(command)}"
            ) from error
        except BaseException:
            await self._stop()
            raise

    async def _ask(self, body: bytes, content_type: str, url: str) -> dict[str, Any]:
        assert self._process
        self._pages += 1
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        head = json.dumps([content_type, url]).encode()
        stdin.write(SIZE.pack(len(head)) + head + SIZE.pack(len(body)))
        stdin.write(body)
        await stdin.drain()
        (size,) = SIZE.unpack(await stdout.readexactly(SIZE.size))
        answer: dict[str, Any] = json.loads(await stdout.readexactly(size))
        return answer

    async def _stop(self) -> None:
        if process := self._process:
            self._process = None
            if process.returncode is None:
                process.kill()
            await process.wait()
