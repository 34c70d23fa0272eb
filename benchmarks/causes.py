"""Why deals are missed, not wholly right, or invented: the errors of an article by their cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks.scoring import Fit, fit, is_required, overlaps, pair, parties_of, role_of, traps_of
from processors.aliases import same_name
from processors.explanation import Explanation, Told, Unseen

MISSED, INEXACT, INVENTED = "missed", "found, not exact", "invented"

NO_TYPE = "no type seen in the sentence"
WRONG_TYPE = "wrong type"
ELSEWHERE = "party missing in another sentence"
SAME = "party missing in the same sentence"
NO_NAME = "name not found by the tagger"
WRONG_ROLE = "wrong role"
NO_PART = "a name that takes no part"
PRICE = "wrong price"
STATUS = "wrong status"
TWICE = "deal told twice not merged"
MERGED = "merged wrongly"
ONE_FOR_TWO = "one deal reported for two"
DOUBTED = "seen, not believed"
TRAP = "invention on a trap"
OTHER = "invention elsewhere"

_SEEN = 0.2
"""Probability from which a type counts as seen in a sentence; the reader looks no lower either."""
_NAMES = frozenset(("organisation", "person", "place", "described"))

Causes = Counter[tuple[str, str]]
"""Counts by what went wrong and its cause."""


def causes(explanation: Explanation, label: dict[str, Any]) -> Causes:
    """Return what went wrong in one article: of each missed or invented deal one cause, and of each
    deal that is found and not exact all its flaws.
    """
    case = _Case(explanation, label)
    found: Causes = Counter()
    paired = {i: j for i, j, _ in case.pairs}
    for j, deal in enumerate(label["deals"]):
        if is_required(deal) and j not in paired.values():
            found[MISSED, case.of_miss(deal)] += 1
    for i, j, how in case.pairs:
        deal = label["deals"][j]
        if is_required(deal) and not how.exact:
            found.update((INEXACT, cause) for cause in case.flaws(case.ours[i], deal, how))
    for i, ours in enumerate(case.ours):
        if i not in paired:
            found[INVENTED, case.of_invention(ours)] += 1
    return found


class _Case:
    """One article: what was reported, what is labelled, and how they pair."""

    def __init__(self, explanation: Explanation, label: dict[str, Any]) -> None:
        self.text = explanation.text
        self.labels: list[dict[str, Any]] = label["deals"]
        self.traps = traps_of(self.text, label)
        self.explanation = explanation
        self.ours = [deal.event.model_dump() for deal in explanation.deals]
        self.pairs = pair(self.ours, self.labels)
        marks = [mark for mark in explanation.marks if mark.kind in _NAMES]
        self.known = {name for mark in marks for name in (mark.text, mark.of)}

    def quote(self, deal: dict[str, Any]) -> tuple[int, int]:
        """Return where a labelled deal is told; an empty stretch when its quote is not found."""
        quote = deal.get("quote") or ""
        start = deal.get("quote_start", self.text.find(quote) if quote else -1)
        return (start, start + len(quote)) if start >= 0 else (0, 0)

    def of_miss(self, deal: dict[str, Any]) -> str:
        """Return why nothing that was reported is this deal."""
        for reported in self.explanation.deals:
            if any(_fits(told, deal) for told in reported.told):
                return MERGED if len(reported.told) > 1 else ONE_FOR_TWO
        if any(_fits(told, deal) for told in self.explanation.doubted):
            return DOUBTED
        start, end = self.quote(deal)
        right = {deal["type"], *deal.get("also", {}).get("type", [])}
        seen = self._types(start, end)
        if not seen & right:
            return WRONG_TYPE if seen else NO_TYPE
        named = [names for _, names in parties_of(deal)[0]]
        if not any(self._is_known(names) for names in named):
            return NO_NAME
        told_there = [
            told for told in self._told() if told.sentence.start < end and start < told.sentence.end
        ]
        if any(
            same_name(party.name, names)
            for told in told_there
            if told.type in right
            for party in told.parties
            for names in named
        ):
            return WRONG_ROLE
        return SAME if any(self._stands_in(names, start, end) for names in named) else ELSEWHERE

    def flaws(self, ours: dict[str, Any], deal: dict[str, Any], how: Fit) -> Iterator[str]:
        """Yield all that is not right with a deal that was found."""
        start, end = self.quote(deal)
        kind = ours["type"]
        reported = [(role_of(p["role"], kind), p["name"]) for p in ours["parties"]]
        counted, _ = parties_of(deal)
        for role, names in counted:
            roles = {r for r, name in reported if same_name(name, names)}
            if role in roles:
                continue
            if roles:
                yield WRONG_ROLE
            elif not self._is_known(names):
                yield NO_NAME
            else:
                yield SAME if self._stands_in(names, start, end) else ELSEWHERE
        takers = [name for _, names in counted for name in names]
        strangers = sum(not same_name(name, takers) for _, name in reported)
        yield from [NO_PART] * min(strangers, how.wrong)
        if not how.amount:
            yield PRICE
        if not how.status:
            yield STATUS

    def of_invention(self, ours: dict[str, Any]) -> str:
        """Return what a deal that is not labelled, or labelled once, was made of."""
        if any(overlaps(ours, *trap) for trap in self.traps):
            return TRAP
        if any(fit(ours, deal) for deal in self.labels):
            return TWICE
        names = [party["name"] for party in ours["parties"]]
        for deal in self.labels:
            there = overlaps(ours, *self.quote(deal))
            parties = [names_of for _, names_of in parties_of(deal)[0]]
            shared = any(same_name(name, known) for name in names for known in parties)
            if deal["type"] == ours["type"] and (shared or there):
                return WRONG_ROLE if shared else NO_PART
        if any(overlaps(ours, *self.quote(deal)) for deal in self.labels):
            return WRONG_TYPE
        return OTHER

    def _told(self) -> Iterator[Told]:
        for reported in self.explanation.deals:
            yield from reported.told
        yield from self.explanation.doubted

    def _types(self, start: int, end: int) -> set[str]:
        """Return the types of deals that were seen in the sentences of a stretch."""
        seen: set[str] = set()
        some: list[Told | Unseen] = [*self._told(), *self.explanation.unseen]
        for one in some:
            if one.sentence.start < end and start < one.sentence.end:
                seen |= {kind for kind, score in one.types.items() if score >= _SEEN}
                seen |= {one.type} if isinstance(one, Told) else set()
        return seen

    def _is_known(self, names: list[str]) -> bool:
        return any(same_name(name, names) for name in self.known)

    def _stands_in(self, names: list[str], start: int, end: int) -> bool:
        return any(
            mark.kind in _NAMES
            and start <= mark.start < end
            and (same_name(mark.of, names) or same_name(mark.text, names))
            for mark in self.explanation.marks
        )


def _fits(told: Told, deal: dict[str, Any]) -> bool:
    """Whether a draft, had it been reported by itself, would be a labelled deal."""
    parties = [{"role": party.role, "name": party.name} for party in told.parties]
    event = {"type": told.type, "status": told.status, "parties": parties, "amount": None}
    return fit(event, deal) is not None
