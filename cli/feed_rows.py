"""Feeds as rows: of their list with their health, and of what they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from producers.feeds.entries import Feed
from producers.feeds.sources import Source
from producers.feeds.state import FeedState, FeedStates
from producers.feeds.tables import open_feed_state_of_last_cluster

SHORT_WORDS = 100
"""An article has more; a feed with fewer in most entries gives summaries."""


def list_rows(sources: Iterable[Source], state_path: Path) -> list[dict[str, Any]]:
    """Return a row a feed: what the list says, and its health where it was polled last."""
    if not state_path.exists():
        return [_row(source, None, None) for source in sources]
    with open_feed_state_of_last_cluster(state_path) as (states, _):
        known = states.feeds()
        return [_row(source, known.get(source.url), states) for source in sources]


def _row(source: Source, state: FeedState | None, states: FeedStates | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        **source.model_dump(),
        "name": source.name or (state.title if state else ""),
        "last_success_at": None,
        "articles_a_day": None,
        "next_poll_at": None,
        "failures": 0,
        "error": "",
        "warning": "",
        "moved_to": None,
    }
    if state is None or states is None:
        return row
    habits = states.habits(source.url, datetime.now(UTC))
    return row | {
        "last_success_at": state.succeeded_at and state.succeeded_at.isoformat(),
        "articles_a_day": round(habits.articles_a_day, 1) if state.succeeded_at else None,
        "next_poll_at": state.next_poll_at.isoformat(),
        "failures": state.failures,
        "error": state.error,
        "warning": state.warning,
        "moved_to": state.fetch_url,
    }


def check_row(feed: Feed | None) -> dict[str, Any]:
    """Return what a feed gives; without one, the same keys with nothing."""
    entries = feed.entries if feed else ()
    dates = [entry.published_at for entry in entries if entry.published_at]
    words = [len(entry.text.split()) for entry in entries]
    return {
        "title": feed.title if feed else "",
        "kind": feed.kind if feed else "",
        "language": feed.language if feed else None,
        "entries": len(entries),
        "newest_at": max(dates).isoformat() if dates else None,
        "words_median": round(median(words)) if words else 0,
        "is_short": bool(words) and median(words) < SHORT_WORDS,
        "titles": [entry.title for entry in entries[:3]],
        "problems": list(feed.problems) if feed else [],
    }


def status_style(row: Mapping[str, Any]) -> str:
    """Return how a problem is coloured."""
    return "red" if row["error"] else "yellow"


def age(at: str | None, now: datetime) -> str:
    """Return how long ago or ahead a time is, in a few characters.

    >>> age("2026-01-01T00:00:00+00:00", datetime(2026, 1, 1, 5, tzinfo=UTC))
    '5 h ago'
    """
    if at is None:
        return "never"
    seconds = (now - datetime.fromisoformat(at)).total_seconds()
    for unit_s, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if abs(seconds) >= unit_s:
            text = f"{abs(seconds) / unit_s:.0f} {unit}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return "now"
