"""What the encoder's vectors say: types of deals, roles, statuses, prices. In numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.encoder import Floats
from processors.windows import Candidate, Window
from schemas.deal_event import ROLES

TYPES = tuple(ROLES)
PARTS = tuple((kind, role) for kind, roles in ROLES.items() for role in roles)
"""Every role of every type: the columns of the model of roles."""
STATUSES = ("rumoured", "announced", "completed", "cancelled", "denied")
NEAR = 3
"""How many sentences away from its deal a price may stand."""

_OFTEN = 14
"""Names of a sentence that are paired with one another, at most."""


class Scores(NamedTuple):
    """What is thought of one sentence: probabilities, by the numbers of `TYPES` and `PARTS`.

    `roles` and `money` are by the index of a name or an amount in the view; `together` says of two
    names, the lower index first, how likely one deal holds both.
    """

    types: Floats
    statuses: Floats
    roles: dict[int, Floats]
    money: dict[int, Floats]
    together: dict[tuple[int, int], float]


Worth = Callable[[int, Floats], bool]
"""Whether more is asked about a sentence, by its number in the view and its types."""


def always(number: int, types: Floats) -> bool:
    """Ask about every sentence."""
    return True


class Heads:
    """The layers behind the encoder."""

    def __init__(self, weights: dict[str, NDArray[np.generic]]) -> None:
        self._weights = {name: np.asarray(w, dtype=np.float32) for name, w in weights.items()}

    @classmethod
    def load(cls, path: Path) -> Heads:
        """Read heads.npz."""
        with np.load(path, allow_pickle=False) as file:
            return cls({name: file[name] for name in file.files})

    def scores(
        self, window: Window, vectors: Floats, found: Sequence[Candidate], worth: Worth = always
    ) -> dict[int, Scores]:
        """Return the scores of the sentences that a window owns, by their number in the view.

        Parts and prices are looked at only in the sentences of which `worth` says so.
        """
        ends = window.ends()
        starts = [window.starts[at] for at in window.owned]
        most = [vectors[window.starts[at] : ends[at]].max(axis=0) for at in window.owned]
        sentences = np.concatenate([vectors[starts], np.array(most)], axis=1)
        types = _sigmoid(self._two("type", sentences))
        statuses = self._two("status", sentences).reshape(-1, len(TYPES), len(STATUSES))
        rows = {at: row for row, at in enumerate(window.owned)}
        scores = {
            window.sentences[at]: Scores(types[row], _softmax(statuses[row]), {}, {}, {})
            for at, row in rows.items()
        }
        chosen = {at: row for at, row in rows.items() if worth(window.sentences[at], types[row])}
        if found := [candidate for candidate in found if candidate.at in chosen]:
            self._roles(window, vectors, found, sentences, chosen, scores)
        self._money(window, vectors, sentences, chosen, scores)
        return scores

    def _roles(
        self,
        window: Window,
        vectors: Floats,
        found: Sequence[Candidate],
        sentences: Floats,
        rows: dict[int, int],
        scores: dict[int, Scores],
    ) -> None:
        names = np.array([vectors[c.pieces].mean(axis=0) for c in found])
        here = [rows[c.at] for c in found]
        facts = np.concatenate(
            [
                self._weights["gap"][[c.gap for c in found]],
                self._weights["rank"][[c.rank for c in found]],
                self._weights["often"][[c.often for c in found]],
                self._weights["headline"][[int(c.headline) for c in found]],
            ],
            axis=1,
        )
        place = self._one("role_facts", facts)
        mixed = self._one("role_sentence", sentences)[here] + self._one("role_name", names) + place
        crossed = (sentences @ self._weights["cross_sentence"])[here]
        mixed += (names @ self._weights["cross_name"]) * crossed
        roles = _sigmoid(self._one("role_out", _gelu(self._one("role_mid", _gelu(mixed)))))
        by_sentence: dict[int, list[int]] = {}
        for index, candidate in enumerate(found):
            scores[window.sentences[candidate.at]].roles[candidate.name] = roles[index]
            by_sentence.setdefault(candidate.at, []).append(index)
        sides = self._one("pair_name", names)
        for at, some in by_sentence.items():
            if len(some) > _OFTEN:
                some = [index for index in some if found[index].gap == 0][:_OFTEN]
            left, right = np.tril_indices(len(some), -1)
            if not len(left):
                continue
            a, b = np.array(some)[left], np.array(some)[right]
            told_here = self._one("pair_sentence", sentences[[rows[at]]])
            mixed = sides[a] * sides[b] + told_here + place[a] + place[b]
            together = _sigmoid(self._one("pair_out", _gelu(mixed)))[:, 0]
            pairs = scores[window.sentences[at]].together
            for i, j, score in zip(a, b, together, strict=True):
                first, second = sorted((found[i].name, found[j].name))
                pairs[first, second] = float(score)

    def _money(
        self,
        window: Window,
        vectors: Floats,
        sentences: Floats,
        rows: dict[int, int],
        scores: dict[int, Scores],
    ) -> None:
        pairs = [
            (at, amount, piece, window.sentences[other] - window.sentences[at])
            for at in rows
            for amount, other, piece in window.money
            if abs(window.sentences[other] - window.sentences[at]) <= NEAR
        ]
        if not pairs:
            return
        pieces = np.array([piece for _, _, piece, _ in pairs])
        here = [rows[at] for at, _, _, _ in pairs]
        gaps = self._weights["money_gap"][[gap + NEAR for _, _, _, gap in pairs]]
        marks = vectors[pieces]
        mixed = self._one("money_sentence", sentences)[here] + self._one("money_facts", gaps)
        mixed += self._one("money_amount", np.concatenate([marks, vectors[pieces + 1]], axis=1))
        crossed = (sentences @ self._weights["cross_sentence"])[here]
        mixed += (marks @ self._weights["cross_name"]) * crossed
        prices = _sigmoid(self._one("money_out", _gelu(mixed)))
        for (at, amount, _, _), price in zip(pairs, prices, strict=True):
            scores[window.sentences[at]].money[amount] = price

    def _one(self, name: str, rows: Floats) -> Floats:
        return np.asarray(
            rows @ self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"], np.float32
        )

    def _two(self, name: str, rows: Floats) -> Floats:
        return self._one(f"{name}_out", _gelu(self._one(f"{name}_mid", rows)))


def _gelu(x: Floats) -> Floats:
    """Return x in the tanh form of GELU (Hendrycks and Gimpel 2016), which training uses too."""
    return np.asarray(
        0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x))), dtype=np.float32
    )


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), dtype=np.float32)


def _softmax(x: Floats) -> Floats:
    found = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(found / found.sum(-1, keepdims=True), dtype=np.float32)
