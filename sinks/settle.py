"""Deal events into deals: one row a deal, from all the live events that tell it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from schemas import Deal, DealEvent, Record, record
from sinks.outbox import put
from sinks.write import stamp

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


def settle(db: sqlite3.Connection, deal_ids: Iterable[str], topic: str) -> int:
    """Bring these deals up to date inside the caller's transaction; return how many changed.

    Changes go to the outbox, for `topic`: the deal's whole state, or null when nothing tells it
    any more.
    """
    changed = 0
    for deal_id in sorted(deal_ids):
        live = db.execute("SELECT event FROM live_deal_events WHERE deal_id = ?", (deal_id,))
        events = [DealEvent.model_validate_json(row[0]) for row in live]
        before = db.execute("SELECT deal FROM deals WHERE deal_id = ?", (deal_id,)).fetchone()
        if events:
            deal = combine(deal_id, events)
            if before is None or before[0] != deal.model_dump_json():
                _write_deal(db, deal)
                put(db, record(topic, deal, SINK_URI))
                changed += 1
        elif before is not None:
            db.execute("DELETE FROM deals WHERE deal_id = ?", (deal_id,))
            put(db, Record(topic, deal_id.encode(), None, []))
            changed += 1
    return changed


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


def _write_deal(db: sqlite3.Connection, deal: Deal) -> None:
    amount = deal.amount
    db.execute(
        UPSERT_DEAL,
        (
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
            deal.model_dump_json(),
        ),
    )
    db.execute("DELETE FROM deal_parties WHERE deal_id = ?", (deal.deal_id,))
    db.executemany(
        "INSERT INTO deal_parties VALUES (?, ?, ?, ?, ?)",
        (
            (deal.deal_id, position, party.role, party.name, party.entity_id)
            for position, party in enumerate(deal.parties)
        ),
    )
