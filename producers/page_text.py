"""The article on a web page, and what the page says about itself. Computes only, no network.

Run as a program, it reads pages from standard input and answers on standard output, so that a
page that takes too much time or memory takes it from a process that can be killed: see
producers/page_reader.py.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

from lxml import html
from lxml.etree import LxmlError
from trafilatura import bare_extraction

from producers.charsets import decode_text
from producers.page_reader import SIZE, PageText
from schemas import MAX_ARTICLE_BYTES

NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffd\ufffe\uffff]")
MAX_SHARE_OF_NO_TEXT = 0.01
MAX_JSON_LD = 50
"""Blocks of one page that are looked at."""
OTHER_ARTICLES = frozenset(
    ["itemListElement", "relatedLink", "mentions", "citation", "isBasedOn", "hasPart", "isPartOf"]
)
"""What hangs here speaks of something else than the page, but for parts of it."""
LOCKED_TIERS = frozenset({"locked"})
"""Of `article:content_tier`, as publishers tell Facebook; `metered` may be read."""


def read_page(body: bytes, content_type: str, url: str) -> PageText:
    """Return what the page at `url` holds. Raises ValueError when it is no HTML."""
    # lxml refuses text that declares an encoding, so it goes in as UTF-8.
    text = decode_text(body, content_type).replace("\0", " ")
    try:
        parser = html.HTMLParser(encoding="utf-8")
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (LxmlError, AssertionError) as error:
        raise ValueError(f"no HTML: {error}") from error
    nodes = list(_json_ld(tree))
    found = bare_extraction(tree, url=url, include_comments=False, with_metadata=False)
    article = _plain((getattr(found, "text", None) or "").strip())
    if (size := len(article.encode("utf-8", "replace"))) > MAX_ARTICLE_BYTES:
        raise ValueError(f"its text has {size:,} bytes, and the limit is {MAX_ARTICLE_BYTES:,}")
    return PageText(
        text=article,
        title=_title(tree, nodes),
        language=(tree.get("lang") or "").strip()[:16] or None,
        published_at=_published_at(tree, nodes),
        canonical=_first(tree.xpath("//link[@rel='canonical']/@href")),
        is_free=not _is_locked(tree, nodes),
    )


def _plain(text: str) -> str:
    """Return `text` without control characters. Raises ValueError when there are too many."""
    plain = NO_TEXT.sub("", text)
    if len(text) - len(plain) > MAX_SHARE_OF_NO_TEXT * len(text):
        raise ValueError("it holds bytes, and no text")
    return plain


def _first(values: Any) -> str | None:
    return next((text for value in values if (text := str(value).strip())), None)


def _meta(tree: html.HtmlElement, *names: str) -> str | None:
    for name in names:
        query = "//meta[@property=$name or @name=$name or @itemprop=$name]/@content"
        if value := _first(tree.xpath(query, name=name)):
            return value
    return None


def _json_ld(tree: html.HtmlElement) -> Iterator[dict[str, Any]]:
    """Yield the objects of the page's JSON-LD that may speak of the page."""
    for script in tree.xpath("//script[@type='application/ld+json']/text()")[:MAX_JSON_LD]:
        try:
            yield from _objects(json.loads(str(script), strict=False))
        except (ValueError, RecursionError):
            continue


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _objects(item)
    elif isinstance(value, dict):
        yield value
        for key, item in value.items():
            if key not in OTHER_ARTICLES:
                yield from _objects(item)


def _is_locked(tree: html.HtmlElement, nodes: list[dict[str, Any]]) -> bool:
    """Tell whether the publisher says so, as search engines ask publishers to.

    https://schema.org/isAccessibleForFree
    """
    for node in nodes:
        parts = node.get("hasPart")
        for item in [node, *(parts if isinstance(parts, list) else [parts])]:
            if isinstance(item, dict) and _is_false(item.get("isAccessibleForFree")):
                return True
    marked = _meta(tree, "isAccessibleForFree")
    return _is_false(marked) or _meta(tree, "article:content_tier") in LOCKED_TIERS


def _is_false(value: object) -> bool:
    return value is False or (
        isinstance(value, str) and value.strip().lower().rpartition("/")[2] == "false"
    )


def _title(tree: html.HtmlElement, nodes: list[dict[str, Any]]) -> str:
    headlines = [node["headline"] for node in nodes if isinstance(node.get("headline"), str)]
    title = (
        _first(headlines)
        or _meta(tree, "og:title")
        or _first(" ".join(h1.itertext()) for h1 in tree.xpath("//h1"))
        or _first(tree.xpath("//title/text()"))
        or ""
    )
    return " ".join(title.split())


def _published_at(tree: html.HtmlElement, nodes: list[dict[str, Any]]) -> str | None:
    declared = [node["datePublished"] for node in nodes if node.get("datePublished")]
    for value in [*declared, _meta(tree, "article:published_time", "datePublished")]:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            continue
        # Without a zone or a time of day it would be a guess.
        if moment.tzinfo:
            return moment.astimezone(UTC).isoformat()
    return None


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame, None at the end."""
    head = stream.read(SIZE.size)
    return stream.read(SIZE.unpack(head)[0]) if len(head) == SIZE.size else None


def write_frame(stream: BinaryIO, frame: bytes) -> None:
    """Send the frame off."""
    stream.write(SIZE.pack(len(frame)) + frame)
    stream.flush()


def main() -> None:
    """Send an empty frame, then answer each pair (content type and address; body) with JSON."""
    memory_bytes, page_s = map(int, sys.argv[1:])
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    write_frame(stdout, b"")  # ready
    while (head := read_frame(stdin)) is not None and (body := read_frame(stdin)) is not None:
        signal.alarm(page_s)
        content_type, url = json.loads(head)
        answer: dict[str, Any]
        try:
            answer = read_page(body, content_type, url)._asdict()
        except MemoryError:
            raise
        except Exception as error:  # whatever a page does to the libraries is the page's fault
            answer = {"error": f"{error or type(error).__name__}"[:500]}
        signal.alarm(0)
        write_frame(stdout, json.dumps(answer).encode())


if __name__ == "__main__":
    main()
