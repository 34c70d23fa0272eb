"""When a feed is fetched again."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

MIN_S = 5 * 60.0
MAX_S = 24 * 3600.0
FIRST_BACK_OFF_S = MIN_S
"""After the first failure; doubled with each that follows."""

POLLS_PER_ARTICLE = 4
"""On average an article then waits for an eighth of the time between two."""

JITTER = 0.1
"""Feeds that were added together do not stay together."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def next_poll_s(
    articles: int,
    window_s: float,
    *,
    wished_s: float | None = None,
    site_asks_s: float = 0.0,
    chance: random.Random,
) -> float:
    """Return the seconds to the next poll of a feed that had so many articles in so long.

    `wished_s` is what the feed's owner here has set, in place of its habits. The site's wish for
    peace is heard in either case. Between MIN_S and MAX_S.
    """
    habit_s = window_s / articles / POLLS_PER_ARTICLE if articles else MAX_S
    base_s = min(max(wished_s or habit_s, MIN_S), MAX_S)
    return min(max(base_s * chance.uniform(1 - JITTER, 1 + JITTER), site_asks_s, MIN_S), MAX_S)


def back_off_s(failures: int, retry_after_s: float | None, chance: random.Random) -> float:
    """Return the seconds to the next try after so many failures in a row, from 1.

    At least what the server asked for (Retry-After), at most MAX_S.
    """
    base_s = min(FIRST_BACK_OFF_S * 2.0 ** min(failures - 1, 20), MAX_S)
    jittered_s = base_s * chance.uniform(1, 1 + 2 * JITTER)
    return min(max(jittered_s, retry_after_s or 0.0), MAX_S)


def site_asks_s(headers: Mapping[str, str], ttl_s: float | None) -> float:
    """Return how long the site asks not to be asked again: Cache-Control max-age, or RSS ttl.

    What a cache on the way has used up of it (Age) is taken off: RFC 9111, 4.2.3.
    """
    cache_control = headers.get("cache-control", "")
    found = _MAX_AGE.search(cache_control)
    age = headers.get("age", "").strip()
    fresh_s = (
        float(found[1]) - (float(age) if age.isdigit() and len(age) < 10 else 0.0) if found else 0.0
    )
    return max(fresh_s, ttl_s or 0.0, 0.0)
