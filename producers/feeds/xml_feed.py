"""RSS of all versions, RDF and Atom, well-formed or not."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import feedparser

from producers.feeds.entries import (
    MOST_ENTRIES,
    Draft,
    Feed,
    NotAFeedError,
    absolute,
    finish,
    short_language,
    web_address,
)
from producers.feeds.repair import mend, well_formed, without_doctype
from producers.plain_text import one_line

MOST_TAGS = 1_000_000
"""feedparser takes 20 µs for each."""

KINDS = {
    "rss090": "RSS 0.90",
    "rss091n": "RSS 0.91",
    "rss091u": "RSS 0.91",
    "rss092": "RSS 0.92",
    "rss093": "RSS 0.93",
    "rss094": "RSS 0.94",
    "rss10": "RSS 1.0",
    "rss20": "RSS 2.0",
    "atom03": "Atom 0.3",
    "atom10": "Atom 1.0",
    "cdf": "CDF",
}

_ENTRY_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)


def parse_xml_feed(text: str, url: str, now: datetime) -> Feed:
    """Return what the document says. Raises NotAFeedError when it is no feed.

    A DOCTYPE is cut out, and the entities that it defines mean nothing.
    """
    if not text.strip():
        raise NotAFeedError("an empty document, not a feed")
    problems = []
    text, is_cut = cut_entries(mend(without_doctype(text)))
    if text.count("<") > MOST_TAGS:
        raise NotAFeedError("a document of more than a million tags, which is not read")
    document, problem = well_formed(text)
    if problem:
        problems.append(f"broken XML, read as far as possible: {problem}")
    parsed = feedparser.parse(
        BytesIO(document),
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": url,
        },
        sanitize_html=False,  # nothing but text is kept of it
        resolve_relative_uris=False,
    )
    if not parsed.version and not parsed.entries:
        raise NotAFeedError(what_it_is(text))
    if problem and not parsed.entries:
        raise NotAFeedError(f"broken, and nothing can be read of it: {problem}")
    if is_cut:
        problems.append(
            f"more than {MOST_ENTRIES:,} entries: only the first {MOST_ENTRIES:,} are read"
        )
    about = parsed.feed
    language = short_language(_text(about, "language"))
    site = absolute(_text(about, "link"), url)
    drafts = [_draft(entry, url) for entry in parsed.entries[:MOST_ENTRIES]]
    return Feed(
        kind=KINDS.get(parsed.version, parsed.version or "RSS"),
        title=one_line(_text(about, "title"))[:512],
        language=language,
        site=site,
        ttl_s=_minutes(_text(about, "ttl")),
        entries=finish(drafts, site, language, now),
        problems=tuple(problems),
    )


def cut_entries(text: str) -> tuple[str, bool]:
    """Return the document up to the greatest number of entries, and whether more followed."""
    for number, end in enumerate(_ENTRY_END.finditer(text), 1):
        if number == MOST_ENTRIES:
            rest = text[end.end() :]
            if not _ENTRY_END.search(rest):
                return text, False
            root = re.search(r"<((?:\w+:)?(?:rss|feed|RDF))\b", text)
            closing = "</channel>" if root and root[1] == "rss" else ""
            return f"{text[: end.end()]}{closing}</{root[1] if root else 'rss'}>", True
    return text, False


def what_it_is(text: str) -> str:
    """Return what a document that is no feed looks like."""
    start = text[:2000].lower()
    if "<urlset" in start or "<sitemapindex" in start:
        return "a sitemap, not a feed; add it with --kind sitemap"
    if "<opml" in start:
        return "an OPML list, not a feed; `dealwire feeds import` reads it"
    if "<html" in start or "<!doctype html" in start or "<body" in start:
        return "a web page, not a feed; `dealwire feeds add` finds the feed of a site"
    return "neither RSS nor Atom nor JSON Feed"


def _text(fields: Any, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _minutes(text: str) -> float | None:
    return float(text) * 60 if re.fullmatch(r"\s*\d{1,6}\s*", text) else None


def _draft(entry: Any, url: str) -> Draft:
    # FeedBurner's and others' counting links stand beside the article's own.
    link = _text(entry, "feedburner_origlink") or _text(entry, "link")
    contents = [_text(part, "value") for part in entry.get("content", ())]
    origin = entry.get("source") or {}
    dates = (_text(entry, name) for name in ("published", "created", "updated"))
    return Draft(
        url=absolute(link, url) or web_address(_text(entry, "id")),
        title=_text(entry, "title"),
        summary=_text(entry, "summary") or _text(entry, "media_description"),
        content=max(contents, key=len, default=""),
        date=next(filter(None, dates), ""),
        language=_language(entry),
        source=_text(origin, "title"),
    )


def _language(entry: Any) -> str:
    """Return dc:language, or the xml:lang in force at the entry's text or title."""
    details = (entry.get(name) or {} for name in ("summary_detail", "title_detail"))
    parts = (entry, *entry.get("content", ())[:1], *details)
    return next(filter(None, (_text(part, "language") for part in parts)), "")
