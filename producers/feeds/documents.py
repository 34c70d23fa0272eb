"""What a feed says, whatever it is written in."""

from __future__ import annotations

from datetime import datetime

from producers.feeds.decode import decode
from producers.feeds.entries import Feed
from producers.feeds.json_feed import parse_json_feed
from producers.feeds.xml_feed import parse_xml_feed


def parse_feed(document: bytes, url: str, now: datetime, content_type: str = "") -> Feed:
    """Return what the document fetched from `url` at `now` says.

    Raises NotAFeedError when it is no feed. A feed that is broken, as many are, is read as far as
    possible.
    """
    text = decode(document, content_type)
    parse = parse_json_feed if text.startswith("{") else parse_xml_feed
    return parse(text, url, now)
