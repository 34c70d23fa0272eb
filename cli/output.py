"""What people and programs see: a table on a terminal, JSON lines in a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas import Money

Row = Mapping[str, Any]

json_option = click.option(
    "--json/--table",
    "as_json",
    default=None,
    help="JSON lines or a table; default: a table on a terminal, JSON lines in a pipe",
)


def wants_json(as_json: bool | None) -> bool:
    """Return whether to print JSON: as asked, else when no terminal is there to see a table."""
    return not sys.stdout.isatty() if as_json is None else as_json


def print_json(row: Row) -> None:
    """Print one JSON line, at once: somebody may be waiting for it."""
    print(json.dumps(row, ensure_ascii=False), flush=True)


def print_rows(rows: Iterable[Row], as_json: bool | None, table: Callable[[], Table]) -> None:
    """Print `rows` as JSON lines, or what `table` makes of them."""
    if wants_json(as_json):
        for row in rows:
            print_json(row)
    else:
        console().print(table())


def console() -> Console:
    """Return standard output as a console."""
    # Where the width is not known a table of 80 columns would break every name.
    return Console(width=None if sys.stdout.isatty() else 160)


SCALES = ((1e12, "trn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"))


def number(value: float) -> str:
    """Return a number as people write it in tables.

    >>> number(1_050_000_000)
    '1.05bn'
    """
    for scale, name in SCALES:
        if abs(value) >= scale:
            return f"{value / scale:.4g}{name}"
    return f"{value:.6g}"


def amount_text(low: float | None, high: float | None, currency: str | None, approx: bool) -> str:
    """Return an amount in a few characters.

    >>> amount_text(None, 1e10, "USD", False)
    '≤ USD 10bn'
    """
    if currency is None or (low is None and high is None):
        return ""
    about = "~ " if approx else ""
    if low is None and high is not None:
        return f"{about}≤ {currency} {number(high)}"
    if high is None and low is not None:
        return f"{about}≥ {currency} {number(low)}"
    assert low is not None and high is not None
    span = number(low) if low == high else f"{number(low)}-{number(high)}"
    return f"{about}{currency} {span}"


def money_text(money: Money | None) -> str:
    """Return an amount in a few characters, empty when there is none."""
    return amount_text(money.low, money.high, money.currency, money.approx) if money else ""


STATUS_STYLE = {
    "rumoured": "yellow",
    "announced": "cyan",
    "completed": "green",
    "cancelled": "red",
    "denied": "red",
}


def deals_table(rows: Sequence[Row], title: str) -> Table:
    """Return the table of deals: rows of the view `deal_list`, with its amount as text."""
    table = Table(title=title, title_justify="left", show_lines=True, expand=True)
    table.add_column("deal", no_wrap=True)
    table.add_column("parties", ratio=3)
    table.add_column("amount", no_wrap=True, justify="right")
    table.add_column("the words that say so", ratio=4)
    table.add_column("source", ratio=1, min_width=10)
    for row in rows:
        status = Text(row["status"], style=STATUS_STYLE.get(row["status"], ""))
        kind = Text(row["type"].replace("_", " "))
        table.add_row(
            Text("\n").join((kind, status)),
            Text((row["parties"] or "").replace("; ", "\n")),
            Text(row["amount"]),
            Text(" ".join(row["quote"].split())),
            Text(row["source"]),
        )
    return table
