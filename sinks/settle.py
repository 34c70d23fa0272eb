"""Deal events into deals: one row a deal, from all the live events that tell it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any
from urllib.parse import urlsplit

from schemas import Deal, DealEvent, Record, record
from sinks.outbox import put
from sinks.write import select_each, stamp

SINK_URI = "/dealwire/sink"


def combine(deal_id: str, events: Sequence[DealEvent]) -> Deal:
    """Return the deal that `events` tell; their order does not matter. There is at least one.

    The newest article says how it stands; what it is, and its words, come from the surest event.
    """
    by_date = sorted(events, key=lambda e: (e.published_at or e.article_fetched_at, e.event_id))
    surest = sorted(events, key=lambda e: (-e.confidence, e.event_id))
    best = surest[0]
    seen = [event.published_at or event.article_fetched_at for event in by_date]
    return Deal(
        deal_id=deal_id,
        type=best.type,
        status=by_date[-1].status,
        parties=best.parties,
        amount=next((event.amount for event in surest if event.amount), None),
        price_per_share=next((e.price_per_share for e in surest if e.price_per_share), None),
        stake_pct=next((e.stake_pct for e in surest if e.stake_pct is not None), None),
        round=best.round,
        instrument=next((event.instrument for event in surest if event.instrument), None),
        first_seen_at=seen[0],
        last_seen_at=seen[-1],
        sources=len({source_of(event) for event in events}),
        event_ids=tuple(sorted(event.event_id for event in events)),
        confidence=best.confidence,
        quote=best.evidence[0].text if best.evidence else "",
        url=best.url,
        title=best.title,
    )


def source_of(event: DealEvent) -> str:
    """Return who tells it: the source by name, else the site, else the article itself."""
    return event.source or urlsplit(event.url or "").netloc or event.article_id


def settle(
    db: sqlite3.Connection, deal_ids: Iterable[str], topic: str, parsed: Mapping[str, DealEvent]
) -> int:
    """Bring these deals up to date inside the caller's transaction; return how many changed.

    `parsed` are events that need not be read again, by their text in the table. Changes go to the
    outbox, for `topic`: the deal's whole state, or null when nothing tells it any more.
    """
    ids = sorted(deal_ids)
    live: dict[str, list[DealEvent]] = {deal_id: [] for deal_id in ids}
    query = "SELECT deal_id, event FROM live_deal_events WHERE deal_id IN ({keys})"
    for deal_id, text in select_each(db, query, ids):
        live[deal_id].append(parsed.get(text) or DealEvent.model_validate_json(text))
    query = "SELECT deal_id, deal FROM deals WHERE deal_id IN ({keys})"
    before: dict[str, str] = {row[0]: row[1] for row in select_each(db, query, ids)}
    told = [combine(deal_id, events) for deal_id, events in live.items() if events]
    written = [(deal, deal.model_dump_json()) for deal in told]
    changed = [(deal, text) for deal, text in written if before.get(deal.deal_id) != text]
    gone = [deal_id for deal_id in before if not live[deal_id]]
    _write_deals(db, changed, before.keys())
    db.executemany("DELETE FROM deals WHERE deal_id = ?", ((deal_id,) for deal_id in gone))
    put(db, *(record(topic, deal, SINK_URI) for deal, _ in changed))
    put(db, *(Record(topic, deal_id.encode(), None, []) for deal_id in gone))
    return len(changed) + len(gone)


UPSERT_DEAL = """
    INSERT INTO deals
        (deal_id, type, status, amount_low, amount_high, currency, approx, amount_text, stake_pct,
         round, instrument, first_seen_at, last_seen_at, sources, confidence, quote, url, title,
         deal)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (deal_id) DO UPDATE SET
        status = excluded.status, amount_low = excluded.amount_low,
        amount_high = excluded.amount_high, currency = excluded.currency,
        approx = excluded.approx, amount_text = excluded.amount_text,
        stake_pct = excluded.stake_pct, instrument = excluded.instrument,
        first_seen_at = excluded.first_seen_at, last_seen_at = excluded.last_seen_at,
        sources = excluded.sources, confidence = excluded.confidence, quote = excluded.quote,
        url = excluded.url, title = excluded.title, deal = excluded.deal
"""


def _write_deals(
    db: sqlite3.Connection, deals: Sequence[tuple[Deal, str]], known: Set[str]
) -> None:
    """Write deals, given with their JSON; `known` are the ids of those that are there already."""
    db.executemany(
        "DELETE FROM deal_parties WHERE deal_id = ?",
        ((deal.deal_id,) for deal, _ in deals if deal.deal_id in known),
    )
    db.executemany(UPSERT_DEAL, (_deal_row(deal, text) for deal, text in deals))
    db.executemany(
        "INSERT INTO deal_parties VALUES (?, ?, ?, ?, ?)",
        (
            (deal.deal_id, position, party.role, party.name, party.entity_id)
            for deal, _ in deals
            for position, party in enumerate(deal.parties)
        ),
    )


def _deal_row(deal: Deal, text: str) -> tuple[Any, ...]:
    amount = deal.amount
    return (
        deal.deal_id,
        deal.type,
        deal.status,
        amount.low if amount else None,
        amount.high if amount else None,
        amount.currency if amount else None,
        amount.approx if amount else None,
        amount.text if amount else None,
        deal.stake_pct,
        deal.round,
        deal.instrument,
        stamp(deal.first_seen_at),
        stamp(deal.last_seen_at),
        deal.sources,
        deal.confidence,
        deal.quote,
        deal.url,
        deal.title,
        text,
    )
