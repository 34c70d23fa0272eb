"""What on the page is article and what is furniture: menus, related links, author boxes."""

from __future__ import annotations

import re

from processors import lexicon

_LINE = re.compile(r"[^\n]+")
_PROSE = re.compile(r"[.!?…][\"')\]]*\s*$")
_LONG = 140
"""A line of so many characters that ends like a sentence is prose, whatever came before."""


class Boilerplate:
    """Masks the furniture of pages in one language; the openings of such lines are in lists."""

    def __init__(self, language: str) -> None:
        lines = sorted(lexicon.words(f"{language}/boilerplate_lines"))
        blocks = sorted(lexicon.words(f"{language}/boilerplate_blocks"))
        self._lines, self._blocks = tuple(lines), tuple(blocks)

    def kept(self, text: str, low_text: str) -> list[tuple[int, int]]:
        """Return the [start, end) spans of `text` that are article, in order.

        A line that opens like furniture is dropped; one that opens a block of furniture takes
        the lines after it along, up to the next prose.
        """
        spans: list[tuple[int, int]] = []
        blocked = False
        for match in _LINE.finditer(text):
            start, end = match.span()
            opening = low_text[start : start + 60].lstrip(" -–—•·*[(>→|#_+")
            if opening.startswith(self._blocks):
                blocked = len(opening.rstrip()) < 45 or end - start < 60
                continue
            if opening.startswith(self._lines) or text.count("|", start, end) > 2:
                continue
            if blocked and not (
                end - start > _LONG and _PROSE.search(text, max(start, end - 20), end)
            ):
                continue
            blocked = False
            if text.count("·", start, end) > 3 or text.count(" > ", start, end) > 1:
                continue
            spans.append((start, end))
        return spans
