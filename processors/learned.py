"""Deals as the model reads them: which sentence states which deal, and who plays which part."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, cast

from processors.heads import STATUSES, TYPES, Scores
from processors.joined import COLUMNS, STATED, Joined
from processors.rules import Proposal
from processors.view import View
from schemas import DealStatus, DealType
from schemas.deal_event import ROLES

_PART = 0.4
_PART_ELSEWHERE = 0.25
_TOGETHER = 0.5
_PRICE = 0.4
"""Probabilities from which a name takes a role (one from another sentence, where nobody plays it
here), two names are in one deal, an amount is its price."""
_BESIDE = frozenset(("seller", "arranger", "exchange", "location"))
"""Roles that a deal may well lack: a name from another sentence must be as likely as one inside."""
LEAST = 0.5
"""Confidence below which a deal is not reported."""
_FAR_BELOW = 0.5
_MOST_PARTS = 10
_MOST_DEALS = 6
"""Names in the deals of one type in one sentence, and such deals, at most."""
PAIRED = frozenset(("merger", "partnership", "joint_venture"))

_FLOOR = 1e-4

Signals = dict[str, float]
"""What a draft is judged by, by name."""


class Part(NamedTuple):
    """A name (its index in the view) in a role, and how sure the model is."""

    role: str
    name: int
    score: float


class Draft(NamedTuple):
    """A deal thought possible: what it would be, by which signals it is judged, who takes part."""

    proposal: Proposal
    signals: Signals
    parts: list[Part]
    sentence: int


class Judge:
    """Says how likely a draft is a deal: a logistic model over a few signals."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = dict(weights)

    @classmethod
    def load(cls, path: Path) -> Judge:
        """Read judge.json."""
        return cls(json.loads(path.read_text("utf-8")))

    def save(self, path: Path) -> None:
        """Write judge.json."""
        path.write_text(json.dumps(self.weights, indent=1) + "\n", "utf-8")

    def confidence(self, signals: Signals) -> float:
        """Return a probability, rounded so that it is the same on every machine."""
        odds = sum(self.weights.get(name, 0.0) * value for name, value in signals.items())
        return round(1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), 3)


class Learned:
    """Reads deals with trained models."""

    def __init__(self, models: Joined, judge: Judge, least: float = LEAST) -> None:
        """Deals below the confidence `least` are left out."""
        self._models = models
        self.judge = judge
        self.least = least

    @classmethod
    def load(cls, model: Path, least: float = LEAST) -> Learned:
        """Read the models of a folder."""
        return cls(Joined.load(model), Judge.load(model / "judge.json"), least)

    def propose(self, view: View) -> list[Proposal]:
        """Return the deals that a text states, in its order; those too doubtful left out."""
        found = [draft.proposal for draft in self.drafts(view)]
        return [proposal for proposal in found if proposal.confidence >= self.least]

    def drafts(self, view: View) -> list[Draft]:
        """Return every deal thought possible."""
        return self.judged(view, self.scores(view))

    def judged(self, view: View, scores: Mapping[int, Scores]) -> list[Draft]:
        """Return every deal thought possible by the scores of the sentences."""
        found = []
        for number, some in sorted(scores.items()):
            for draft in drafts_of(view, number, some):
                draft.proposal.confidence = self.judge.confidence(draft.signals)
                found.append(draft)
        return found

    def scores(self, view: View) -> dict[int, Scores]:
        """Return what the models think of each sentence."""
        return self._models.scores(view)


