"""What a robots.txt says to us."""

from __future__ import annotations

import re
from collections.abc import Iterator

from protego import Protego

ROBOT = "dealwire"
"""Our name in robots.txt."""
MAX_BYTES = 500 * 1024
"""RFC 9309, 2.5: what comes after the first 500 KiB need not be read."""
AGENT = re.compile(r"\s*user[-\s]*agent\b\s*:?\s*([^#]*)", re.IGNORECASE)
RULE = re.compile(r"\s*(?:d\w+|allow|crawl[-\s]delay)\b", re.IGNORECASE)
SITEMAP = re.compile(r"\s*site-?maps?\b", re.IGNORECASE)


def parse_rules(body: bytes) -> Protego:
    """Return the rules of a robots.txt that are for us, and its sitemaps. Takes linear time."""
    text = body[:MAX_BYTES].decode("utf-8-sig", "replace")
    return Protego.parse("\n".join(lines_for_us(text)))


def lines_for_us(text: str) -> Iterator[str]:
    """Yield the lines of the groups that are for us or for everybody, and the sitemaps.

    protego keeps each rule of a group for each robot that the group names: the square of what a
    file of 500 KiB holds is gigabytes, and minutes.
    >>> list(lines_for_us("User-agent: a\\nUser-agent: b\\nDisallow: /\\nUser-agent: *\\nAllow: /"))
    ['User-agent: *', 'Allow: /']
    """
    ours: set[str] = set()
    naming = False
    for line in text.splitlines():
        if agent := AGENT.match(line):
            if not naming:  # RFC 9309, 2.2.1: a group is some names, then its rules
                ours, naming = set(), True
            if _is_us(name := agent[1].strip().lower()) and name not in ours:
                ours.add(name)
                yield f"User-agent: {name}"
        elif RULE.match(line):
            naming = False
            if ours:
                yield line
        elif SITEMAP.match(line):
            yield line


def _is_us(name: str) -> bool:
    return name == "*" or (bool(name) and ROBOT.startswith(name.replace("*", "")))
