"""One event a deal: the mentions inside one article that tell the same deal, joined."""

from __future__ import annotations

from collections.abc import Iterable

from processors.rules import Proposal

_LATEST = 20
"""How many earlier deals of a name a mention is compared with: bounded, so that it stays linear."""
_PAIRED = frozenset(("merger", "partnership", "joint_venture"))
_KIN = ({"acquisition", "merger", "investment"}, {"partnership", "joint_venture", "contract"})
"""Types that one deal may be taken for, in one sentence and another."""


def merge(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Return the distinct deals of an article; what is told twice is kept once, at its fullest."""
    return [deal for deal, _ in join(proposals)]


def join(proposals: Iterable[Proposal]) -> list[tuple[Proposal, list[int]]]:
    """Return the distinct deals, each with the numbers of the proposals that tell it."""
    deals: list[Proposal] = []
    told: dict[int, list[int]] = {}
    by_name: dict[str, list[Proposal]] = {}
    for number, proposal in enumerate(proposals):
        names = [name.name for _, name in proposal.parties]
        related = [deal for name in names for deal in by_name.get(name, [])[-_LATEST:]]
        same = next((deal for deal in related if _same(deal, proposal)), None)
        if same is None:
            deals.append(proposal)
            told[id(proposal)] = [number]
        else:
            _absorb(same, proposal)
            told[id(same)].append(number)
        for name in names:
            some = by_name.setdefault(name, [])
            if not any(deal is (same or proposal) for deal in some[-_LATEST:]):
                some.append(same or proposal)
    return [(deal, sorted(told[id(deal)])) for deal in _without_repeats(deals, told)]


def _without_repeats(deals: list[Proposal], told: dict[int, list[int]]) -> list[Proposal]:
    """Drop what a surer deal of the article tells already; `told` notes whose it is.

    In real articles every second wrong report was one: the same deal again, as another type, with
    the roles turned round, or with one party alone.
    """
    kept: dict[str, list[Proposal]] = {}
    dropped: set[int] = set()
    for deal in sorted(deals, key=lambda deal: -deal.confidence):
        names = {name.name for _, name in deal.parties}
        related = [other for name in sorted(names) for other in kept.get(name, [])[:_LATEST]]
        surer = next((other for other in related if _repeats(deal, names, other)), None)
        if surer is not None:
            dropped.add(id(deal))
            told[id(surer)] += told[id(deal)]
            surer.evidence += deal.evidence
            continue
        for name in names:
            kept.setdefault(name, []).append(deal)
    left = [deal for deal in deals if id(deal) not in dropped]
    for deal in left:
        deal.evidence = sorted(set(deal.evidence))
    return left


def _repeats(deal: Proposal, names: set[str], surer: Proposal) -> bool:
    shared = names & {name.name for _, name in surer.parties}
    if deal.type == surer.type:
        return len(shared) > 1 or len(names) == 1
    return len(shared) > 1 and any({deal.type, surer.type} <= kin for kin in _KIN)


def _parties(deal: Proposal) -> dict[str, set[str]]:
    roles: dict[str, set[str]] = {}
    for role, name in deal.parties:
        roles.setdefault(role, set()).add(name.name)
    return roles


def _same(one: Proposal, other: Proposal) -> bool:
    """Whether two mentions can be one deal: a party shared in its role, and none at odds."""
    if one.type != other.type:
        return False
    a, b = _parties(one), _parties(other)
    shared = [role for role in a if a[role] & b.get(role, set())]
    if one.type in _PAIRED:
        names_a, names_b = set().union(*a.values()), set().union(*b.values())
        return names_a <= names_b or names_b <= names_a
    clash = [role for role in a if role in b and not a[role] & b[role]]
    return bool(shared) and not clash


def _absorb(deal: Proposal, other: Proposal) -> None:
    if other.confidence > deal.confidence:
        deal.status = other.status
    filled = {role for role, _ in deal.parties}
    named = {name.name for _, name in deal.parties}
    deal.parties += [p for p in other.parties if p[0] not in filled and p[1].name not in named]
    deal.amount = deal.amount or other.amount
    # In the order of the text, so what is there already is the latest; and so this is linear.
    deal.evidence += [span for span in other.evidence if span not in deal.evidence[-2:]]
    deal.confidence = max(deal.confidence, other.confidence)
    deal.facts = {**other.facts, **deal.facts}
