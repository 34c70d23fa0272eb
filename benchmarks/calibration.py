"""What a confidence is worth: of the deals of some confidence, how many are right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from benchmarks.scoring import article_of, is_required, pair
from processors.corpus import gold
from processors.reader import Reader

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class Judged(NamedTuple):
    """A deal's confidence, and whether it is one of the labelled deals."""

    confidence: float
    right: bool


class Band(NamedTuple):
    """The deals whose confidence is in [low, high); the last band holds 1 too.

    `meant` is their mean confidence, `right` the share that is right; both 0 where there are none.
    """

    low: float
    high: float
    deals: int
    meant: float
    right: float


def judged(reader: Reader, folder: Path) -> list[Judged]:
    """Return all deals of a folder, best given a reader that leaves none out (`least` 0).

    Deals paired with a label that is optional are neither right nor wrong, and left out.
    """
    found = []
    for label in gold(folder):
        _, events = reader.read(article_of(folder, label))
        ours = [event.model_dump() for event in events]
        paired = {i: label["deals"][j] for i, j, _ in pair(ours, label["deals"])}
        for i, deal in enumerate(ours):
            if i not in paired or is_required(paired[i]):
                found.append(Judged(deal["confidence"], i in paired))
    return found


def bands(deals: Sequence[Judged]) -> list[Band]:
    """Return the deals by confidence."""
    found = []
    for low, high in pairwise(EDGES):
        some = [
            deal for deal in deals if low <= deal.confidence < high or deal.confidence == high == 1
        ]
        meant = sum(deal.confidence for deal in some) / max(len(some), 1)
        right = sum(deal.right for deal in some) / max(len(some), 1)
        found.append(Band(low, high, len(some), meant, right))
    return found


def error(some: Iterable[Band]) -> float:
    """Return the mean distance of what was meant from what was right, weighted by deals.

    Expected calibration error: Naeini, Cooper and Hauskrecht 2015.
    """
    some = list(some)
    deals = sum(band.deals for band in some)
    return sum(band.deals * abs(band.meant - band.right) for band in some) / max(deals, 1)


def table(some: Sequence[Band]) -> str:
    """Return a table in Markdown, as docs/quality.md has it."""
    lines = ["| confidence | deals | meant | right |", "| --- | --- | --- | --- |"]
    for band in some:
        name = f"{band.low:.1f} to {band.high:.1f}"
        name = f"below {band.high:.1f}" if band.low == 0 else name
        name = f"{band.low:.1f} and above" if band.high == 1 else name
        lines.append(f"| {name} | {band.deals} | {band.meant:.2f} | {band.right:.2f} |")
    return "\n".join(lines)
