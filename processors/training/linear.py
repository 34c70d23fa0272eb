"""The linear models: types, roles, statuses and prices, by logistic regression."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from processors import features, part_features
from processors.linear import NO_ROLE, LinearModels
from processors.model import BITS, Linear, columns
from processors.training.examples import Example, Told, echoes
from schemas.deal_event import ROLES

SEED = 20
_STEPS = 60
_STRENGTH = {"type": 2.0, "role": 0.5, "status": 0.5, "money": 0.5}
"""Inverse of the L2 penalty, chosen by cross-validation."""
_WHOLE = 2
"""How often a whole article counts: it is what is read in earnest, passages are denser."""

Instance = tuple[list[int], str]


class _Instances:
    """What each model learns from: feature columns and the right answer."""

    def __init__(self) -> None:
        self.type: list[tuple[list[int], dict[str, bool]]] = []
        self.roles: dict[str, list[Instance]] = {kind: [] for kind in ROLES}
        self.status: list[Instance] = []
        self.money: list[Instance] = []


def learn(some: Iterable[Example]) -> LinearModels:
    """Learn all of them."""
    found = _Instances()
    for example in some:
        for _ in range(_WHOLE if example.document.whole else 1):
            _collect(found, example)
    return LinearModels(
        _fit_types(found.type),
        {kind: fit("role", rows) for kind, rows in found.roles.items()},
        fit("status", found.status),
        fit("money", found.money),
    )


def _collect(found: _Instances, example: Example) -> None:
    view = example.view
    memory: features.Memory = {}
    for number in range(len(view.sentences)):
        stated = example.stated(number)
        kinds = {told.label.type for told in stated}
        answers = {str(kind): kind in kinds for kind in ROLES}
        for told in example.told:
            kind = told.label.type
            if number not in told.home and kind not in kinds and echoes(view, number, told):
                answers.pop(kind, None)
        found.type.append((columns(features.sentence_features(view, number)), answers))
        for kind in sorted(kinds):
            some = [told for told in stated if told.label.type == kind]
            _collect_deal(found, example, number, kind, some, memory)
        memory.update(remembered(stated, number))


def remembered(stated: Iterable[Told], number: int) -> features.Memory:
    """Return what a sentence leaves in memory: the parts that its names play."""
    return {
        name: (number, told.label.type, role) for told in stated for name, role in told.cast.items()
    }


def _collect_deal(
    found: _Instances,
    example: Example,
    number: int,
    kind: str,
    some: Sequence[Told],
    memory: features.Memory,
) -> None:
    view = example.view
    for name in part_features.candidates(view, number):
        role = next((told.cast[name] for told in some if name in told.cast), NO_ROLE)
        parts = part_features.role_features(view, number, kind, name, memory)
        found.roles[kind].append((columns(parts), role))
    status = some[0].label.status
    found.status.append((columns(features.status_features(view, number, kind)), status))
    for index, place in enumerate(view.money_places):
        if place is not None and abs(place.sentence - number) <= 2:
            right = any(index in told.price for told in some)
            row = columns(features.money_features(view, number, kind, index))
            found.money.append((row, "yes" if right else "no"))


def _matrix(rows: Sequence[list[int]], used: np.ndarray) -> csr_matrix:
    index = np.full(1 << BITS, -1, dtype=np.int64)
    index[used] = np.arange(len(used))
    mapped = [[index[c] for c in row if index[c] >= 0] for row in rows]
    lengths = np.cumsum([0, *map(len, mapped)])
    flat = np.array([c for row in mapped for c in row], dtype=np.int64)
    ones = np.ones(len(flat), dtype=np.float32)
    return csr_matrix((ones, flat, lengths), shape=(len(rows), len(used)))


def _used(rows: Sequence[list[int]], least: int = 2) -> np.ndarray:
    """Return the columns that occur at least so often: what is seen once teaches little."""
    counts = np.bincount(
        np.concatenate([np.array(row) for row in rows if row]), minlength=1 << BITS
    )
    return np.flatnonzero(counts >= least).astype(np.int32)


def fit(name: str, instances: Sequence[Instance]) -> Linear:
    """Fit one model; two classes make a yes-or-no model whose only column is "yes"."""
    rows = [row for row, _ in instances]
    used = _used(rows)
    solver = LogisticRegression(C=_STRENGTH[name], max_iter=_STEPS, tol=1e-3, random_state=SEED)
    solver.fit(_matrix(rows, used), [answer for _, answer in instances])
    weights = solver.coef_.T.astype(np.float32)
    bias = solver.intercept_.astype(np.float32)
    if len(solver.classes_) == 2:
        names = [str(c) for c in solver.classes_[::-1]]
        return Linear(names, used, weights, bias, single=False)
    return Linear([str(c) for c in solver.classes_], used, weights, bias, single=True)


def _fit_types(instances: Sequence[tuple[list[int], dict[str, bool]]]) -> Linear:
    """Fit one yes-or-no model a type over the same features."""
    used = _used([row for row, _ in instances])
    weights, biases = [], []
    for kind in ROLES:
        chosen = [(row, answers[kind]) for row, answers in instances if kind in answers]
        solver = LogisticRegression(
            C=_STRENGTH["type"], max_iter=_STEPS, tol=1e-3, random_state=SEED
        )
        solver.fit(_matrix([row for row, _ in chosen], used), [yes for _, yes in chosen])
        weights.append(solver.coef_[0])
        biases.append(solver.intercept_[0])
    return Linear(
        list(ROLES),
        used,
        np.array(weights, dtype=np.float32).T,
        np.array(biases, dtype=np.float32),
        single=False,
    )
