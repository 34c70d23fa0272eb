"""How well the reader reads: figures for every labelled folder, and what was missed.

    python benchmarks/quality.py                      # all of corpus/articles
    python benchmarks/quality.py FOLDER --errors      # a folder with gold.jsonl and articles/
    python benchmarks/quality.py --held-out 2         # by models that never saw the article

found: the right type with at least one named party in its role; exact: all named parties, amount
and status right too; parties: (deal, role, name); traps: labelled passages that are no deal, yet
were reported as one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from processors.aliases import same_name
from processors.corpus import CORPUS, everything, gold
from processors.reader import Reader
from schemas import Article, DealEvent, Tags

_SOFT_ROLES = {"location", "exchange", "arranger"}
_OPTIONAL = ("optional", "denied", "in_boilerplate", "component_of_round")

Party = tuple[str, list[str]]
Events = tuple[DealEvent, ...]


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


def _role(role: str, deal_type: str) -> str:
    return "borrower" if role == "issuer" and deal_type == "debt" else role


def _parties(deal: dict[str, Any]) -> tuple[list[Party], list[str]]:
    """Return the parties that count, and the roles in which any wording is right."""
    counted, soft = [], []
    for party in deal["parties"]:
        role = _role(party["role"], deal["type"])
        if party.get("named", True) and role not in _SOFT_ROLES:
            counted.append((role, [party["name"], *party.get("aliases", [])]))
        else:
            soft.append(role)
    return counted, soft


def fit(ours: dict[str, Any], label: dict[str, Any]) -> Fit | None:
    """Compare a reported deal with a labelled one; None when they are two different deals."""
    also = label.get("also", {})
    counted, soft = _parties(label)
    left = [(_role(p["role"], ours["type"]), p["name"]) for p in ours["parties"]]
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
    required = [not any(deal.get(key) for key in _OPTIONAL) for deal in labels]
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
        len(_parties(d)[0]) for d, needed in zip(labels, required, strict=True) if needed
    )
    for trap in label.get("not_deals", []):
        start = text.find(trap["quote"])
        if start >= 0 and not trap.get("tolerated"):
            stop = start + len(trap["quote"])
            spans = [span for deal in unpaired for span in deal["evidence"]]
            n.update(trap_n=1, traps=any(s["start"] < stop and start < s["end"] for s in spans))
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


def show(deal: dict[str, Any]) -> str:
    """Return a deal in one line."""
    parties = ", ".join(f"{p['role']}={p['name']}" for p in deal["parties"])
    money = deal["amount"] or {}
    return f"{deal['type']}/{deal['status']} [{parties}] {money.get('low')}..{money.get('high')}"


def read(reader: Reader, folder: Path, label: dict[str, Any]) -> tuple[str, Tags, Events]:
    """Return the text of a labelled article, and what the reader makes of it."""
    text = (folder / "articles" / f"{label['doc']}.txt").read_bytes().decode("utf-8")
    return text, *reader.read(Article.of(text, fetched_at=datetime(2026, 1, 1, tzinfo=UTC)))


def score(
    reader: Reader, folder: Path, errors: bool = False, only: frozenset[str] | None = None
) -> Counter[str]:
    """Return the counts of a folder, or of `only` some of it; `errors` prints what went wrong."""
    total: Counter[str] = Counter()
    for label in gold(folder):
        if only is None or label["doc"] in only:
            text, tags, events = read(reader, folder, label)
            total += count(text, tags, events, label)
            if errors:
                print_errors([event.model_dump() for event in events], label)
    return total


def print_errors(ours: Sequence[dict[str, Any]], label: dict[str, Any]) -> None:
    """Print every deal of an article that was missed, invented or not wholly right."""
    pairs = pair(ours, label["deals"])
    for i, j, found in pairs:
        if not found.exact:
            print(f"WRONG  {label['doc']}: {show(ours[i])}")
            print(f"       want {show(label['deals'][j])}")
    for j, deal in enumerate(label["deals"]):
        if all(j != b for _, b, _ in pairs):
            print(f"MISSED {label['doc']}: {show(deal)}\n       {deal['quote'][:200]!r}")
    for i, deal in enumerate(ours):
        if all(i != a for a, _, _ in pairs):
            quote = deal["evidence"][0]["text"][:200]
            print(f"EXTRA  {label['doc']}: {show(deal)}\n       {quote!r}")


def held_out(folders: Sequence[Path], folds: int) -> dict[str, Counter[str]]:
    """Return the counts of each folder, every article read by models that never saw it."""
    from processors.train import build  # needs the training packages

    documents = everything()
    names = sorted(document.id for document in documents if document.whole)
    totals: dict[str, Counter[str]] = {folder.name: Counter() for folder in folders}
    for fold in range(folds):
        unseen = frozenset(names[fold::folds])
        with TemporaryDirectory() as place:
            build((d for d in documents if not d.whole or d.id not in unseen), Path(place))
            reader = Reader(model=Path(place))
            for folder in folders:
                totals[folder.name] += score(reader, folder, only=unseen)
    return totals


def main() -> None:
    """Print one line of figures a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--errors", action="store_true", help="list every miss and invention")
    parser.add_argument("--rules", action="store_true", help="read by the lists, without models")
    parser.add_argument("--held-out", type=int, default=0, metavar="FOLDS", help="cross-validate")
    args = parser.parse_args()
    folders = args.folders or sorted(p.parent for p in (CORPUS / "articles").glob("*/gold.jsonl"))
    if args.held_out:
        totals = held_out(folders, args.held_out)
    else:
        reader = Reader(model=None) if args.rules else Reader()
        totals = {folder.name: score(reader, folder, args.errors) for folder in folders}
    for name, total in totals.items():
        print(f"{name:10}", "  ".join(f"{k} {v:.3f}" for k, v in figures(total).items()))


if __name__ == "__main__":
    main()
