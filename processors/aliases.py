"""When two names are one: legal forms, articles, accents and case aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LEGAL = frozenset(
    (
        *("sa", "sas", "sarl", "se", "inc", "corp", "corporation", "ltd", "limited", "plc", "llc"),
        *("llp", "lp", "ag", "gmbh", "nv", "bv", "spa", "ab", "asa", "oyj", "co", "company", "cie"),
        *("sca", "kgaa", "pty"),
    )
)
_SOFT = frozenset(("le", "la", "les", "l", "the", "groupe", "group", "holding", "holdings"))
_WORD = re.compile(r"[a-z0-9]+")


def words(name: str) -> tuple[str, ...]:
    """Return the words that identify a name.

    >>> words("Groupe Légère-Vallée SA")
    ('legere', 'vallee')
    """
    name = name.replace("\u2019", "'").replace("\u2013", "-").replace("\u2011", "-")
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    found = _WORD.findall(plain.replace("'s ", " "))
    return tuple(w for w in found if w not in _SOFT and w not in _LEGAL) or tuple(found)


def same_name(ours: str, theirs: Iterable[str]) -> bool:
    """Whether names are equal, or one is the other with at most as many words added."""
    mine = words(ours)
    for other in map(words, theirs):
        short, long = sorted((mine, other), key=len)
        if mine == other or (short and set(short) <= set(long) and 2 * len(short) >= len(long)):
            return True
    return False
