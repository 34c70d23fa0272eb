"""Which of our languages a text is in, by the small words that no text can do without."""

from __future__ import annotations

import re

from processors.lexicon import table

_SAMPLE = 1500
"""Characters looked at: a language shows in far fewer."""
_LEAST = 0.06
"""Share of small words below which a text is in none of these languages."""

_SMALL = {name: frozenset(words.split()) for name, words in table("function_words").items()}

_WORD = re.compile(r"[^\W\d_]+")


def identify(low_text: str, known: tuple[str, ...]) -> str | None:
    """Return the language of a text in lower case when it is one of `known`, else None.

    >>> identify("le groupe a cédé sa filiale à un fonds", ("en", "fr"))
    'fr'
    """
    sample = _WORD.findall(low_text[:_SAMPLE])
    counts = {name: sum(map(small.__contains__, sample)) for name, small in _SMALL.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if best in known and counts[best] >= max(1, _LEAST * len(sample)) else None
