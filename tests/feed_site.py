"""A site with feeds, on loopback: a real server that tests change while others read it."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Story:
    """An entry of a feed."""

    title: str
    text: str
    link: str | None = None
    guid: str | None = None
    date: str | None = None

    def item(self) -> str:
        parts = {"title": self.title, "description": self.text, "link": self.link}
        parts |= {"guid": self.guid, "pubDate": self.date}
        inside = "".join(
            f"<{name}>{escape(value)}</{name}>" for name, value in parts.items() if value
        )
        not_a_link = inside.replace("<guid>", '<guid isPermaLink="false">')
        return f"<item>{not_a_link}</item>"


@dataclass
class Feed:
    """What a path answers: a feed of stories, or whatever the test wants instead."""

    stories: list[Story] = field(default_factory=list)
    validators: tuple[str, ...] = ("etag", "last-modified")
    status: int = 200
    body: bytes | None = None
    """In place of the feed."""
    content_type: str = "application/rss+xml"
    headers: dict[str, str] = field(default_factory=dict)
    ttl: str = ""
    changed: float = 1_700_000_000.0

    def document(self) -> bytes:
        if self.body is not None:
            return self.body
        items = "".join(story.item() for story in self.stories)
        ttl = f"<ttl>{self.ttl}</ttl>" if self.ttl else ""
        head = "<title>Test feed</title><link>https://site.example/</link><language>en</language>"
        return f'<rss version="2.0"><channel>{head}{ttl}{items}</channel></rss>'.encode()


class FeedSite:
    """Feeds by path, and who asked for what."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.feeds: dict[str, Feed] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answers: Counter[int] = Counter()
        self.lock = threading.Lock()

    def url(self, path: str = "/feed", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self._server.server_address[1]}{path}"

    def asked(self, path: str) -> list[dict[str, str]]:
        """Return the headers of each request for the path, in order."""
        with self.lock:
            return [headers for target, headers in self.requests if target == path]


@contextmanager
def feed_site(host: str = "127.0.0.1") -> Iterator[FeedSite]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            with site.lock:
                site.requests.append((self.path, headers))
                feed = site.feeds.get(self.path)
                status, fields, body = _answer(feed, headers)
                site.answers[status] += 1
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass  # the client was killed

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 1000

        def handle_error(self, *_: Any) -> None:
            pass  # the client was killed

    with Server((host, 0), Handler) as server:
        site = FeedSite(server)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()


def _answer(feed: Feed | None, asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    if feed is None:
        return 404, {}, b"nothing here"
    if feed.status != 200:
        return feed.status, feed.headers, b"no"
    body = feed.document()
    fields = dict(feed.headers) | {"Content-Type": feed.content_type}
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    modified = formatdate(feed.changed, usegmt=True)
    if "etag" in feed.validators:
        fields["ETag"] = etag
    if "last-modified" in feed.validators:
        fields["Last-Modified"] = modified
    # As RFC 9110, 13.2.2 has it: where there is an ETag in the question, it alone counts.
    if (wanted := asked.get("if-none-match")) is not None:
        is_same = "etag" in feed.validators and wanted == etag
    else:
        is_same = "last-modified" in feed.validators and asked.get("if-modified-since") == modified
    return (304, fields, b"") if is_same else (200, fields, body)
