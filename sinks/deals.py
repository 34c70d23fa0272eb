"""Questions to the SQLite file about deals."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Filter:
    """Which deals to show; None or empty: all."""

    types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    party: str | None = None
    """A part of a party's name, in any case."""
    currency: str | None = None
    least_amount: float | None = None
    """Compared with the higher end of the amount."""
    least_confidence: float | None = None
    since: str | None = None
    """ISO 8601; deals last told at or after this time."""


def read_deals(db: sqlite3.Connection, only: Filter, limit: int) -> list[dict[str, Any]]:
    """Return rows of the view `deal_list`, last told first, with the source's name."""
    conditions: list[str] = ["1"]
    values: list[Any] = []

    def require(condition: str, *needed: Any) -> None:
        conditions.append(condition)
        values.extend(needed)

    if only.types:
        require(f"deals.type IN ({','.join('?' * len(only.types))})", *only.types)
    if only.statuses:
        require(f"deals.status IN ({','.join('?' * len(only.statuses))})", *only.statuses)
    if only.party:
        require("instr(lower(parties), lower(?))", only.party)
    if only.currency:
        require("deals.currency = ?", only.currency.upper())
    if only.least_amount is not None:
        require("amount >= ?", only.least_amount)
    if only.least_confidence is not None:
        require("deals.confidence >= ?", only.least_confidence)
    if only.since:
        require("deals.last_seen_at >= ?", only.since)
    query = f"""
        SELECT deal_list.*, deals.amount_low, deals.amount_high, deals.approx,
            coalesce((
                SELECT min(source) FROM live_deal_events AS told
                WHERE told.deal_id = deal_list.deal_id AND told.quote = deal_list.quote
            ), '') AS source
        FROM deal_list JOIN deals USING (deal_id)
        WHERE {" AND ".join(conditions)}
        ORDER BY deals.last_seen_at DESC, deal_id LIMIT ?
        """  # noqa: S608 - only question marks are put together
    rows = db.execute(query, (*values, limit))
    return [dict(row) for row in rows]
