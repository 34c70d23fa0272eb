"""Text as the reader sees it: the same length as the article, so that every offset holds."""

from __future__ import annotations

import re
from typing import NamedTuple

_PLAIN = {
    **dict.fromkeys(
        "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "
    ),
    **dict.fromkeys("\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff\t\r\x0b\x0c\x85", " "),
    **dict.fromkeys("\u2018\u2019\u02bc\u00b4\u2032", "'"),
    **dict.fromkeys("\u2010\u2011\u2212\u00ad", "-"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2028\u2029", "\n"),
    **{chr(code): " " for code in range(0xD800, 0xE000)},  # lone halves of a character: no text
}
_TABLE = str.maketrans(_PLAIN)

_WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|\S")
"""No alternative can begin where another does, so this is linear (and ten times re2's speed)."""


class Token(NamedTuple):
    """A word, a number or a sign; `start` and `end` count code points of the article."""

    start: int
    end: int
    text: str
    low: str


def normalise(text: str) -> str:
    """Return `text` with one kind of space, apostrophe, hyphen and quotation mark, one to one.

    >>> normalise("l\u2019offre de 4\u202f000\u00a0€")
    "l'offre de 4 000 €"
    """
    return (
        text if text.isascii() and "\t" not in text and "\r" not in text else text.translate(_TABLE)
    )


def lower(text: str) -> str:
    """Return `text` in lower case with the length unchanged, which str.lower does not promise.

    >>> len("İ".lower()), len(lower("İ"))
    (2, 1)
    """
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def tokens(text: str, start: int, end: int) -> list[Token]:
    """Return the words, numbers and signs of `text[start:end]`.

    >>> [token.text for token in tokens("L'offre vaut 4,5 M€.", 0, 20)]
    ['L', "'", 'offre', 'vaut', '4,5', 'M', '€', '.']
    """
    found = []
    for match in _WORD.finditer(text[start:end]):
        word = match.group()
        found.append(Token(start + match.start(), start + match.end(), word, word.lower()))
    return found
