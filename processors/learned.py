"""Deals as the model reads them: which sentence states which deal, and who plays which part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from processors.features import (
    candidates,
    judge_features,
    money_features,
    role_features,
    sentence_features,
    status_features,
)
from processors.model import Linear
from processors.rules import Proposal
from processors.view import Symbol, View
from schemas import DealStatus, DealType
from schemas.deal_event import ROLES

_STATED = 0.12
"""Probability from which a type of deal is looked into at all."""
_PART = 0.4
"""Probability from which a name gets a role."""
_PRICE = 0.5
NO_ROLE = "none"
_COORDINATED = frozenset((",", "et", "and", "&", "ou", "or", "ainsi", "que", "as", "well", "puis", "le", "la", "les", "the", "l", "'", "des", "de", "du", "d", "à", "a", "an", "un", "une", "par", "with", "avec", "by", "from", "to", '"'))  # fmt: skip


class Part(NamedTuple):
    """A name in a role, and how sure the model is."""

    role: str
    name: int
    score: float


class Models(NamedTuple):
    """The models of one language (or of both)."""

    type: Linear
    role: Linear
    status: Linear
    money: Linear
    judge: Linear


class Learned:
    """Reads deals with trained models."""

    def __init__(self, models: Models, least: float = 0.5) -> None:
        self._models = models
        self._least = least

    def propose(self, view: View) -> list[Proposal]:
        """Return the deals that a text states, in its order; those too doubtful left out."""
        found = [proposal for proposal, _ in self.drafts(view)]
        return [proposal for proposal in found if proposal.confidence >= self._least]

    def drafts(self, view: View) -> list[tuple[Proposal, list[str]]]:
        """Return every deal thought possible, with the features that it is judged by."""
        found = []
        for number in range(len(view.sentences)):
            stated = self._models.type.scores(sentence_features(view, number))
            for kind, score in zip(self._models.type.classes, stated, strict=True):
                if score < _STATED:
                    continue
                for parts in split(view, number, kind, self.parts(view, number, kind)):
                    proposal = self._proposal(view, number, kind, parts)
                    features = judge_features(view, number, kind, float(score), parts, proposal.amount)
                    proposal.confidence = round(float(self._models.judge.scores(features)[0]), 4)
                    found.append((proposal, features))
        return found

    def parts(self, view: View, number: int, kind: str) -> list[Part]:
        """Return who plays a part in a deal of type `kind` that sentence `number` states."""
        roles = self._models.role.classes
        allowed = set(ROLES[cast(DealType, kind)])
        found = []
        for name in candidates(view, number):
            features = [f"{kind}|{f}" for f in role_features(view, number, kind, name)]
            scores = self._models.role.scores(features)
            ranked = [(float(s), r) for s, r in zip(scores, roles, strict=True) if r in allowed]
            score, role = max(ranked)
            if score >= _PART:
                found.append(Part(role, name, score))
        return found

    def _proposal(self, view: View, number: int, kind: str, parts: Sequence[Part]) -> Proposal:
        sentence = view.sentences[number]
        status, _ = self._models.status.best(status_features(view, number, kind))
        prices = []
        for index, place in enumerate(view.money_places):
            if place is not None and -2 <= place.sentence - number <= 2:
                features = money_features(view, number, kind, index)
                prices.append((float(self._models.money.scores(features)[0]), -index))
        price = max(prices, default=(0.0, 0))
        amount = view.money[-price[1]] if price[0] > _PRICE else None
        order = ROLES[cast(DealType, kind)]
        ranked = sorted(parts, key=lambda part: order.index(part.role))
        return Proposal(
            type=cast(DealType, kind),
            status=cast(DealStatus, status),
            parties=[(part.role, view.names[part.name]) for part in ranked],
            amount=amount,
            evidence=[(sentence.start, sentence.end)],
            confidence=0.0,
        )


def split(view: View, number: int, kind: str, parts: list[Part]) -> list[list[Part]]:
    """Return the deals of one type in one sentence, each with its parts.

    Several names in one role are one deal when they are merely listed; else each has a deal
    of its own, with the nearest of those in the other roles.
    """
    if not parts:
        return []
    if kind in ("merger", "partnership", "joint_venture"):
        return [parts]
    where = {part.name: _symbol_of(view, number, part.name) for part in parts}
    by_role: dict[str, list[Part]] = {}
    for part in sorted(parts, key=lambda p: where[p.name]):
        by_role.setdefault(part.role, []).append(part)
    groups = {
        role: _listed(view.symbols[number], some, where) for role, some in by_role.items()
    }
    anchor = max(groups, key=lambda role: len(groups[role]))
    if len(groups[anchor]) < 2:
        return [parts]
    deals = []
    for group in groups[anchor]:
        middle = where[group[0].name]
        deal = list(group)
        for role, others in groups.items():
            if role != anchor:
                deal += min(others, key=lambda some: abs(where[some[0].name] - middle))
        deals.append(deal)
    return deals


def _symbol_of(view: View, number: int, name: int) -> int:
    """Return where a name stands in a sentence; before its start when it stands elsewhere."""
    inside = [place.symbol for place in view.places[name] if place.sentence == number]
    return inside[0] if inside else -1


def _listed(symbols: Sequence[Symbol], parts: list[Part], where: dict[int, int]) -> list[list[Part]]:
    """Group the parts of one role, in order, by whether only commas and the like part them."""
    groups = [[parts[0]]]
    for before, part in zip(parts, parts[1:], strict=False):
        between = symbols[where[before.name] + 1 : where[part.name]]
        apart = any(s.word not in _COORDINATED and s.name < 0 for s in between)
        if where[before.name] < 0 or not apart or len(between) < 2:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups
