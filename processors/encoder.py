"""Pieces in context: a small transformer (MiniLM, Wang et al. 2020), tuned on our corpus, in int8.

The table of piece vectors is ours to look up; the layers run in ONNX Runtime. What it was tuned
from and under which licence: data/model/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_EPSILON = 1e-12
_MASKED = -1e4
_AT_ONCE = 2_000
"""Pieces that run through the layers in one call, padding included: bounds the memory."""


class Encoder:
    """Turns windows of pieces into a vector a piece. One thread: workers are the parallelism."""

    def __init__(self, path: Path) -> None:
        """Load `encoder.onnx` and `pieces.npz` of a folder."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._layers = onnxruntime.InferenceSession(
            str(path / "encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )
        with np.load(path / "pieces.npz", allow_pickle=False) as file:
            self._vectors: NDArray[np.int8] = file["vectors"]
            self._scales: Floats = file["scales"]
            self._positions: Floats = file["positions"].astype(np.float32)
            self._norm: tuple[Floats, Floats] = (file["norm_weight"], file["norm_bias"])

    def encode(self, windows: Sequence[Sequence[int]]) -> list[Floats]:
        """Return one array (pieces, width) a window, in order."""
        found: list[Floats] = [np.zeros((0, 0), np.float32)] * len(windows)
        for group in _groups([len(window) for window in windows]):
            longest = max(len(windows[index]) for index in group)
            ids = np.zeros((len(group), longest), np.int64)
            mask = np.full((len(group), 1, 1, longest), _MASKED, np.float32)
            for row, index in enumerate(group):
                size = len(windows[index])
                ids[row, :size] = windows[index]
                mask[row, 0, 0, :size] = 0
            (layers,) = self._layers.run(None, {"x": self._embed(ids), "mask": mask})
            for row, index in enumerate(group):
                found[index] = layers[row, : len(windows[index])]
        return found

    def _embed(self, ids: NDArray[np.int64]) -> Floats:
        rows = self._vectors[ids].astype(np.float32) * self._scales[ids][..., None]
        rows += self._positions[: ids.shape[1]]
        rows -= rows.mean(-1, keepdims=True)
        rows /= np.sqrt((rows * rows).mean(-1, keepdims=True) + _EPSILON)
        weight, bias = self._norm
        return np.asarray(rows * weight + bias, dtype=np.float32)


def _groups(lengths: Sequence[int]) -> list[list[int]]:
    """Return indices in groups of about one length, each bounded with its padding."""
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if groups and (len(groups[-1]) + 1) * lengths[index] <= _AT_ONCE:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups
