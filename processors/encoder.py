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
_SLOW = "SkipLayerNormFusion"
"""What ONNX Runtime makes of an addition and a normalization takes six times as long as the two."""


class Encoder:
    """Turns windows of pieces into a vector a piece. One thread: workers are the parallelism."""

    def __init__(self, path: Path) -> None:
        """Load `encoder.onnx` and `pieces.npz` of a folder."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._layers = onnxruntime.InferenceSession(
            str(path / "encoder.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=[_SLOW],
        )
        with np.load(path / "pieces.npz", allow_pickle=False) as file:
            self._vectors: NDArray[np.int8] = file["vectors"]
            self._scales: Floats = file["scales"]
            self._positions: Floats = file["positions"].astype(np.float32)
            self._norm: tuple[Floats, Floats] = (file["norm_weight"], file["norm_bias"])

    def encode(self, window: Sequence[int]) -> Floats:
        """Return an array (pieces, width).

        One window at a time: in one thread a batch gains nothing, and costs padding and a mask.
        """
        (found,) = self._layers.run(None, {"x": self._embed(np.asarray(window))[None]})
        return np.asarray(found[0], np.float32)

    def _embed(self, ids: NDArray[np.int64]) -> Floats:
        rows = self._vectors[ids].astype(np.float32) * self._scales[ids][:, None]
        rows += self._positions[: len(ids)]
        rows -= rows.mean(-1, keepdims=True)
        rows /= np.sqrt((rows * rows).mean(-1, keepdims=True) + _EPSILON)
        weight, bias = self._norm
        return np.asarray(rows * weight + bias, dtype=np.float32)
