"""Feeds as they are found, and what must come out of each: tests/data/feeds."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.feeds.documents import parse_feed
from producers.feeds.entries import MOST_ENTRIES, NotAFeedError
from producers.plain_text import plain_text

FOLDER = Path(__file__).parents[2] / "data" / "feeds"
EXPECTED = ".expected.json"
DOCUMENTS = sorted(p for p in FOLDER.iterdir() if not p.name.endswith(EXPECTED))
NOW = datetime(2025, 12, 9, 12, tzinfo=UTC)
URL = "https://e.example/feeds/rss"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_feed_says_what_is_written_beside_it(path: Path) -> None:
    expected = json.loads(path.with_name(path.name + EXPECTED).read_text("utf-8"))
    content_type = expected.pop("content_type", "")
    if "not_a_feed" in expected:
        with pytest.raises(NotAFeedError, match=re.escape(expected["not_a_feed"])):
            parse_feed(path.read_bytes(), URL, NOW, content_type)
        return
    feed = parse_feed(path.read_bytes(), URL, NOW, content_type)
    assert {
        "kind": feed.kind,
        "title": feed.title,
        "language": feed.language,
        "site": feed.site,
        "ttl_s": feed.ttl_s,
        "problems": list(feed.problems),
        "entries": [
            {
                "url": entry.url,
                "title": entry.title,
                "text": entry.text,
                "published_at": entry.published_at and entry.published_at.isoformat(),
                "language": entry.language,
                "source": entry.source,
            }
            for entry in feed.entries
        ],
    } == expected


@given(
    st.sampled_from([path.read_bytes() for path in DOCUMENTS]),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=12), st.integers(0, 40)), max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_a_feed_or_refused(
    document: bytes, edits: list[tuple[float, bytes, int]]
) -> None:
    """Feeds of the folder with bytes overwritten, put in and taken out."""
    for place, new, gone in edits:
        at = int(place * len(document))
        document = document[:at] + new + document[at + gone :]
    try:
        feed = parse_feed(document, URL, NOW)
    except NotAFeedError:
        return
    for entry in feed.entries:
        assert entry.url or entry.text
        entry.text.encode("utf-8")


def test_there_are_feeds_of_every_flavour() -> None:
    kinds = {
        json.loads(p.read_text("utf-8")).get("kind", "none") for p in FOLDER.glob("*" + EXPECTED)
    }
    assert len(DOCUMENTS) >= 40
    assert kinds >= {"RSS 0.90", "RSS 0.91", "RSS 0.92", "RSS 1.0", "RSS 2.0"}
    assert kinds >= {"Atom 0.3", "Atom 1.0", "JSON Feed 1", "JSON Feed 1.1", "none"}


def rss_of(count: int) -> bytes:
    items = "".join(
        f"<item><title>T{n}</title><link>https://e.example/{n}</link></item>" for n in range(count)
    )
    return f'<rss version="2.0"><channel><title>Long</title>{items}</channel></rss>'.encode()


def test_a_feed_of_a_hundred_thousand_entries_is_cut_and_says_so() -> None:
    started = time.process_time()
    feed = parse_feed(rss_of(100_000), URL, NOW)
    assert time.process_time() - started < 20
    assert [entry.title for entry in feed.entries[:2]] == ["T0", "T1"]
    assert len(feed.entries) == MOST_ENTRIES
    assert feed.problems == (f"more than {MOST_ENTRIES:,} entries: only the first 2,000 are read",)


def test_a_feed_of_just_so_many_entries_is_whole() -> None:
    feed = parse_feed(rss_of(MOST_ENTRIES), URL, NOW)
    assert len(feed.entries) == MOST_ENTRIES
    assert feed.problems == ()


HEAD = "<rss version='2.0'><channel><title>x</title>"
HOSTILE = {
    "tags without end": HEAD + "<a " * 100_000,
    "elements in elements": HEAD + "<item><description>" + "<b>" * 100_000,
    "entries in entries": HEAD + "<item>" * 50_000,
    "CDATA never closed": HEAD + "<![CDATA[" * 40_000,
    "comments": "<!---->" * 50_000 + "<rss/>",
    "comments never closed": "<!--" * 80_000,
    "DOCTYPEs": "<!DOCTYPE x [" * 30_000,
    "ampersands": HEAD + "<item><title>" + "&" * 300_000 + "</title></item></channel></rss>",
    "quotes": HEAD + '<a b="' * 50_000,
    "a long date": HEAD + "<item><title>x</title><pubDate>" + "1 " * 150_000 + "</pubDate></item>",
    "lists in lists": HEAD + "<item><description><![CDATA[" + "<li><p>" * 40_000 + "]]>",
    "JSON in JSON": '{"items":' + "[" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_keep_us_busy_does_not(name: str) -> None:
    started = time.process_time()
    try:
        parse_feed(HOSTILE[name].encode(), URL, NOW)
    except NotAFeedError:
        pass
    assert time.process_time() - started < 10, "of processor time; it should be 3 s at most"


@pytest.mark.parametrize(
    "source",
    [
        "<script>x()</script>",
        "&lt;script&gt;x()&lt;/script&gt;",
        "&amp;lt;script&amp;gt;x()&amp;lt;/script&amp;gt;",
        "<scr<script>x()</script>ipt>",
        "<SCRIPT SRC='x'></SCRIPT>",
        "<img src=x onerror=alert(1)//>",
        "<svg/onload=alert(1)>",
        "<my-element onclick='x()'>",
        "<![CDATA[<b onclick=x>]]>",
        "&#60;script&#62;x()&#60;/script&#62;",
        "<p style='x'>" * 3000,
    ],
)
def test_nothing_that_a_browser_would_run_is_left(source: str) -> None:
    text = plain_text(f"before {source} after")
    assert text.startswith("before")
    assert "onclick" not in text
    assert "onerror" not in text
    assert not re.search(r"<\s*/?\s*(script|img|svg|p|b|my)\b[^<]*>", text, re.IGNORECASE)
