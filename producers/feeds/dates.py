"""The dates of feeds: RFC 822 as it is meant, ISO 8601, and what people write instead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

ZONES = {
    **{"UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "Z": 0},
    **{"BST": 1, "IST": 1, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2},
    **{"EEST": 3, "MSK": 3, "JST": 9, "AEST": 10, "AEDT": 11},
    **{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
}
"""Hours from UTC. RFC 822 has the American ones; in the others, those of the countries whose
business news is read here: BST and IST are London's and Dublin's."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Older than the web: an empty field of a database, 1970 mostly."""

MOST_AHEAD = timedelta(days=1)
"""A zone left out puts a date less than a day ahead of now; what is further off is a mistake."""

_ZONE_NAME = re.compile(r"\b(?P<name>[A-Z]{1,5})$")
_FRACTION_TOO_LONG = re.compile(r"(\.\d{6})\d+")


def parse_date(text: str, now: datetime) -> datetime | None:
    """Return the time that `text` says, in UTC; UTC is meant where it names no zone.

    None when it says nothing, nothing readable, or what cannot be. `now`: a date up to a day later
    becomes now, for nothing is seen before it is there.

    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> parse_date("Mon, 08 Dec 2025 09:30:00 CET", now).isoformat()
    '2025-12-08T08:30:00+00:00'
    >>> parse_date("lundi 8 décembre 2025 à 9h30", now).isoformat()
    '2025-12-08T09:30:00+00:00'
    """
    text = " ".join(text.split())[:100]
    moment = _iso(text) or _rfc_822(text) or _in_words(text)
    if moment is None:
        return None
    try:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    if moment < EARLIEST or moment > now + MOST_AHEAD:
        return None
    return min(moment, now)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_FRACTION_TOO_LONG.sub(r"\1", text).replace(" Z", "Z"))
    except ValueError:
        return None


def _rfc_822(text: str) -> datetime | None:
    zone = _ZONE_NAME.search(text)
    hours = ZONES.get(zone["name"]) if zone else None
    if zone and hours is not None:
        text = text[: zone.start()] + "+0000"
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=timezone(timedelta(hours=hours))) if hours is not None else moment


def _in_words(text: str) -> datetime | None:
    """Read a date with names of months, French or English, in any order."""
    if not re.search(r"\d", text):
        return None
    import dateparser  # heavy, and hardly ever needed

    found: datetime | None = dateparser.parse(
        re.sub(r"(\d)\s*h\s*(\d\d)\b", r"\1:\2", text),
        languages=["fr", "en"],
        settings={
            "PARSERS": ["absolute-time"],
            "DATE_ORDER": "DMY",
            "REQUIRE_PARTS": ["day", "month", "year"],
        },
    )
    return found
