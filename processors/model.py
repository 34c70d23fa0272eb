"""Linear models over hashed features: a row of weights a feature, a column a class."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

BITS = 18
_MASK = (1 << BITS) - 1

Floats = NDArray[np.float32]


def column(feature: str) -> int:
    """Return the number of a feature; CRC-32, because Python's own hash changes every run."""
    return crc32(feature.encode("utf-8", "ignore")) & _MASK


def columns(features: Iterable[str]) -> list[int]:
    """Return the numbers of the features of one instance, each once."""
    return list({column(feature) for feature in features})


class Linear:
    """A logistic model: softmax over its classes, or one yes-or-no a class when `single` is false.

    Only the rows that training has seen are stored.
    """

    def __init__(
        self,
        classes: Sequence[str],
        rows: NDArray[np.int32],
        weights: Floats,
        bias: Floats,
        single: bool,
    ) -> None:
        self.classes = tuple(classes)
        self.single = single
        self.bias = bias.astype(np.float32)
        self.rows = rows
        self.stored = weights
        self._index = np.zeros(1 << BITS, dtype=np.int32)
        self._index[rows] = np.arange(1, len(rows) + 1, dtype=np.int32)
        blank = np.zeros((1, len(self.bias)), dtype=np.float32)
        self._weights = np.vstack([blank, weights.astype(np.float32)])

    def scores(self, features: Iterable[str]) -> Floats:
        """Return the probability of each class."""
        found: Floats = self._weights[self._index[columns(features)]].sum(axis=0) + self.bias
        if not self.single:
            return np.asarray(1 / (1 + np.exp(-np.clip(found, -30, 30))), dtype=np.float32)
        found = np.exp(found - found.max())
        return np.asarray(found / found.sum(), dtype=np.float32)

    def best(self, features: Iterable[str]) -> tuple[str, float]:
        """Return the likeliest class and its probability."""
        scores = self.scores(features)
        if len(scores) == 1:
            return self.classes[int(scores[0] < 0.5)], float(max(scores[0], 1 - scores[0]))
        index = int(scores.argmax())
        return self.classes[index], float(scores[index])


def save(path: Path, models: dict[str, Linear]) -> None:
    """Write models to one .npz file (numbers and JSON only: loading runs no code)."""
    heads = {name: {"classes": m.classes, "single": m.single} for name, m in models.items()}
    arrays: dict[str, NDArray[np.generic]] = {
        "heads": np.frombuffer(json.dumps(heads, sort_keys=True).encode(), dtype=np.uint8)
    }
    for name, model in models.items():
        arrays[f"{name}.rows"] = model.rows
        arrays[f"{name}.weights"] = model.stored.astype(np.float16)
        arrays[f"{name}.bias"] = model.bias
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load(path: Path) -> dict[str, Linear]:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        heads = json.loads(file["heads"].tobytes())
        return {
            name: Linear(
                head["classes"],
                file[f"{name}.rows"],
                file[f"{name}.weights"],
                file[f"{name}.bias"],
                head["single"],
            )
            for name, head in heads.items()
        }
