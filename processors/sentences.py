"""Sentences, and which of them are headings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from processors.text import Token, tokens

_STOP = re.compile(r"[.!?…][\"')\]]{0,4}\s+(?=[\"'(\[«–—-]*\s?[^\W_a-zà-öø-ÿ])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'.])(?:[A-Z]|MM?|Mr?s?|Dr|St|Ste|Inc|Corp|Ltd|Co|Cie|No|Nos|n°|vs|approx|Jan|Feb|Mar|Apr|Jun|Jul|"
    r"Aug|Sept?|Oct|Nov|Dec|Gen|Sen|Rep|Gov|Prof|Rs|Fr|SFr|janv|févr|sept|oct|nov|déc|av|art|cf|etc|Bros|Jr|Sr|"
    r"U\.S|U\.K|N\.A|N\.V|S\.A|B\.V|S\.p\.A|e\.g|i\.e)\.$"
)
_WRAPPED = 58
"""A line at least so long that does not end like a sentence goes on in the next one."""
_LONGEST = 1500
"""Longest sentence in characters; text without any full stop is cut there."""
_HEADING = 110


class Sentence(NamedTuple):
    """`text[start:end]`; a heading is a short line by itself without a full stop."""

    start: int
    end: int
    tokens: list[Token]
    heading: bool


def split(text: str, kept: Iterable[tuple[int, int]]) -> list[Sentence]:
    """Return the sentences of the kept lines of a normalised text, in order."""
    found: list[Sentence] = []
    for start, end in _unwrapped(text, kept):
        pieces = list(_pieces(text, start, end))
        for begin, stop in pieces:
            heading = (
                len(pieces) == 1 and stop - begin < _HEADING and text[stop - 1] not in ".…;,\"')"
            )
            words = tokens(text, begin, stop)
            if any(word.text[0].isalpha() for word in words):  # rules and brackets say nothing
                found.append(Sentence(begin, stop, words, heading))
    return found


def _unwrapped(text: str, kept: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join the lines of a paragraph that was printed in a column."""
    joined: list[tuple[int, int]] = []
    for start, end in kept:
        if joined:
            first, last = joined[-1]
            line = text[max(first, text.rfind("\n", first, last) + 1) : last].rstrip()
            if (
                start == last + 1
                and len(line) >= _WRAPPED
                and line[-1] not in ".!?:…\"'"
                and len(line) < 100
            ):
                joined[-1] = (first, end)
                continue
        joined.append((start, end))
    return joined


def _pieces(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    begin = start
    for match in _STOP.finditer(text, start, end):
        stop = match.end()
        dot = text.find(".", match.start(), stop)
        if dot >= 0 and _ABBREVIATION.search(text, max(0, dot - 12), dot + 1):
            continue
        yield from _cut(text, begin, stop)
        begin = stop
    yield from _cut(text, begin, end)


def _cut(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    """Strip a piece, and cut what is too long to be a sentence."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > _LONGEST:
        yield start, start + _LONGEST
        start += _LONGEST
    if start < end:
        yield start, end
