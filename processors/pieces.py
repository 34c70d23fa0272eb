"""Words as pieces that the encoder knows: BERT's WordPiece (Schuster and Nakajima 2012)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_LONGEST_WORD = 40
"""Characters; what is longer is nothing that the encoder has met as a word."""
_REMEMBERED = 50_000
"""Words whose pieces are kept, at most."""
_NAME_WORD = re.compile(r"[^\W_]+|\S")

UNKNOWN = "[UNK]"


class Pieces:
    """The vocabulary, and how words are cut into it: the longest piece first, accents dropped."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self.ids = {piece: number for number, piece in enumerate(vocabulary)}
        self._unknown = [self.ids[UNKNOWN]]
        self._known: dict[str, list[int]] = {}

    @classmethod
    def load(cls, path: Path) -> Pieces:
        """Read a vocabulary: a piece a line, its number the line's."""
        return cls(path.read_text("utf-8").splitlines())

    def of(self, word: str) -> list[int]:
        """Return the numbers of the pieces of one word."""
        found = self._known.get(word)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[word] = self._cut(plain(word))
        return found

    def of_text(self, text: str, most: int) -> list[int]:
        """Return at most so many pieces of a name of several words."""
        found: list[int] = []
        for word in _NAME_WORD.findall(text):
            found += self.of(word)
            if len(found) >= most:
                break
        return found[:most]

    def _cut(self, word: str) -> list[int]:
        found: list[int] = []
        at = 0
        if len(word) > _LONGEST_WORD:
            return self._unknown
        while at < len(word):
            for end in range(len(word), at, -1):
                number = self.ids.get(word[at:end] if at == 0 else f"##{word[at:end]}")
                if number is not None:
                    found.append(number)
                    at = end
                    break
            else:
                return self._unknown
        return found


def plain(word: str) -> str:
    """Return a word in lower case without accents, as the vocabulary has it.

    >>> plain("Société")
    'societe'
    """
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFD", word.lower())
    return "".join(c for c in apart if unicodedata.category(c) != "Mn")
