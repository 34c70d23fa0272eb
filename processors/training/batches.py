"""Windows as tensors, with what is to be learned from them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from processors.heads import NEAR, PARTS, STATUSES, TYPES
from processors.training.examples import Example, Told, echoes
from processors.windows import Candidate, Window, candidates

PAIRED_MOST = 14
_UNKNOWN = -100
_WHOLE = 2.0
"""How much the sentences of a whole article count: it is what is read in earnest."""


@dataclass(slots=True)
class Item:
    """A window, the example it comes from, and who may take part in its deals."""

    example: Example
    window: Window
    candidates: list[Candidate]

    @classmethod
    def of(cls, example: Example, window: Window) -> Item:
        """Return the item of a window."""
        return cls(example, window, candidates(example.view, window))


def groups(items: Sequence[Item], pieces: int, shuffle: random.Random) -> list[list[Item]]:
    """Return the items in groups of about one length, each of so many pieces, in random order."""
    mixed = list(items)
    shuffle.shuffle(mixed)
    found: list[list[Item]] = []
    for start in range(0, len(mixed), 400):
        group: list[Item] = []
        for item in sorted(mixed[start : start + 400], key=lambda i: len(i.window.ids)):
            if group and (len(group) + 1) * len(item.window.ids) > pieces:
                found.append(group)
                group = []
            group.append(item)
        found.append(group)
    shuffle.shuffle(found)
    return found


class _Columns:
    """Lists of numbers by name, as a batch grows."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = {}

    def add(self, **values: float) -> None:
        for name, value in values.items():
            self.of.setdefault(name, []).append(value)

    def count(self, name: str) -> int:
        return len(self.of.get(name, ()))


_INDICES = (
    *("sentence", "member", "member_of", "name_sentence", "mention", "mention_of", "gap", "rank"),
    *("often", "headline", "pair_a", "pair_b", "pair_sentence", "money", "money_sentence"),
    "money_gap",
)
_FLOATS = ("mentions",)


def batch(items: Sequence[Item]) -> dict[str, Tensor]:
    """Return the tensors of a group of windows; names ending in _is and _counts are the targets.

    Raises nothing: a group without names or amounts has empty tensors.
    """
    longest = max(len(item.window.ids) for item in items)
    ids = np.zeros((len(items), longest), np.int64)
    mask = np.zeros((len(items), longest), bool)
    columns = _Columns()
    targets: dict[str, list[np.ndarray]] = {}
    for row, item in enumerate(items):
        ids[row, : len(item.window.ids)] = item.window.ids
        mask[row, : len(item.window.ids)] = True
        _add(columns, targets, item, row * longest)
    found = {name: torch.tensor(columns.of.get(name, []), dtype=torch.long) for name in _INDICES}
    found |= {name: torch.tensor(columns.of.get(name, []), dtype=torch.float) for name in _FLOATS}
    found |= {name: torch.from_numpy(np.array(rows)) for name, rows in targets.items()}
    return {**found, "ids": torch.from_numpy(ids), "mask": torch.from_numpy(mask)}


def _add(columns: _Columns, targets: dict[str, list[np.ndarray]], item: Item, offset: int) -> None:
    window, example = item.window, item.example
    ends = window.ends()
    sentence_of: dict[int, int] = {}
    stated = {at: example.stated(window.sentences[at]) for at in window.owned}
    for at in window.owned:
        sentence_of[at] = columns.count("sentence")
        columns.add(sentence=offset + window.starts[at])
        for piece in range(window.starts[at], ends[at]):
            columns.add(member=offset + piece, member_of=sentence_of[at])
        for name, rows in _types(example, window.sentences[at], stated[at]).items():
            targets.setdefault(name, []).append(rows)
    by_sentence: dict[int, list[tuple[int, Candidate]]] = {}
    for candidate in item.candidates:
        number = columns.count("name_sentence")
        columns.add(
            name_sentence=sentence_of[candidate.at],
            gap=candidate.gap,
            rank=candidate.rank,
            often=candidate.often,
            headline=candidate.headline,
            mentions=len(candidate.pieces),
        )
        for piece in candidate.pieces:
            columns.add(mention=offset + piece, mention_of=number)
        by_sentence.setdefault(candidate.at, []).append((number, candidate))
        for name, rows in _parts(stated[candidate.at], candidate.name).items():
            targets.setdefault(name, []).append(rows)
    for at, some in by_sentence.items():
        if len(some) > PAIRED_MOST:
            some = [pair for pair in some if pair[1].gap == 0][:PAIRED_MOST]
        for i, (number, one) in enumerate(some):
            for other_number, other in some[:i]:
                columns.add(pair_a=number, pair_b=other_number, pair_sentence=sentence_of[at])
                for name, rows in _together(stated[at], one.name, other.name).items():
                    targets.setdefault(name, []).append(rows)
    for at in window.owned:
        for amount, other_at, piece in window.money:
            gap = window.sentences[other_at] - window.sentences[at]
            if abs(gap) <= NEAR:
                columns.add(
                    money=offset + piece, money_sentence=sentence_of[at], money_gap=gap + NEAR
                )
                for name, rows in _prices(stated[at], amount).items():
                    targets.setdefault(name, []).append(rows)


def _types(example: Example, number: int, stated: Sequence[Told]) -> dict[str, np.ndarray]:
    answer, counts = np.zeros(len(TYPES), np.float32), np.ones(len(TYPES), np.float32)
    status = np.full(len(TYPES), _UNKNOWN, np.int64)
    for told in stated:
        kind = TYPES.index(told.label.type)
        answer[kind] = 1
        status[kind] = STATUSES.index(told.label.status)
    for told in stated:
        for other in told.label.types:
            if other in TYPES and not answer[TYPES.index(other)]:
                counts[TYPES.index(other)] = 0
    for told in example.told:
        kind = TYPES.index(told.label.type)
        if not answer[kind] and number not in told.home and echoes(example.view, number, told):
            counts[kind] = 0
    if example.document.whole:
        counts *= _WHOLE
    return {"types_is": answer, "types_counts": counts, "status_is": status}


def _parts(stated: Sequence[Told], name: int) -> dict[str, np.ndarray]:
    answer, counts = np.zeros(len(PARTS), np.float32), np.zeros(len(PARTS), np.float32)
    for told in stated:
        for column, (kind, role) in enumerate(PARTS):
            if kind == told.label.type:
                counts[column] = 1
                if told.cast.get(name) == role:
                    answer[column] = 1
    return {"roles_is": answer, "roles_counts": counts}


def _together(stated: Sequence[Told], one: int, other: int) -> dict[str, np.ndarray]:
    casts = [told.cast for told in stated]
    known = any(one in cast for cast in casts) and any(other in cast for cast in casts)
    both = any(one in cast and other in cast for cast in casts)
    return {"pairs_is": np.float32(both), "pairs_counts": np.float32(known)}  # type: ignore[dict-item]


def _prices(stated: Sequence[Told], amount: int) -> dict[str, np.ndarray]:
    answer, counts = np.zeros(len(TYPES), np.float32), np.zeros(len(TYPES), np.float32)
    for told in stated:
        kind = TYPES.index(told.label.type)
        counts[kind] = 1
        if amount in told.price:
            answer[kind] = 1
    return {"money_is": answer, "money_counts": counts}


def items_of(example: Example, windows: Iterator[Window]) -> list[Item]:
    """Return the items of an example's windows."""
    return [Item.of(example, window) for window in windows]
