"""Deals as the model reads them: which sentence states which deal, and who plays which part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np

from processors.features import (
    Memory,
    judge_features,
    money_features,
    sentence_features,
    status_features,
)
from processors.model import Linear
from processors.part_features import candidates, role_features
from processors.rules import Proposal
from processors.view import Symbol, View
from schemas import DealStatus, DealType
from schemas.deal_event import ROLES

_STATED = 0.04
"""Probability from which a type of deal is looked into at all."""
_PART = 0.3
"""Probability from which a name gets a role, even where none at all is likelier."""
_PRICE = 0.4
_REMEMBERED = 0.3
"""Confidence from which a deal's parts are remembered further down the text."""
_FAR_BELOW = 0.5
_SURE = 0.85
"""Score from which a second name in a role, not merely listed, is a deal of its own."""
MOST_SENTENCES = 2000
"""Of a text, from its beginning, that are looked into: a book's worth. A megabyte of nothing but
deals, which no newspaper prints, would hold up all other articles for a minute."""
_PAIRED = frozenset(("merger", "partnership", "joint_venture"))
NO_ROLE = "none"
"""The class of names that take no part in the deal."""
_LISTING = frozenset(
    (
        *(",", '"', "'", "&", "a", "an", "and", "as", "by", "d", "from", "or", "the", "to", "well"),
        *("with", "ainsi", "avec", "de", "des", "du", "et", "l", "la", "le", "les", "ou", "par"),
        *("puis", "que", "un", "une", "à"),
    )
)
"""What may stand between names that are merely listed."""


class Part(NamedTuple):
    """A name in a role, and how sure the model is."""

    role: str
    name: int
    score: float


class Models(NamedTuple):
    """What decides: types of a sentence, roles by type, status, price; and the judge of it all."""

    type: Linear
    roles: dict[str, Linear]
    status: Linear
    money: Linear
    judge: Linear

    def flat(self) -> dict[str, Linear]:
        """Return the models by name, as they are saved."""
        named = {"type": self.type, "status": self.status, "money": self.money, "judge": self.judge}
        return {**named, **{f"role.{kind}": model for kind, model in self.roles.items()}}

    @classmethod
    def of(cls, flat: dict[str, Linear]) -> Models:
        """Return what `flat` made."""
        roles = {str(kind): flat[f"role.{kind}"] for kind in ROLES}
        return cls(flat["type"], roles, flat["status"], flat["money"], flat["judge"])


class Learned:
    """Reads deals with trained models."""

    def __init__(self, models: Models, least: float = 0.4) -> None:
        self._models = models
        self._least = least

    def propose(self, view: View) -> list[Proposal]:
        """Return the deals that a text states, in its order; those too doubtful left out."""
        found = [proposal for proposal, _ in self.drafts(view)]
        return [proposal for proposal in found if proposal.confidence >= self._least]

    def drafts(self, view: View) -> list[tuple[Proposal, list[str]]]:
        """Return every deal thought possible, with the features that it is judged by."""
        found = []
        memory: Memory = {}
        for number in range(min(len(view.sentences), MOST_SENTENCES)):
            recent: Memory = {}
            stated = self._models.type.scores(sentence_features(view, number))
            kinds = self._models.type.classes
            for kind, score in zip(kinds, stated, strict=True):
                if score < _STATED:
                    continue
                rival = max(float(s) for s, k in zip(stated, kinds, strict=True) if k != kind)
                for parts in split(view, number, kind, self.parts(view, number, kind, memory)):
                    proposal = self._proposal(view, number, kind, parts)
                    features = judge_features(
                        view, number, kind, float(score), rival, parts, proposal.amount, memory
                    )
                    proposal.confidence = round(float(self._models.judge.scores(features)[0]), 4)
                    found.append((proposal, features))
                    if proposal.confidence > _REMEMBERED:
                        recent.update({p.name: (number, kind, p.role) for p in parts})
            memory.update(recent)
        return found

    def parts(self, view: View, number: int, kind: str, memory: Memory) -> list[Part]:
        """Return who plays a part in a deal of type `kind` that sentence `number` states."""
        model = self._models.roles[kind]
        found = []
        for name in candidates(view, number):
            scores = model.scores(role_features(view, number, kind, name, memory))
            if len(scores) == 1:
                scores = np.append(scores, 1 - scores)
            score, role = max(
                (float(score), role)
                for score, role in zip(scores, model.classes, strict=True)
                if role != NO_ROLE
            )
            if score >= _PART:
                found.append(Part(role, name, score))
        return found

    def _proposal(self, view: View, number: int, kind: str, parts: Sequence[Part]) -> Proposal:
        sentence = view.sentences[number]
        status, _ = self._models.status.best(status_features(view, number, kind))
        prices = []
        for at in range(max(0, number - 2), min(len(view.sentences), number + 3)):
            for index in view.money_in[at]:
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

    Several names in one role are one deal when they are merely listed; else each that is sure
    has a deal of its own, with the nearest of those in the other roles.
    """
    if not parts:
        return []
    where = {part.name: _symbol_of(view, number, part.name) for part in parts}
    parts = _plausible(parts, where, kind in _PAIRED)
    if kind in _PAIRED:
        return [parts]
    by_role: dict[str, list[Part]] = {}
    for part in sorted(parts, key=lambda p: where[p.name]):
        by_role.setdefault(part.role, []).append(part)
    groups = {
        role: _sure(_listed(view.symbols[number], some, where)) for role, some in by_role.items()
    }
    anchor = max(groups, key=lambda role: len(groups[role]))
    if len(groups[anchor]) < 2:
        return [[part for some in groups.values() for group in some for part in group]]
    deals = []
    for group in groups[anchor]:
        middle = where[group[0].name]
        deal = list(group)
        for role, others in groups.items():
            if role != anchor:
                gaps = [abs(where[some[0].name] - middle) for some in others]
                deal += others[gaps.index(min(gaps))]
        deals.append(deal)
    return deals


def _sure(groups: list[list[Part]]) -> list[list[Part]]:
    """Keep the surest group of names in a role, and others only where they are sure themselves."""
    scores = [max(part.score for part in group) for group in groups]
    best = max(scores)
    return [g for g, score in zip(groups, scores, strict=True) if score >= min(best, _SURE)]


def _plausible(parts: list[Part], where: dict[int, int], paired: bool) -> list[Part]:
    """Drop the weaker parts: those far below the surest of their role, or from other sentences.

    One name from elsewhere may fill a role that nobody fills here (or, in a pair, one side).
    """
    kept: list[Part] = []
    for role in dict.fromkeys(part.role for part in parts):
        some = sorted((p for p in parts if p.role == role), key=lambda p: -p.score)
        here = [p for p in some if where[p.name] >= 0 and p.score >= _FAR_BELOW * some[0].score]
        room = max(0, 2 - len(here)) if paired else not here
        kept += here + [p for p in some if where[p.name] < 0][: int(room)]
    return kept


def _symbol_of(view: View, number: int, name: int) -> int:
    """Return where a name stands in a sentence; before its start when it stands elsewhere."""
    inside = view.named_in[number].get(name)
    return inside[0] if inside else -1


def _listed(
    symbols: Sequence[Symbol], parts: list[Part], where: dict[int, int]
) -> list[list[Part]]:
    """Group the parts of one role, in order, by whether only commas and the like part them."""
    groups = [[parts[0]]]
    for before, part in pairwise(parts):
        between = symbols[where[before.name] + 1 : where[part.name]]
        apart = any(s.word not in _LISTING and s.name < 0 for s in between)
        if where[before.name] < 0 or not apart or len(between) < 2:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups
