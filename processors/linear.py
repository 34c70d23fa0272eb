"""The linear models: logistic regression over features of a sentence, a name, an amount."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from processors.features import Memory, money_features, sentence_features, status_features
from processors.heads import STATUSES
from processors.model import Floats, Linear
from processors.part_features import role_features
from processors.view import View
from schemas.deal_event import ROLES

NO_ROLE = "none"
"""The class of names that take no part in the deal."""


class LinearModels(NamedTuple):
    """Types of a sentence, roles by type, status and price."""

    type: Linear
    roles: dict[str, Linear]
    status: Linear
    money: Linear

    def flat(self) -> dict[str, Linear]:
        """Return the models by name, as they are saved."""
        named = {"type": self.type, "status": self.status, "money": self.money}
        return {**named, **{f"role.{kind}": model for kind, model in self.roles.items()}}

    @classmethod
    def of(cls, flat: dict[str, Linear]) -> LinearModels:
        """Return what `flat` made."""
        roles = {str(kind): flat[f"role.{kind}"] for kind in ROLES}
        return cls(flat["type"], roles, flat["status"], flat["money"])

    def types_of(self, view: View, number: int) -> Floats:
        """Return how likely a sentence states each type of deal."""
        return self.type.scores(sentence_features(view, number))

    def roles_of(
        self, view: View, number: int, kind: str, name: int, memory: Memory
    ) -> dict[str, float]:
        """Return how likely a name plays each role in a deal that a sentence states."""
        model = self.roles[kind]
        scores = model.scores(role_features(view, number, kind, name, memory))
        if len(scores) == 1:
            scores = np.append(scores, 1 - scores)
        return {
            role: float(score)
            for role, score in zip(model.classes, scores, strict=True)
            if role != NO_ROLE
        }

    def statuses_of(self, view: View, number: int, kind: str) -> Floats:
        """Return how likely a deal that a sentence states has each status, by `STATUSES`."""
        scores = self.status.scores(status_features(view, number, kind))
        order = [self.status.classes.index(status) for status in STATUSES]
        return np.asarray(scores[order], dtype=np.float32)

    def prices_of(self, view: View, number: int, kind: str) -> dict[int, float]:
        """Return how likely each amount nearby is the price."""
        return {
            index: float(self.money.scores(money_features(view, number, kind, index))[0])
            for at in range(max(0, number - 2), min(len(view.sentences), number + 3))
            for index in view.money_in[at]
        }
