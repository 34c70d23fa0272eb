"""What a small transformer thinks of each sentence, in the context of its neighbours."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from processors.encoder import Encoder
from processors.heads import Heads, Scores, Worth, always
from processors.pieces import Pieces
from processors.view import View
from processors.windows import Windows, candidates


class Context:
    """The transformer, from a folder with its files (`processors.training` writes them)."""

    def __init__(self, model: Path) -> None:
        self._windows = Windows(Pieces.load(model / "pieces.txt"))
        self._encoder = Encoder(model)
        self._heads = Heads.load(model / "heads.npz")

    def scores(
        self, view: View, wanted: Collection[int], worth: Worth = always
    ) -> dict[int, Scores]:
        """Return the scores by sentence, at least of the sentences `wanted`.

        Parts and prices are looked at only in the sentences of which `worth` says so.
        """
        if not wanted:
            return {}
        rows = self._windows.rows(view)[: max(wanted) + 1]
        chosen = [
            window
            for window in self._windows.cut(rows)
            if any(window.sentences[at] in wanted for at in window.owned)
        ]
        found: dict[int, Scores] = {}
        for window in chosen:
            vectors = self._encoder.encode(window.ids)
            found |= self._heads.scores(window, vectors, candidates(view, window), worth)
        return found
