"""When a feed is fetched again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.feeds.schedule import MAX_S, MIN_S, back_off_s, next_poll_s, site_asks_s

WEEK_S = 7 * 86_400.0
CHANCE = random.Random(1)
seconds = st.floats(0, 1e9)


@given(st.integers(0, 10**6), st.floats(3600, WEEK_S), st.none() | seconds, seconds)
def test_a_poll_is_between_five_minutes_and_a_day_away_and_not_before_the_site_wants(
    articles: int, window_s: float, wished_s: float | None, asks_s: float
) -> None:
    wait_s = next_poll_s(articles, window_s, wished_s=wished_s, site_asks_s=asks_s, chance=CHANCE)
    assert MIN_S <= wait_s <= MAX_S
    assert wait_s >= min(asks_s, MAX_S)


@pytest.mark.parametrize(
    ("a_day", "minutes"), [(1000, 5), (72, 5), (24, 15), (4, 90), (1, 360), (0, 1440)]
)
def test_the_interval_follows_how_often_a_feed_changes(a_day: int, minutes: int) -> None:
    waits = [next_poll_s(a_day * 7, WEEK_S, chance=CHANCE) for _ in range(200)]
    assert 0.89 * minutes * 60 <= min(waits)
    assert max(waits) <= max(1.11 * minutes * 60, MIN_S)
    assert len(set(waits)) > 50, "feeds that were added together do not stay together"


@given(st.integers(1, 10_000), st.none() | seconds)
def test_failures_are_met_with_patience(failures: int, retry_after_s: float | None) -> None:
    wait_s = back_off_s(failures, retry_after_s, CHANCE)
    assert MIN_S <= wait_s <= MAX_S
    assert wait_s >= min(retry_after_s or 0, MAX_S)
    if failures > 12:
        assert wait_s == MAX_S


@pytest.mark.parametrize(
    ("headers", "ttl_s", "expected"),
    [
        ({}, None, 0),
        ({"cache-control": "max-age=600"}, None, 600),
        ({"cache-control": 's-maxage=9, public, MAX-AGE = "60"'}, None, 60),
        ({"cache-control": "max-age=600", "age": "500"}, None, 100),
        ({"cache-control": "max-age=600", "age": "9999"}, None, 0),
        ({"cache-control": "max-age=600", "age": "soon"}, 1800.0, 1800),
        ({"cache-control": "no-cache, max-age=junk"}, None, 0),
    ],
)
def test_what_the_site_asks_for(
    headers: dict[str, str], ttl_s: float | None, expected: float
) -> None:
    assert site_asks_s(headers, ttl_s) == expected
