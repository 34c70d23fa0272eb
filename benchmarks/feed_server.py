"""A site with many feeds on many loopback addresses, whose articles appear at a given rate.

    python -m benchmarks.feed_server PORT HOSTS FEEDS ENTRIES

Feed n is at http://127.1.x.y:PORT/feed/n, on one of HOSTS addresses, and begins with ENTRIES
articles. Each line `RATE SECONDS` on standard input lets articles appear, round the feeds, and is
answered with the number of the last one; the server ends with standard input.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import sys
import time
from collections import deque
from email.utils import formatdate
from html import escape

from benchmarks.articles import make_articles
from schemas import Article

SHOWN = 30
"""Entries of a feed; older ones fall off its end."""
TEXTS = 2_000
"""Different articles; later ones are these again, with another number."""


def host(number: int) -> str:
    """Return the loopback address of a host: any of 127/8 is this machine's, on Linux."""
    return f"127.1.{number // 200}.{number % 200 + 1}"


def feed_url(port: int, hosts: int, number: int) -> str:
    """Return where feed `number` is."""
    return f"http://{host(number % hosts)}:{port}/feed/{number}"


def article_url(number: int) -> str:
    """Return the address of article `number`, which nobody fetches."""
    return f"https://load.example/{number}"


class Site:
    """The feeds."""

    def __init__(self, feeds: int, entries: int) -> None:
        self._texts: list[Article] = list(make_articles(TEXTS, 0.1, seed=7))
        self._feeds: list[deque[str]] = [deque(maxlen=SHOWN) for _ in range(feeds)]
        self._numbers = itertools.count()
        self.last = -1
        for _ in range(feeds * entries):
            self.publish()

    def publish(self) -> None:
        """Let one more article appear."""
        self.last = number = next(self._numbers)
        text = self._texts[number % len(self._texts)]
        item = (
            f"<item><title>{escape(text.title)} ({number})</title>"
            f"<link>{article_url(number)}</link><pubDate>{formatdate(usegmt=True)}</pubDate>"
            f"<description>{escape(text.text)}</description></item>"
        )
        self._feeds[number % len(self._feeds)].appendleft(item)

    def document(self, number: int) -> bytes:
        """Return a feed."""
        items = "".join(self._feeds[number])
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
            f"<title>Feed {number}</title><link>https://load.example/</link>"
            f"<language>en</language>{items}</channel></rss>"
        ).encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, with 304 where the client has the feed as it is."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            body = self.document(int(head.split(" ")[1].rpartition("/")[2]))
            etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
            if etag in head:
                writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode())
            else:
                fields = f"Content-Type: text/xml\r\nETag: {etag}\r\nContent-Length: {len(body)}"
                writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def appear(self, rate: float, seconds: float) -> None:
        """Let articles appear, evenly."""
        start, count = time.monotonic(), int(rate * seconds)
        for number in range(count):
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            self.publish()


async def main(port: int, hosts: int, feeds: int, entries: int) -> None:
    """Serve until standard input ends."""
    site = Site(feeds, entries)
    names = [host(number) for number in range(hosts)]
    await asyncio.start_server(site.answer, names, port, backlog=1000)
    print(site.last, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        rate, seconds = map(float, line.split())
        await site.appear(rate, seconds)
        print(site.last, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:5])))
