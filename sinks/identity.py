"""When two articles tell the same deal: the rule, and the id that follows from it."""

from __future__ import annotations

import unicodedata

from schemas import DealEvent, Party, digest

AMOUNT_TELLS_APART = frozenset({"debt", "contract", "capital_project"})
"""Types of which the same parties have several: two loans differ by their size.
Of acquisitions and mergers they have one, and its price is often given later or revised."""


def name_key(name: str) -> str:
    """Return the letters and digits of a name, without case and accents; the name if it has none.

    >>> name_key("L'Oréal S.A.") == name_key("l’oreal SA")
    True
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in plain if char.isalnum()) or name


def party_key(party: Party) -> str:
    """Return what makes two mentions of a party in its role the same."""
    return f"{party.role}={party.entity_id or name_key(party.name)}"


def deal_id(event: DealEvent) -> str:
    """Return the id of the deal that `event` tells.

    The same type, the same named parties in the same roles, the same round, and for the types of
    AMOUNT_TELLS_APART the same amount. An event that names nobody is a deal of its own.
    """
    named = sorted({party_key(party) for party in event.parties if party.entity_id})
    if not named:
        return digest("deal", event.event_id)
    amount = ""
    if event.type in AMOUNT_TELLS_APART and event.amount:
        amount = f"{event.amount.low}..{event.amount.high} {event.amount.currency}"
    return digest("deal", event.type, *named, event.round or "", amount)
