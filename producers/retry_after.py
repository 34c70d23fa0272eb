"""How long a server wants to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parse_retry_after(value: str, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, in either form (RFC 9110, 10.2.3).

    None when it says neither; 0 when the time is past.
    >>> parse_retry_after("120")
    120.0
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:10])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
