"""Words that make an amount about, at least or at most: "près de", "more than", "or so"."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

_BEFORE = 40
_AFTER = 24
"""How far from the amount its hedge may stand, in characters."""

_KEY = 2
"""By how many characters hedges are looked up; there are shorter ones, of one."""

_OPENING = ' (":-–—,'

Bound = Literal["", "more", "less"]


class Hedge(NamedTuple):
    """What the words around an amount say of it; `start` and `end` include those words."""

    approx: bool
    bound: Bound
    start: int
    end: int


class _Table:
    """Hedges by the end that touches the amount, the longest first."""

    def __init__(self, lists: dict[str, list[str]], suffix: str, key: slice) -> None:
        self._key = key
        self._words: dict[str, list[tuple[str, str]]] = {}
        kinds = ("none", "approx", "more", "less")
        pairs = [(word, kind) for kind in kinds for word in lists.get(kind + suffix, ())]
        for word, kind in sorted(pairs, key=lambda pair: -len(pair[0])):
            self._words.setdefault(word[key], []).append((word, kind))

    def like(self, text: str) -> list[tuple[str, str]]:
        """Return the hedges that `text` may end or begin with."""
        edge = text[self._key]
        shorter = edge[-1:] if self._key.stop is None else edge[:1]
        return self._words.get(edge, []) + self._words.get(shorter, [])


class Hedges:
    """The hedges of one language; `table` is its money.toml."""

    def __init__(self, table: dict[str, Any]) -> None:
        lists: dict[str, list[str]] = table["hedges"]
        self._before = _Table(lists, "", slice(-_KEY, None))
        self._after = _Table(lists, "_after", slice(_KEY))
        self._fillers = tuple(f" {word}" for word in table["fillers"]["before"])

    def around(self, low_text: str, start: int, end: int) -> Hedge:
        """Return the hedge of the amount at `low_text[start:end]`, the text being in lower case."""
        first = max(0, start - _BEFORE)
        before = low_text[first:start].rstrip(_OPENING)
        kind, word = self._ending(before)
        if not kind:
            before = next((before[: -len(f)] for f in self._fillers if before.endswith(f)), "")
            kind, word = self._ending(before)
        approx, bound = kind == "approx", kind
        if kind:
            start = first + len(before) - len(word)
        rest = low_text[end : end + _AFTER]
        after = rest.lstrip(" ")
        for word, kind in self._after.like(after):
            if after.startswith(word) and not after[len(word) : len(word) + 1].isalnum():
                approx, bound = approx or kind == "approx", bound or kind
                end += len(rest) - len(after) + len(word)
                break
        side: Bound = "more" if bound == "more" else "less" if bound == "less" else ""
        return Hedge(approx, side, start, end)

    def _ending(self, before: str) -> tuple[str, str]:
        """Return the kind of the hedge that a text ends with, and its words."""
        for word, kind in self._before.like(before):
            if before.endswith(word) and not before[-len(word) - 1 : -len(word)].isalnum():
                return kind, word
        return "", ""
