"""An article cut where its marks begin and end, so that each piece is shown in one way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from processors.explanation import Explanation, Mark

_CONTROLS = {
    **dict.fromkeys((*range(32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}"),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}"),
    0x09: " ",
    0x0A: "\n",
    0x0D: " ",
}
"""What would move the cursor, colour the screen or turn the direction of writing around."""


class Piece(NamedTuple):
    """`text` from `start`, under these marks, told by these deals (from 1) or `doubted` ones."""

    start: int
    text: str
    marks: tuple[Mark, ...]
    deals: tuple[int, ...]
    doubted: bool


def harmless(text: str) -> str:
    """Return text in which nothing commands a terminal or a browser, of the same length.

    >>> harmless("a\x1b[31mb\u202ec")
    'a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}c'
    """
    return text.translate(_CONTROLS)


def pieces(explanation: Explanation) -> Iterator[Piece]:
    """Yield the whole text, piece by piece; time grows with the text and the number of marks."""
    opens: dict[int, list[Mark | int | None]] = {}
    closes: dict[int, list[Mark | int | None]] = {}

    def span(start: int, end: int, what: Mark | int | None) -> None:
        opens.setdefault(start, []).append(what)
        closes.setdefault(end, []).append(what)

    for mark in explanation.marks:
        span(mark.start, mark.end, mark)
    for number, deal in enumerate(explanation.deals, 1):
        for evidence in deal.event.evidence:
            span(evidence.start, evidence.end, number)
    for told in explanation.doubted:
        span(told.sentence.start, told.sentence.end, None)
    text, at = explanation.text, 0
    open_: list[Mark | int | None] = []
    for edge in sorted({*opens, *closes, len(text)}):
        if edge > at:
            yield Piece(
                at,
                harmless(text[at:edge]),
                tuple(one for one in open_ if isinstance(one, Mark)),
                tuple(sorted({one for one in open_ if isinstance(one, int)})),
                None in open_,
            )
            at = edge
        for what in closes.get(edge, ()):
            open_.remove(what)
        open_ += opens.get(edge, [])
