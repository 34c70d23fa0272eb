"""What is thought of each sentence: the linear models and the transformer, joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from processors.blend import Blend
from processors.context import Context
from processors.features import Memory
from processors.heads import PARTS, STATUSES, TYPES, Scores
from processors.linear import LinearModels
from processors.model import Floats, load
from processors.part_features import candidates
from processors.view import View

MOST_SENTENCES = 2000
"""Of a text, from its beginning, that are looked into: a book's worth. A megabyte of nothing but
deals, which no newspaper prints, would hold up all other articles for a minute."""
STATED = 0.2
"""Probability from which a type of deal is looked into at all."""
_GLANCE = 0.01
"""Probability, by the linear models alone, from which a sentence is worth the transformer."""
_REMEMBERED = 0.5
"""Probability from which a deal's parts are remembered further down the text."""

COLUMNS: dict[tuple[str, str], int] = {part: column for column, part in enumerate(PARTS)}


class Joined:
    """Both kinds of models, and how much each counts."""

    def __init__(self, linear: LinearModels, context: Context, blend: Blend) -> None:
        self._linear = linear
        self._context = context
        self._blend = blend

    @classmethod
    def load(cls, model: Path) -> Joined:
        """Read the models of a folder."""
        linear = LinearModels.of(load(model / "deals.npz"))
        return cls(linear, Context(model), Blend.load(model / "blend.json"))

    def scores(self, view: View) -> dict[int, Scores]:
        """Return the scores of the sentences, by their numbers, in order."""
        linear = {
            number: self._linear.types_of(view, number)
            for number in range(min(len(view.sentences), MOST_SENTENCES))
        }
        worth = {number for number, types in linear.items() if types.max() > _GLANCE}

        def likely(number: int, types: Floats) -> bool:
            return bool(self._types(linear[number], types).max() >= STATED)

        context = self._context.scores(view, worth, likely)
        found: dict[int, Scores] = {}
        memory: Memory = {}
        for number, types in linear.items():
            found[number] = self._join(view, number, types, context.get(number), memory)
            memory.update(_parts(number, found[number]))
        return found

    def _types(self, linear: Floats, context: Floats) -> Floats:
        join = self._blend.types.join
        return np.array(
            [join(float(a), float(b)) for a, b in zip(linear, context, strict=True)], np.float32
        )

    def _join(
        self, view: View, number: int, linear: Floats, context: Scores | None, memory: Memory
    ) -> Scores:
        types = self._types(linear, context.types) if context else linear
        statuses = np.full((len(TYPES), len(STATUSES)), 1 / len(STATUSES), np.float32)
        found = Scores(types, statuses, {}, {}, context.together if context else {})
        for column, kind in enumerate(TYPES):
            if types[column] < STATED:
                continue
            statuses[column] = self._linear.statuses_of(view, number, kind)
            if context:
                statuses[column] *= context.statuses[column]
                statuses[column] /= statuses[column].sum()
            self._join_roles(view, number, kind, context, memory, found.roles)
            for amount, score in self._linear.prices_of(view, number, kind).items():
                if context and amount in context.money:
                    score = self._blend.money.join(score, float(context.money[amount][column]))
                found.money.setdefault(amount, np.zeros(len(TYPES), np.float32))[column] = score
        return found

    def _join_roles(
        self,
        view: View,
        number: int,
        kind: str,
        context: Scores | None,
        memory: Memory,
        roles: dict[int, Floats],
    ) -> None:
        for name in candidates(view, number):
            theirs = context.roles.get(name) if context else None
            row = roles.setdefault(name, np.zeros(len(PARTS), np.float32))
            for role, score in self._linear.roles_of(view, number, kind, name, memory).items():
                column = COLUMNS[kind, role]
                if theirs is not None:
                    score = self._blend.roles.join(score, float(theirs[column]))
                row[column] = score


def _parts(number: int, scores: Scores) -> Memory:
    """Return the parts that a sentence's names play, as far as they are likely."""
    found: Memory = {}
    for column, (kind, role) in enumerate(PARTS):
        if scores.types[TYPES.index(kind)] >= _REMEMBERED:
            for name, row in scores.roles.items():
                if row[column] >= _REMEMBERED:
                    found[name] = (number, kind, role)
    return found
