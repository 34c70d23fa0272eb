"""Joining the linear models and the transformer, and what to believe: from unseen texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from processors.aliases import same_name
from processors.blend import Blend, Weights, odds
from processors.context import Context
from processors.corpus import Document
from processors.features import Memory
from processors.heads import PARTS, TYPES
from processors.learned import Judge, Learned, Signals
from processors.linear import LinearModels
from processors.part_features import candidates
from processors.rules import Proposal
from processors.training.examples import Example, echoes
from processors.training.linear import remembered

Row = tuple[float, float, bool]
"""Log-odds of the linear models and of the transformer, and the right answer."""


def blend(models: LinearModels, context: Context, unseen: Sequence[Example]) -> Blend:
    """Return how much each opinion counts, question by question."""
    types: list[Row] = []
    roles: list[Row] = []
    money: list[Row] = []
    for example in unseen:
        view = example.view
        scores = context.scores(view, range(len(view.sentences)))
        memory: Memory = {}
        for number in range(len(view.sentences)):
            stated, theirs = example.stated(number), scores.get(number)
            if theirs is None:
                continue
            kinds = {told.label.type for told in stated}
            echoed = {t.label.type for t in example.told if echoes(view, number, t)} - kinds
            linear = models.types_of(view, number)
            for stated_kind, ours, other in zip(TYPES, linear, theirs.types, strict=True):
                if stated_kind not in echoed:
                    types.append((odds(float(ours)), odds(float(other)), stated_kind in kinds))
            for kind in sorted(kinds):
                some = [told for told in stated if told.label.type == kind]
                column = {role: i for i, (k, role) in enumerate(PARTS) if k == kind}
                for name in candidates(view, number):
                    if name in theirs.roles:
                        right = {told.cast.get(name) for told in some}
                        ours_by = models.roles_of(view, number, kind, name, memory)
                        for role, score in ours_by.items():
                            other = float(theirs.roles[name][column[role]])
                            roles.append((odds(score), odds(other), role in right))
                prices = {index for told in some for index in told.price}
                for index, score in models.prices_of(view, number, kind).items():
                    if index in theirs.money:
                        other = float(theirs.money[index][TYPES.index(kind)])
                        money.append((odds(score), odds(other), index in prices))
            memory.update(remembered(stated, number))
    return Blend(_weights(types), _weights(roles), _weights(money))


def _weights(rows: Sequence[Row]) -> Weights:
    solver = LogisticRegression(C=10.0)
    solver.fit(np.array([row[:2] for row in rows]), [row[2] for row in rows])
    linear, context = (round(float(w), 4) for w in solver.coef_[0])
    return Weights(round(float(solver.intercept_[0]), 4), linear, context)


def judge(reader: Learned, unseen: Sequence[Example]) -> Judge:
    """Learn which drafts of a reader to believe."""
    rows: list[Signals] = []
    right: list[bool] = []
    for example in unseen:
        for draft in reader.drafts(example.view):
            rows.append(draft.signals)
            right.append(believable(draft.proposal, example.document))
    names = sorted({name for row in rows for name in row})
    solver = LogisticRegression(C=0.5, fit_intercept=False, max_iter=2000)
    solver.fit([[row.get(name, 0.0) for name in names] for row in rows], right)
    weights = zip(names, solver.coef_[0], strict=True)
    return Judge({name: round(float(weight), 4) for name, weight in weights})


def believable(proposal: Proposal, document: Document) -> bool:
    """Whether a draft is one of the labelled deals: its type, and a named party in its role."""
    return any(
        proposal.type in label.types
        and any(
            role == ours and same_name(party.name, names)
            for role, names, named in label.parties
            if named
            for ours, party in proposal.parties
        )
        for label in document.deals
    )