def drafts_of(view: View, number: int, scores: Scores) -> Iterator[Draft]:
    """Yield the deals that a sentence may state, by its scores; their confidence is still open."""
    for column, kind in enumerate(TYPES):
        stated = float(scores.types[column])
        if stated < STATED:
            continue
        parts = _parts(view, number, scores, kind)
        if all(part.role == "location" for part in parts):
            continue  # nobody is known to build there
        rival = max(float(s) for i, s in enumerate(scores.types) if i != column)
        price, amount = max(
            ((float(row[column]), -index) for index, row in scores.money.items()),
            default=(0.0, 0),
        )
        status = STATUSES[int(scores.statuses[column].argmax())]
        for deal in deals_of(parts, scores.together):
            order = ROLES[kind]
            ranked = sorted(deal, key=lambda part: order.index(part.role))
            sentence = view.sentences[number]
            proposal = Proposal(
                type=kind,
                status=cast(DealStatus, status),
                parties=[(part.role, view.names[part.name]) for part in ranked],
                amount=view.money[-amount] if price >= _PRICE else None,
                evidence=[(sentence.start, sentence.end)],
                confidence=0.0,
            )
            signals = _signals(view, number, kind, stated, rival, ranked, price)
            yield Draft(proposal, signals, ranked, number)


def _parts(view: View, number: int, scores: Scores, kind: DealType) -> list[Part]:
    """Return who takes which role in a deal of type `kind`: each name its likeliest one.

    Those far below the surest of their role are dropped. One name from another sentence may fill a
    role that nobody fills here (or, in a pair, one side).
    """
    by_role: dict[str, list[Part]] = {}
    for name, row in scores.roles.items():
        score, role = max((float(row[COLUMNS[kind, r]]), r) for r in ROLES[kind])
        elsewhere = name not in view.named_in[number] and role not in _BESIDE
        if score >= (_PART_ELSEWHERE if elsewhere else _PART):
            by_role.setdefault(role, []).append(Part(role, name, score))
    found = []
    for some in by_role.values():
        some.sort(key=lambda part: -part.score)
        here = [p for p in some if p.name in view.named_in[number]]
        here = [p for p in here if p.score >= _FAR_BELOW * some[0].score]
        room = max(0, 2 - len(here)) if kind in PAIRED else int(not here)
        found += here + [p for p in some if p.name not in view.named_in[number]][:room]
    return sorted(found, key=lambda part: -part.score)[:_MOST_PARTS]


def deals_of(parts: list[Part], together: Mapping[tuple[int, int], float]) -> list[list[Part]]:
    """Return the deals among the parts of one type: the largest sets of names all in one deal.

    A name stands in several where its partners do not go together (two bids for one target).
    Maximal cliques by Bron and Kerbosch (1973), of ten names at most.
    """
    names = {part.name: part for part in parts}
    linked = {
        one: frozenset(
            other
            for other in names
            if other != one and together.get((min(one, other), max(one, other)), 1.0) >= _TOGETHER
        )
        for one in names
    }
    found: list[list[Part]] = []

    def grow(chosen: frozenset[int], open_: frozenset[int], done: frozenset[int]) -> None:
        if not open_ and not done:
            found.append([part for part in parts if part.name in chosen])
        for name in sorted(open_):
            if len(found) >= _MOST_DEALS:
                return
            grow(chosen | {name}, open_ & linked[name], done & linked[name])
            open_, done = open_ - {name}, done | {name}

    grow(frozenset(), frozenset(names), frozenset())
    return found


def _signals(
    view: View,
    number: int,
    kind: str,
    stated: float,
    rival: float,
    parts: list[Part],
    price: float,
) -> Signals:
    inside = sum(part.name in view.named_in[number] for part in parts)
    roles = {part.role for part in parts}
    return {
        "bias": 1.0,
        "stated": _odds(stated),
        "rival": _odds(rival),
        "surest": _odds(max(part.score for part in parts)),
        "weakest": _odds(min(part.score for part in parts)),
        "price": price,
        "alone": float(len(parts) == 1),
        "one role": float(len(roles) == 1 and kind not in PAIRED),
        "half a pair": float(kind in PAIRED and len(parts) < 2),
        "many": float(len(parts) > 3),
        "none inside": float(inside == 0),
        "heading": float(view.sentences[number].heading),
        "headline": float(number == 0),
        kind: 1.0,
    }


def _odds(score: float) -> float:
    score = min(max(score, _FLOOR), 1 - _FLOOR)
    return math.log(score / (1 - score))
