"""Labelled deals against reported ones: which are found, which are exact, how many traps worked.

found: the right type with at least one named party in its role; exact: all named parties, amount
and status right too; parties: (deal, role, name); traps: labelled passages that are no deal, yet
were reported as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from processors.aliases import same_name
from processors.corpus import gold
from processors.reader import Reader
from schemas import Article, DealEvent, Tags

_SOFT_ROLES = {"location", "exchange", "arranger"}
_OPTIONAL = ("optional", "denied", "in_boilerplate", "component_of_round")

Party = tuple[str, list[str]]


class Fit(NamedTuple):
    """How one reported deal fits one labelled deal."""

    right: int
    missing: int
    wrong: int
    amount: bool
    status: bool

    @property
    def exact(self) -> bool:
        return not self.missing and not self.wrong and self.amount and self.status


def same_value(ours: dict[str, Any] | None, theirs: dict[str, Any] | None) -> bool:
    """Whether two amounts have the same ends and currency; two missing ones are the same."""
    if ours is None or theirs is None:
        return ours is theirs
    return theirs.get("currency") in (None, ours["currency"]) and all(
        x == y if x is None or y is None else abs(x - y) <= 1e-6 * max(abs(x), abs(y), 1)
        for x, y in ((ours[side], theirs.get(side)) for side in ("low", "high"))
    )


def role_of(role: str, deal_type: str) -> str:
    return "borrower" if role == "issuer" and deal_type == "debt" else role


def parties_of(deal: dict[str, Any]) -> tuple[list[Party], list[str]]:
    """Return the parties that count, and the roles in which any wording is right."""
    counted, soft = [], []
    for party in deal["parties"]:
        role = role_of(party["role"], deal["type"])
        if party.get("named", True) and role not in _SOFT_ROLES:
            counted.append((role, [party["name"], *party.get("aliases", [])]))
        else:
            soft.append(role)
    return counted, soft


def is_required(label: dict[str, Any]) -> bool:
    """Whether a labelled deal counts as missed where it is not reported."""
    return not any(label.get(key) for key in _OPTIONAL)


def traps_of(text: str, label: dict[str, Any]) -> list[tuple[int, int]]:
    """Return where an article tells what looks like a deal and is none."""
    quotes = [t["quote"] for t in label.get("not_deals", []) if not t.get("tolerated")]
    starts = [(text.find(quote), len(quote)) for quote in quotes]
    return [(start, start + size) for start, size in starts if start >= 0]


def overlaps(event: dict[str, Any], start: int, end: int) -> bool:
    """Whether any evidence of a reported deal lies in a stretch of text."""
    return any(s["start"] < end and start < s["end"] for s in event["evidence"])


def fit(ours: dict[str, Any], label: dict[str, Any]) -> Fit | None:
    """Compare a reported deal with a labelled one; None when they are two different deals."""
    also = label.get("also", {})
    counted, soft = parties_of(label)
    left = [(role_of(p["role"], ours["type"]), p["name"]) for p in ours["parties"]]
    right = 0
    for role, names in counted:
        hit = next((m for m in left if m[0] == role and same_name(m[1], names)), None)
        if hit:
            left.remove(hit)
            right += 1
    if ours["type"] not in {label["type"], *also.get("type", [])} or (counted and not right):
        return None
    wrong = 0
    for role, _ in left:
        if role in soft:
            soft.remove(role)
        elif role not in _SOFT_ROLES:
            wrong += 1
    statuses = {label["status"], *also.get("status", [])}
    statuses |= {"denied", "cancelled"} if label.get("denied") else set()
    amount = any(same_value(ours["amount"], a) for a in (label["amount"], *also.get("amount", [])))
    return Fit(right, len(counted) - right, wrong, amount, ours["status"] in statuses)


def pair(
    ours: Sequence[dict[str, Any]], labels: Sequence[dict[str, Any]]
) -> list[tuple[int, int, Fit]]:
    """Pair reported and labelled deals one to one, the best fits first."""
    fits = []
    for (i, deal), (j, label) in product(enumerate(ours), enumerate(labels)):
        if (found := fit(deal, label)) is not None:
            priced = 0.6 * found.amount * (label["amount"] is not None)
            weight = found.right - 0.5 * found.wrong + priced + 0.1 * found.status
            fits.append((-weight, i, j, found))
    pairs: list[tuple[int, int, Fit]] = []
    for _, i, j, found in sorted(fits, key=lambda f: f[:3]):
        if all(i != a and j != b for a, b, _ in pairs):
            pairs.append((i, j, found))
    return pairs


def count(
    text: str, tags: Tags, events: Sequence[DealEvent], label: dict[str, Any]
) -> Counter[str]:
    """Return the counts of one article, of which `figures` makes shares."""
    ours = [event.model_dump() for event in events]
    labels = label["deals"]
    required = [is_required(deal) for deal in labels]
    pairs = pair(ours, labels)
    paired = {i for i, _, _ in pairs}
    n: Counter[str] = Counter()
    for _, j, found in pairs:
        if required[j]:
            n.update(found=1, exact=found.exact, amount=found.amount, status=found.status)
            n.update(p_right=found.right, p_reported=found.right + found.wrong)
    unpaired = [deal for i, deal in enumerate(ours) if i not in paired]
    n["wanted"] = sum(required)
    n["reported"] = n["found"] + len(unpaired)
    n["p_reported"] += sum(len(deal["parties"]) for deal in unpaired)
    n["p_wanted"] = sum(
        len(parties_of(d)[0]) for d, needed in zip(labels, required, strict=True) if needed
    )
    for start, stop in traps_of(text, label):
        n.update(trap_n=1, traps=any(overlaps(deal, start, stop) for deal in unpaired))
    free = list(tags.amounts)
    n.update(a_wanted=len(label["amounts"]), a_reported=len(free))
    for amount in label["amounts"]:
        stop = amount["start"] + len(amount["quote"])
        over = [a for a in free if a.start < stop and amount["start"] < a.end]
        hit = next((a for a in over if same_value(a.model_dump(), amount)), next(iter(over), None))
        if hit is not None:
            free.remove(hit)
            n["a_right"] += same_value(hit.model_dump(), amount)
    return n


def f1(right: int, reported: int, wanted: int) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * right / (reported + wanted) if reported + wanted else 0.0


def figures(n: Counter[str]) -> dict[str, float]:
    """Return the figures that people compare."""
    return {
        "found": f1(n["found"], n["reported"], n["wanted"]),
        "precision": n["found"] / max(n["reported"], 1),
        "recall": n["found"] / max(n["wanted"], 1),
        "parties": f1(n["p_right"], n["p_reported"], n["p_wanted"]),
        "exact": f1(n["exact"], n["reported"], n["wanted"]),
        "amounts": f1(n["a_right"], n["a_reported"], n["a_wanted"]),
        "amount right": n["amount"] / max(n["found"], 1),
        "status right": n["status"] / max(n["found"], 1),
        "traps": n["traps"] / max(n["trap_n"], 1),
    }


def article_of(folder: Path, label: dict[str, Any]) -> Article:
    """Return a labelled article."""
    text = (folder / "articles" / f"{label['doc']}.txt").read_bytes().decode("utf-8")
    return Article.of(text, fetched_at=datetime(2026, 1, 1, tzinfo=UTC))


def score(reader: Reader, folder: Path, only: frozenset[str] | None = None) -> Counter[str]:
    """Return the counts of a folder, or of `only` some of it."""
    total: Counter[str] = Counter()
    for label in gold(folder):
        if only is None or label["doc"] in only:
            article = article_of(folder, label)
            total += count(article.text, *reader.read(article), label)
    return total
