"""Tables whose keys are a few tokens in a row, and the longest entry at a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from processors.text import tokens


class Phrases:
    """Entries by their tokens, in lower case unless told otherwise."""

    def __init__(self, words: Mapping[str, Any], fold: bool = True) -> None:
        self._entries: dict[tuple[str, ...], Any] = {}
        self._lengths: dict[str, list[int]] = {}
        self.lasts: set[str] = set()
        """The tokens that an entry ends with."""
        for word, value in words.items():
            key = tuple(t.low if fold else t.text for t in tokens(word, 0, len(word)))
            self._entries[key] = value
            self.lasts.add(key[-1])
            lengths = self._lengths.setdefault(key[0], [])
            lengths[:] = sorted({*lengths, len(key)}, reverse=True)

    def firsts(self) -> Iterator[str]:
        """Yield the tokens that an entry begins with."""
        return iter(self._lengths)

    def get(self, words: Sequence[str]) -> Any:
        """Return the entry of exactly these words, or None."""
        return self._entries.get(tuple(words))

    def longest(self, words: Sequence[str], at: int) -> tuple[int, Any]:
        """Return how many of `words` from `at` on make an entry, and the entry; 0: none do."""
        if at < len(words):
            for length in self._lengths.get(words[at], ()):
                key = tuple(words[at : at + length])
                if len(key) == length and key in self._entries:
                    return length, self._entries[key]
        return 0, None
