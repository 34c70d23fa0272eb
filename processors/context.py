"""What a small transformer thinks of each sentence, in the context of its neighbours."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from processors.encoder import Encoder
from processors.heads import Heads, Scores
from processors.pieces import Pieces
from processors.view import View
from processors.windows import Windows, candidates


class Context:
    """The transformer, from a folder with its files (`processors.training` writes them)."""

    def __init__(self, model: Path) -> None:
        self._windows = Windows(Pieces.load(model / "pieces.txt"))
        self._encoder = Encoder(model)
        self._heads = Heads.load(model / "heads.npz")

    def scores(self, view: View, wanted: Collection[int]) -> dict[int, Scores]:
        """Return the scores by sentence, at least of the sentences `wanted`."""
        if not wanted:
            return {}
        rows = self._windows.rows(view)[: max(wanted) + 1]
        chosen = [
            window
            for window in self._windows.cut(rows)
            if any(window.sentences[at] in wanted for at in window.owned)
        ]
        vectors = self._encoder.encode([window.ids for window in chosen])
        found: dict[int, Scores] = {}
        for window, some in zip(chosen, vectors, strict=True):
            found |= self._heads.scores(window, some, candidates(view, window))
        return found
