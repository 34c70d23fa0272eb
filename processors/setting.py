"""Which dollar, franc or crown a bare one is: what the article tells of its country."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from functools import cache, cached_property

import ahocorasick_rs

from processors import lexicon

_OPENING = 400
"""Cues in the first so many characters count twice: a headline and a dateline tell most."""
_CHARS_PER_CUE = 300
_CUES = 3
"""Another country than the usual one needs a cue every so many characters, or so many."""
_SHARED = ("NOK", "SEK", "XOF", "DZD", "MXN")
"""Names that several countries share, none of them the usual one: a single cue is enough."""
_CONTRAST = 5
"""What an explicit "US$" counts against the bare dollar's being one."""

_BRACKET = 60
"""How far behind an amount its value in another currency may follow in brackets, in characters."""
_RARE = 3
"""So many bare dollars for each that says whose it is: the first ones only set the tone."""

_BESIDE = 1
"""What a cue in the paragraph itself counts on top."""
_PARAGRAPH = 600
"""How far a paragraph may reach to either side, in characters."""

_SIGN = 4
"""The longest sign of a dollar that says whose it is."""

_BARE_DOLLAR = re.compile(r"(?<![a-z])\$")

Vote = tuple[str, str]
"""What may mean something else, and what it means then; "" for dollars that say whose they are."""


class _Cues:
    """The cues of all currencies, looked for in one pass."""

    def __init__(self) -> None:
        table = lexicon.table("currencies")
        votes: defaultdict[str, list[Vote]] = defaultdict(list)
        for base, others in table["settings"].items():
            for other, cues in others.items():
                for cue in cues:
                    votes[cue].append((base, other))
        for base, others in table["fallbacks"].items():
            for other, cues in others.items():
                for cue in cues:
                    votes[cue].append((base + "?", other))
        for code, cues in table["contrasts"].items():
            for cue in cues:
                votes[cue].append(("", code))
        self._votes = list(votes.values())
        self._open = [cue.endswith("*") for cue in votes]
        patterns = [cue.removesuffix("*") for cue in votes]
        self._engine = ahocorasick_rs.AhoCorasick(patterns, store_patterns=False)

    def find(self, low_text: str) -> list[tuple[int, list[Vote]]]:
        """Return where the cues stand and what each votes for, in the order of the text."""
        found = []
        for cue, start, end in self._engine.find_matches_as_indexes(low_text, overlapping=True):
            if low_text[start].isalnum() and low_text[start - 1 : start].isalnum():
                continue
            after = "" if self._open[cue] else low_text[end : end + 1]
            if low_text[end - 1].isalnum() and after.isalnum():
                continue
            found.append((start, self._votes[cue]))
        return sorted(found, key=_start)


def _start(hit: tuple[int, list[Vote]]) -> int:
    return hit[0]


@cache
def _cues() -> _Cues:
    return _Cues()


class Setting:
    """What one article, in lower case, means by codes with a question mark."""

    def __init__(self, low_text: str) -> None:
        self._low_text = low_text

    @cached_property
    def _hits(self) -> list[tuple[int, list[Vote]]]:
        return _cues().find(self._low_text)

    @cached_property
    def _weights(self) -> dict[str, Counter[str]]:
        """What the whole article says, by code with a question mark."""
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for start, votes in self._hits:
            for base, other in votes:
                found[base][other] += 2 if base and start < _OPENING else 1
        for other, marks in found[""].items():
            once = other == self._opener and (marks == 1 or _RARE * marks <= self._bare)
            once = once and found["USD"][other] > found["USD"]["USD"]
            found["USD"][other] += _CONTRAST if once else -_CONTRAST * marks
        return found

    @cached_property
    def _bare(self) -> int:
        """How many dollars do not say whose they are."""
        return len(_BARE_DOLLAR.findall(self._low_text))

    @cached_property
    def _opener(self) -> str:
        """The dollar that the first sign of the article names: the bare ones after it are such."""
        first = self._low_text.find("$")
        if self._low_text.find("($", first, first + _BRACKET) > 0:  # the same in USD follows
            return ""
        marks = (
            other
            for start, votes in self._hits
            if start <= first <= start + _SIGN
            for base, other in votes
            if not base
        )
        return next(marks, "")

    def settle(self, code: str, at: int = 0) -> str:
        """Return what a code at `at` means; one without a question mark means itself."""
        base = code.rstrip("?")
        if base == code:
            return code
        weights = Counter(self._weights[base])
        if not weights and self._weights[code]:
            return max(self._weights[code])
        needed = 1 if base in _SHARED else min(_CUES, len(self._low_text) // _CHARS_PER_CUE)
        for _, votes in self._beside(at):
            for of, other in votes:
                if of == base:
                    weights[other] += _BESIDE
        others = [other for other in weights if other != base]
        best = max(others, key=lambda other: weights[other], default=base)
        return best if weights[best] >= max(weights[base] + 1, needed) else base

    def _beside(self, at: int) -> list[tuple[int, list[Vote]]]:
        """Return the cues in the paragraph of `at`."""
        start = self._low_text.rfind("\n", max(0, at - _PARAGRAPH), at)
        start = max(0, at - _PARAGRAPH) if start < 0 else start
        end = self._low_text.find("\n", at, at + _PARAGRAPH)
        end = at + _PARAGRAPH if end < 0 else end
        first = bisect_left(self._hits, start, key=_start)
        return self._hits[first : bisect_left(self._hits, end, first, key=_start)]
