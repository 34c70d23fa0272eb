"""The signals of a draft in words: what speaks for a deal, and what against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from processors.explanation import Price, Reason, Taker

_PLAIN = {
    "bias": "where every draft starts",
    "alone": "only one party was found",
    "one role": "all parties have the same role",
    "half a pair": "a deal between partners, but only one was found",
    "many": "more than three parties",
    "none inside": "no party is named in the sentence itself",
    "heading": "the sentence is a heading",
    "headline": "the sentence is the headline",
}


def reasons(
    signals: Mapping[str, float],
    weights: Mapping[str, float],
    kind: str,
    types: Mapping[str, float],
    parties: Sequence[Taker],
    prices: Sequence[Price],
) -> tuple[Reason, ...]:
    """Return what the judge went by, the weightiest first; signals without a say are left out."""
    telling: dict[str, Callable[[], str]] = {
        "stated": lambda: f"a sentence that tells of {called(kind)}: {percent(types.get(kind))}",
        "rival": lambda: _rival(kind, types),
        "surest": lambda: f"surest party: {_party(max(parties, key=_sure))}",
        "weakest": lambda: f"least sure party: {_party(min(parties, key=_sure))}",
        "price": lambda: _price(prices),
        kind: lambda: f"what is known of drafts of {called(kind)}",
    }
    found = []
    for signal, value in signals.items():
        weight = weights.get(signal, 0.0)
        if value and weight:
            words = telling[signal]() if signal in telling else _PLAIN.get(signal, signal)
            found.append(
                Reason(
                    signal=signal, words=words, value=value, weight=weight, points=value * weight
                )
            )
    return tuple(sorted(found, key=lambda reason: -abs(reason.points)))


def called(kind: str) -> str:
    """Return a type of deal as people say it.

    >>> called("acquisition"), called("joint_venture")
    ('an acquisition', 'a joint venture')
    """
    name = "IPO" if kind == "ipo" else kind.replace("_", " ")
    return f"{'an' if name[0] in 'aeiouI' else 'a'} {name}"


def percent(probability: float | None) -> str:
    """Return a probability as people read it; never certain.

    >>> percent(0.934), percent(0.9999), percent(0.001)
    ('93 %', 'over 99 %', 'under 1 %')
    """
    if probability is None:
        return "not known"
    if probability < 0.01:
        return "under 1 %"
    return "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def _rival(kind: str, types: Mapping[str, float]) -> str:
    others = {name: score for name, score in types.items() if name != kind}
    if not others:
        return "no other type is likely"
    rival = max(others, key=others.__getitem__)
    return f"likeliest otherwise, {called(rival)}: {percent(others[rival])}"


def _sure(party: Taker) -> float:
    return party.probability or 0.0


def _party(party: Taker) -> str:
    return f"{party.name} as {party.role.replace('_', ' ')}: {percent(party.probability)}"


def _price(prices: Sequence[Price]) -> str:
    if not prices:
        return "an amount may be its price"
    return f"“{prices[0].amount.text}” as its price: {percent(prices[0].probability)}"
