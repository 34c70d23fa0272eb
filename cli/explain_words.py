"""What the page and the terminal say of a deal: the same facts in the same words."""

from __future__ import annotations

from typing import NamedTuple

from babel import Locale

from cli.output import amount_text, number
from processors.explanation import Explanation, Reported, Taker, Told
from processors.reasons import called, percent
from schemas import Amount

_SHOWN = 0.05
"""Probability from which what it might be instead is told."""

NAMES = {
    "organisation": "organisation",
    "person": "person",
    "place": "place",
    "described": "described, not named",
    "amount": "amount",
    "trigger": "word that may tell a deal",
    "furniture": "page furniture, not read",
}
"""The kinds of marks, in the order of the legend."""


class Fact(NamedTuple):
    """One thing that was read, how sure the model is, and what else may be said of it."""

    label: str
    value: str
    probability: float | None
    note: str


def facts(told: Told) -> list[Fact]:
    """Return what a sentence was read as: type, status, parties, price."""
    kind = called(told.type).partition(" ")[2]
    found = [
        Fact("type", kind, told.types.get(told.type), _others(told.types, told.type)),
        Fact(
            "status",
            told.status,
            told.statuses.get(told.status),
            _others(told.statuses, told.status),
        ),
    ]
    found += [Fact(p.role.replace("_", " "), p.name, p.probability, where(p)) for p in told.parties]
    likely = {(one.amount.start, one.amount.end): one.probability for one in told.prices}
    if told.price:
        span = (told.price.start, told.price.end)
        found.append(Fact("price", money(told.price), likely.get(span), f"“{told.price.text}”"))
    elif told.prices:
        best = told.prices[0]
        found.append(
            Fact("price", "none", None, f"“{best.amount.text}” only {percent(best.probability)}")
        )
    return found


def passed_over(told: Told) -> str:
    """Return who might take part and does not, in one line."""
    return ", ".join(
        f"{one.name} (as {one.role.replace('_', ' ')} {percent(one.probability)})"
        for one in told.passed_over
    )


def joined(deal: Reported) -> str:
    """Return what else the event says, and how it came of several tellings; empty if neither."""
    event, parts = deal.event, []
    if len(deal.told) > 1:
        parts.append(
            f"told {len(deal.told)} times by parties that agree, so one deal: "
            "status of the surest telling, first price met"
        )
    if event.price_per_share:
        share = event.price_per_share
        parts.append(f"price per share {number(share.value)} {share.currency}")
    if event.stake_pct is not None:
        parts.append(f"stake {event.stake_pct:g} %")
    if event.on_date:
        parts.append(f"day {event.on_date.isoformat()}")
    parts += [value.replace("_", " ") for value in (event.round, event.instrument) if value]
    return "; ".join(parts)


def headline(told: Told) -> str:
    """Return a deal in a few words."""
    return f"{called(told.type).partition(' ')[2]}, {told.status}"


def where(taker: Taker) -> str:
    """Return where a party is named, as seen from the sentence that tells the deal."""
    if taker.gap == 0:
        return "named in the sentence"
    if taker.gap < 0:
        return "named only later"
    return f"named {taker.gap} sentence{'s' if taker.gap > 1 else ''} earlier"


def money(amount: Amount) -> str:
    """Return an amount in a few characters."""
    return amount_text(amount.low, amount.high, amount.currency, amount.approx)


def summary(explanation: Explanation) -> str:
    """Return in one line what was read, and how."""
    code = explanation.language
    language = Locale.parse(code).get_display_name("en") if code else "another language"
    by = "the trained models" if explanation.read_by == "model" else "the word lists alone"
    words = f"in {language}, read by {by}, version {explanation.extractor}"
    if explanation.least is not None:
        words += f"; deals are reported from a confidence of {percent(explanation.least)}"
    return f"{words}; {explanation.note}" if explanation.note else words


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "deal"), counted(0, "deal")
    ('1 deal', '0 deals')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _others(scores: dict[str, float], chosen: str) -> str:
    """Return what else it might have been."""
    others = [(name, p) for name, p in scores.items() if name != chosen and p >= _SHOWN][:3]
    if not others:
        return ""
    return "or " + ", ".join(f"{name.replace('_', ' ')} {percent(p)}" for name, p in others)
