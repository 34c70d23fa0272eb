"""JSON Feed, versions 1 and 1.1: https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

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


def parse_json_feed(text: str, url: str, now: datetime) -> Feed:
    """Return what the document says. Raises NotAFeedError when it is no JSON Feed.

    Feeds are read leniently: what is not as the specification has it counts as not given.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAFeedError(f"neither a feed nor JSON that can be read: {error}") from error
    items = document.get("items")
    version = _text(document, "version")
    if not isinstance(items, list) or (not version and not _text(document, "title")):
        raise NotAFeedError("JSON, but no JSON Feed: it has no `version` and `items`")
    problems = []
    usable = [item for item in items[:MOST_ENTRIES] if isinstance(item, dict)]
    if len(usable) < len(items[:MOST_ENTRIES]):
        left_out = len(items[:MOST_ENTRIES]) - len(usable)
        problems.append(f"{left_out} of the items left out: no JSON objects")
    if len(items) > MOST_ENTRIES:
        problems.append(f"{len(items):,} entries: only the first {MOST_ENTRIES:,} are read")
    language = short_language(_text(document, "language"))
    site = absolute(_text(document, "home_page_url"), url)
    return Feed(
        kind=f"JSON Feed {version.rstrip('/').rpartition('/')[2] or '1'}"[:40],
        title=one_line(_text(document, "title"))[:512],
        language=language,
        site=site,
        ttl_s=None,
        entries=finish([_draft(item, url) for item in usable], site, language, now),
        problems=tuple(problems),
    )


def _draft(item: Mapping[str, Any], url: str) -> Draft:
    # `external_url` is the article that a blog points at; the entry's own text is not its text.
    return Draft(
        url=absolute(_text(item, "url"), url)
        or web_address(_text(item, "id"))
        or absolute(_text(item, "external_url"), url),
        title=_text(item, "title"),
        summary=_text(item, "summary"),
        content=max(_text(item, "content_html"), _text(item, "content_text"), key=len),
        date=_text(item, "date_published") or _text(item, "date_modified"),
        language=_text(item, "language"),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
