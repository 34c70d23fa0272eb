"""RSS of all versions, RDF and Atom, well-formed or not."""

from __future__ import annotations

import html
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
from producers.plain_text import one_line

_DOCTYPE = re.compile(r"<!DOCTYPE\s[^\[>]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_CDATA_OR_AMPERSAND = re.compile(r"<!\[CDATA\[.*?\]\]>|&(#\w{1,8};|[A-Za-z]\w{1,30};)?", re.DOTALL)
_XML_ENTITIES = frozenset(("&amp;", "&lt;", "&gt;", "&quot;", "&apos;"))
_ENTRY_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse_xml_feed(text: str, url: str, now: datetime) -> Feed:
    """Return what the document says. Raises NotAFeedError when it is no feed.

    A DOCTYPE is cut out, and the entities that it defines mean nothing.
    """
    if not text.strip():
        raise NotAFeedError("an empty document, not a feed")
    problems = []
    text, is_cut = cut_entries(mend(_DOCTYPE.sub("", text, count=1)))
    parsed = feedparser.parse(
        BytesIO(text.encode("utf-8")),
        response_headers={
            "content-type": "application/xml; charset=utf-8",
            "content-location": url,
        },
        sanitize_html=False,  # nothing but text is kept of it
        resolve_relative_uris=False,
    )
    if not parsed.version and not parsed.entries:
        raise NotAFeedError(what_it_is(text))
    if parsed.bozo:
        problems.append(f"broken XML, read as far as possible: {parsed.bozo_exception}")
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


def mend(text: str) -> str:
    """Return the document without what often keeps it from being XML.

    Those are control characters, bare ampersands, and the entities of HTML.
    >>> mend("<a>S&P &amp; d&eacute;j&agrave; <![CDATA[R&D]]>\x0b</a>")
    '<a>S&amp;P &amp; déjà <![CDATA[R&D]]></a>'
    """
    return _CDATA_OR_AMPERSAND.sub(_mend_ampersand, _CONTROL.sub("", text))


def _mend_ampersand(found: re.Match[str]) -> str:
    words = found[0]
    if words.startswith("<") or words in _XML_ENTITIES or words.startswith("&#"):
        return words
    character = html.unescape(words) if words.endswith(";") else words
    return character if character != words else f"&amp;{words[1:]}"


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
    guid = _text(entry, "id")
    if entry.get("guidislink"):  # a number is called a permalink by mistake: no relative ones
        link = guid if web_address(guid) else ""
    contents = [_text(part, "value") for part in entry.get("content", ())]
    origin = entry.get("source") or {}
    dates = (_text(entry, name) for name in ("published", "created", "updated"))
    return Draft(
        url=absolute(link, url) or web_address(guid),
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
