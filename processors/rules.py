"""Deals by the book: what a trigger's entry in the list says of the names and amounts around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from processors import lexicon
from processors.amounts import Money
from processors.names import Mention, Name
from processors.sentences import Sentence
from processors.triggers import Frame, Hit
from processors.view import View
from schemas import DealStatus, DealType

_PAIRED = frozenset(("merger", "partnership", "joint_venture"))
_NEAR = 160
"""How far from its trigger a party may stand, in characters."""


@dataclass(slots=True)
class Proposal:
    """A deal that one passage states."""

    type: DealType
    status: DealStatus
    parties: list[tuple[str, Name]]
    amount: Money | None
    evidence: list[tuple[int, int]]
    confidence: float
    facts: dict[str, Any] = field(default_factory=dict)


class Rules:
    """Reads deals off one sentence with the lists of one language."""

    def __init__(self, language: str) -> None:
        table = lexicon.table(f"{language}/grammar")
        self._statuses = {name: _words(cues) for name, cues in table["status"].items()}
        self._agent = _words(table["roles"]["agent"])
        self._not_price = _words(table["amounts"]["not_price"])

    def propose(self, view: View) -> list[Proposal]:
        """Return the deals that the triggers of a text tell, in its order."""
        found = []
        placed: list[list[tuple[Mention, Name]]] = [[] for _ in view.sentences]
        for name in view.names:
            if name.kind == "organisation":
                for mention in name.mentions:
                    placed[mention.sentence].append((mention, name))
        for number, sentence in enumerate(view.sentences):
            places = sorted(placed[number], key=_start)
            money = [view.money[index] for index in view.money_in[number]]
            numbers = dict.fromkeys(s.hit for s in view.symbols[number] if s.hit >= 0)
            for hit in [view.hits[index] for index in numbers]:
                frame = next((f for f in hit.frames if f.strong), None)
                if frame is None:
                    continue
                roles = self._roles(view.low_text, hit, frame, places)
                if len(roles) < (2 if frame.type in _PAIRED else 1):
                    continue
                confidence = 0.5 if len(roles) > 1 else 0.3
                amount = self._price(view.low_text, sentence, hit, money)
                status = self.status(view.low_text[sentence.start : sentence.end])
                span = (sentence.start, sentence.end)
                found.append(Proposal(frame.type, status, roles, amount, [span], confidence))
        return found

    def _roles(
        self, text: str, hit: Hit, frame: Frame, parties: Sequence[tuple[Mention, Name]]
    ) -> list[tuple[str, Name]]:
        left = [p for p in parties if p[0].end <= hit.start and hit.start - p[0].end < _NEAR]
        right = [p for p in parties if p[0].start >= hit.end and p[0].start - hit.end < _NEAR]
        roles: list[tuple[str, Name]] = []
        agent = next(
            (
                p
                for p in right
                if self._agent.search(text, max(hit.end, p[0].start - 24), p[0].start)
            ),
            None,
        )
        if agent:
            roles.append((frame.subject, agent[1]))
            others = [p for p in (*reversed(left), *right) if p is not agent]
            roles += [(frame.object, p[1]) for p in others[:1]]
        elif frame.kind == "noun" and right and not left:
            roles += [(frame.object, right[0][1])]
        else:
            roles += [(frame.subject, p[1]) for p in left[-1:]]
            roles += [(frame.object, p[1]) for p in right[:1]]
        return [pair for i, pair in enumerate(roles) if pair[1] not in [n for _, n in roles[:i]]]

    def status(self, low_sentence: str) -> DealStatus:
        """Return the status whose words the sentence holds, the most telling first."""
        for name, pattern in self._statuses.items():
            if pattern.search(low_sentence):
                return cast(DealStatus, name)
        return "announced"

    def _price(
        self, text: str, sentence: Sentence, hit: Hit, money: Sequence[Money]
    ) -> Money | None:
        best: Money | None = None
        for amount in money:
            if self._not_price.search(
                text, max(sentence.start, amount.start - 45), amount.end + 25
            ):
                continue
            if best is None or abs(amount.start - hit.end) < abs(best.start - hit.end):
                best = amount
        return best


def _start(place: tuple[Mention, Name]) -> int:
    return place[0].start


def _words(cues: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern that finds any of a few cues as words; they are looked for in sentences."""
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, cues)) + ")")
