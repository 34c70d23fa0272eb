"""Rates side by side, and the figures that come of them."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import confluent_kafka
from rich.table import Table

Contender = Callable[[], tuple[int, float]]
"""Does the work once; returns how many things it did, in how many seconds."""


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    ours: str
    beside: str = ""
    """What was measured in the same run, to compare with."""
    ratio: float | None = None
    target: str = ""
    """What the ratio, or the figure itself, is to reach."""


def race(rounds: int, *contenders: Contender) -> tuple[float, ...]:
    """Return the median rate of each, a second; they take turns, so that all meet the same day."""
    rates: list[list[float]] = [[] for _ in contenders]
    for _ in range(rounds):
        for contender, found in zip(contenders, rates, strict=True):
            count, seconds = contender()
            found.append(count / seconds)
    return tuple(median(found) for found in rates)


def timed(count: int, work: Callable[[], object]) -> tuple[int, float]:
    """Do the work; return `count` and how long it took."""
    start = time.perf_counter()
    work()
    return count, time.perf_counter() - start


def share(values: Sequence[float], part: float) -> float:
    """Return the value that `part` of them do not exceed.

    >>> share([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, -int(-part * len(ordered) // 1) - 1)]


def machine() -> str:
    """Return in one line what the figures were measured on."""
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, librdkafka {confluent_kafka.libversion()[0]}"
    )


COLUMNS = ("what", "Dealwire", "beside it", "ratio", "to reach")


def cells(figure: Figure) -> tuple[str, str, str, str, str]:
    """Return the figure as a row of the table."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return figure.name, figure.ours, figure.beside, ratio, figure.target


def terminal_table(figures: Sequence[Figure]) -> Table:
    """Return the table for a terminal."""
    table = Table(*COLUMNS, title=machine())
    for figure in figures:
        table.add_row(*cells(figure))
    return table


def markdown_table(figures: Sequence[Figure], old: Sequence[str] = ()) -> str:
    """Return the table for docs/performance.md; `old` rows stay where no figure replaces them."""
    rows = {cells(figure)[0]: f"| {' | '.join(cells(figure))} |" for figure in figures}
    kept = [line for line in old[2:] if line.split(" | ")[0].removeprefix("| ") not in rows]
    head = [f"| {' | '.join(row)} |" for row in (COLUMNS, ("---",) * len(COLUMNS))]
    return "\n".join([*head, *kept, *rows.values()])
