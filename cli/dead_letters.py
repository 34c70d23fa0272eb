"""`dealwire dead-letters`: see what could not be read, and send it again after a mend."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from cli.options import DB, KAFKA, with_settings
from cli.output import json_option, print_json, print_rows, wants_json
from runtime.errors import DealwireError
from runtime.kafka import Publisher
from runtime.settings import Settings
from schemas.cloudevents import Headers
from sinks.dead_letters import (
    is_left_out,
    list_dead_letters,
    read_dead_letter,
    select_waiting,
    to_send_again,
)
from sinks.outbox import headers_from_json
from sinks.store import open_for_reading


@click.group()
def command() -> None:
    """See what could not be read, and send it again."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="also those that were sent again")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@json_option
@with_settings(*DB)
def list_(settings: Settings, everything: bool, limit: int, as_json: bool | None) -> None:
    """List the newest dead letters."""
    with open_for_reading(settings.db, settings.db_busy_timeout_s) as db:
        rows = list_dead_letters(db, limit, waiting=not everything)

    def table() -> Table:
        grid = Table("id", "found at", "topic", "place", "bytes", "why", "sent again")
        for row in rows:
            grid.add_row(
                str(row["id"]),
                row["found_at"][:19],
                row["topic"],
                f"{row['partition']}/{row['offset']}",
                f"{row['bytes'] or 0:,}",
                Text(row["error"]),
                (row["replayed_at"] or "")[:19],
            )
        return grid

    print_rows(rows, as_json, table)


@command.command()
@click.argument("number", metavar="ID", type=int)
@json_option
@with_settings(*DB)
def show(settings: Settings, number: int, as_json: bool | None) -> None:
    """Show one dead letter whole."""
    with open_for_reading(settings.db, settings.db_busy_timeout_s) as db:
        letter = read_dead_letter(db, number)
    if letter is None:
        raise DealwireError(f"no dead letter {number}: see `dealwire dead-letters list --all`")
    readable = letter | {
        "key": _readable(letter["key"]),
        "value": _readable(letter["value"]),
        "headers": _readable_headers(headers_from_json(letter["headers"])),
    }
    if wants_json(as_json):
        print_json(readable)
        return
    for name, value in readable.items():
        shown = json.dumps(value, ensure_ascii=False) if name == "headers" else value
        click.echo(f"{name:12} {shown}")


def _readable(data: bytes | None) -> str | None:
    """Return bytes as text; where they are no UTF-8, in hexadecimal digits after 0x."""
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"0x{data.hex()}"


def _readable_headers(headers: Headers) -> dict[str, Any]:
    return {name: _readable(data) for name, data in headers}


@command.command()
@click.argument("numbers", metavar="[ID]...", nargs=-1, type=int)
@with_settings(*KAFKA, *DB)
def replay(settings: Settings, numbers: tuple[int, ...]) -> None:
    """Send dead letters again to the topic they came from: these, or all not sent again yet.

    They are marked once the sink meets them there; what still cannot be read comes back as a new
    dead letter.
    """
    with open_for_reading(settings.db, settings.db_busy_timeout_s) as db:
        letters = select_waiting(db, numbers)
    if missing := set(numbers) - {letter["id"] for letter in letters}:
        raise DealwireError(
            f"no dead letter {', '.join(map(str, sorted(missing)))}: see `dealwire dead-letters "
            "list --all`"
        )
    whole = [letter for letter in letters if not is_left_out(letter)]
    publisher = Publisher(settings)
    for letter in whole:
        publisher.publish(to_send_again(letter))
    publisher.flush()
    click.echo(f"{len(whole)} sent again")
    for letter in letters:
        if is_left_out(letter):
            origin = f"{letter['topic']}/{letter['partition']}/{letter['offset']}"
            click.echo(f"{letter['id']} was too large to keep: publish {origin} anew", err=True)
