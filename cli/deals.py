"""`dealwire deals`: what is in the SQLite file."""

from __future__ import annotations

from datetime import UTC
from typing import Any, get_args

import click

from cli.options import DB, with_settings
from cli.output import amount_text, deals_table, json_option, print_rows
from producers.documents import parse_time
from runtime.settings import Settings
from schemas import DealStatus, DealType
from sinks.deals import Filter, read_deals
from sinks.store import open_for_reading
from sinks.write import stamp


@click.command()
@click.option("--type", "types", multiple=True, type=click.Choice(get_args(DealType)))
@click.option("--status", "statuses", multiple=True, type=click.Choice(get_args(DealStatus)))
@click.option("--party", help="a part of a party's name")
@click.option("--currency", help="ISO 4217, such as EUR")
@click.option("--min-amount", "least_amount", type=float, help="least amount")
@click.option("--min-confidence", "least_confidence", type=click.FloatRange(0, 1))
@click.option("--since", help="told at or after this date or time, such as 2025-12-08")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@json_option
@with_settings(*DB)
def command(
    settings: Settings, since: str | None, limit: int, as_json: bool | None, **which: Any
) -> None:
    """List the deals in the SQLite file, those told last first."""
    try:
        start = stamp(parse_time(since).astimezone(UTC)) if since else None
    except ValueError as error:
        raise click.UsageError(f"--since: {error}") from error
    with open_for_reading(settings.db, settings.db_busy_timeout_s) as db:
        rows = read_deals(db, Filter(**which, since=start), limit)
    print_rows(rows, as_json, lambda: deals_table(table_rows(rows), f"{len(rows)} deals"))


def table_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with their amounts as text."""
    return [
        row
        | {
            "amount": amount_text(
                row["amount_low"], row["amount_high"], row["currency"], bool(row["approx"])
            )
        }
        for row in rows
    ]
