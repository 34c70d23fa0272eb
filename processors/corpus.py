"""Our labelled text: short passages with their deals, and whole articles with everything labelled.

corpus/passages/*.txt, corpus/articles/*/gold.jsonl; the formats are in corpus/README.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent.parent / "corpus"

_VALUE = re.compile(
    r"(?:(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)?\.\.(\d+(?:\.\d+)?)?) ([A-Z]{3})( approx)?"
)


@dataclass(slots=True)
class Label:
    """One labelled deal: parties as (role, names, named), amount as (low, high, currency)."""

    type: str
    status: str
    parties: list[tuple[str, list[str], bool]] = field(default_factory=list)
    amount: tuple[float | None, float | None, str] | None = None
    amount_text: str = ""
    per_share: bool = False
    stake: float | None = None
    round: str | None = None
    quote: tuple[int, int] | None = None
    statuses: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    optional: bool = False


@dataclass(slots=True)
class Document:
    """A passage or an article with its labels; `group` names its file or folder."""

    id: str
    group: str
    language: str
    text: str
    deals: list[Label]
    whole: bool = False


def _amount(field_text: str) -> tuple[str, tuple[float | None, float | None, str] | None]:
    raw, _, value = field_text.rpartition(" = ")
    match = _VALUE.fullmatch(value.strip())
    if not match:
        return raw.strip(), None
    exact, low, high, currency, _ = match.groups()
    low, high = (exact, exact) if exact else (low, high)
    return raw.strip(), (float(low) if low else None, float(high) if high else None, currency)


def _label(line: str) -> Label:
    head, *fields = [part.strip() for part in line.split(" | ")]
    kind, status = head.split()
    label = Label(kind, status, statuses=frozenset((status,)), types=frozenset((kind,)))
    for text in fields:
        name, _, value = (part.strip() for part in text.partition(":"))
        if name == "amount":
            label.amount_text, label.amount = _amount(value)
        elif name == "per_share":
            label.per_share = True
        elif name == "stake":
            label.stake = float(value)
        elif name == "round":
            label.round = value
        else:
            label.parties.append((name.lstrip("~"), [value], not name.startswith("~")))
    return label


def passages(folder: Path) -> Iterator[Document]:
    """Yield the passages of a folder, file by file."""
    for path in sorted(folder.glob("*.txt")):
        found: Document | None = None
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.startswith(">") and found is not None:
                found.deals.append(_label(line[1:].strip()))
            elif line.strip() and not line.startswith(("#", ">")):
                language, _, text = line.partition(" | ")
                if found is not None:
                    yield found
                found = Document(f"{path.stem}:{number}", path.stem, language.strip(), text, [])
        if found is not None:
            yield found


def gold(folder: Path) -> list[dict[str, Any]]:
    """Return the labels of a folder of articles as they are written."""
    return [json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").splitlines()]


def articles(folder: Path) -> Iterator[Document]:
    """Yield the articles of a folder."""
    for raw in gold(folder):
        with (folder / "articles" / f"{raw['doc']}.txt").open(encoding="utf-8", newline="") as file:
            text = file.read()
        deals = [_from_gold(deal, text) for deal in raw["deals"]]
        yield Document(raw["doc"], folder.name, raw["lang"], text, deals, whole=True)


def _from_gold(raw: dict[str, Any], text: str) -> Label:
    also, money = raw.get("also", {}), raw["amount"]
    start = raw.get("quote_start", text.find(raw.get("quote") or "\0"))
    skip = ("optional", "in_boilerplate", "component_of_round")
    return Label(
        type=raw["type"],
        status="denied" if raw.get("denied") else raw["status"],
        parties=[
            (p["role"], [p["name"], *p.get("aliases", [])], p.get("named", True))
            for p in raw["parties"]
        ],
        amount=(money["low"], money["high"], money["currency"]) if money else None,
        amount_text=(money or {}).get("raw", ""),
        per_share=bool(raw.get("price_per_share")),
        stake=raw.get("stake_pct"),
        round=raw.get("round"),
        quote=(start, start + len(raw["quote"])) if start >= 0 and raw.get("quote") else None,
        statuses=frozenset((raw["status"], *also.get("status", []))),
        types=frozenset((raw["type"], *also.get("type", []))),
        optional=any(raw.get(key) for key in skip),
    )


def everything(root: Path = CORPUS) -> list[Document]:
    """Return all passages and articles of the corpus."""
    found = list(passages(root / "passages"))
    for folder in sorted((root / "articles").iterdir()):
        if (folder / "gold.jsonl").exists():
            found += articles(folder)
    return found
