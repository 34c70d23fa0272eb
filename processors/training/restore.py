"""The shipped network in torch again, for training that goes on where the last one stopped."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from processors.training.net import WIDTH, Layer, Net

_A_LAYER = 16
"""Constants of a layer of `export.graph`: weights and biases, from q and k to the last norm."""


def restore(folder: Path) -> tuple[Net, list[str]]:
    """Return the network of a model folder and its vocabulary: what `export.write` wrote.

    Weights come back as int8 left them. Raises KeyError when it was written for another network.
    """
    words = (folder / "pieces.txt").read_text("utf-8").splitlines()
    constants = _constants(folder / "encoder.onnx")
    net = Net(len(words), len(constants) // _A_LAYER)
    with torch.no_grad():
        _fill_pieces(net, folder)
        for depth, layer in enumerate(net.layers):
            assert isinstance(layer, Layer)
            some = [constants[depth * _A_LAYER + n] for n in range(_A_LAYER)]
            layer.qkv.weight.copy_(torch.cat([some[0].T, some[2].T, some[4].T]))
            layer.qkv.bias.copy_(torch.cat([some[1], some[3], some[5]]))
            for at, module in ((6, layer.out), (10, layer.deep), (12, layer.back)):
                module.weight.copy_(some[at].T)
                module.bias.copy_(some[at + 1])
            for at, norm in ((8, layer.norm1), (14, layer.norm2)):
                norm.weight.copy_(some[at])
                norm.bias.copy_(some[at + 1])
        _fill_heads(net.heads, folder)
    return net, words


def _constants(path: Path) -> list[Tensor]:
    """Return the constants c0, c1, ... of `export.graph`, those in int8 as numbers again."""
    raw = {c.name: numpy_helper.to_array(c) for c in onnx.load(path).graph.initializer}
    numbers = {int(match[1]) for name in raw if (match := re.match(r"c(\d+)(_|$)", name))}
    found = []
    for number in sorted(numbers):
        name = f"c{number}"
        if name in raw:
            values = raw[name]
        else:
            zero = raw[f"{name}_zero_point"].astype(np.float32)
            values = (raw[f"{name}_quantized"].astype(np.float32) - zero) * raw[f"{name}_scale"]
        found.append(torch.from_numpy(np.array(values, np.float32)))
    return found


def _fill_pieces(net: Net, folder: Path) -> None:
    with np.load(folder / "pieces.npz", allow_pickle=False) as file:
        scaled = file["vectors"].astype(np.float32) * file["scales"][:, None]
        net.word.weight.copy_(torch.from_numpy(scaled))
        net.position.weight.copy_(torch.from_numpy(file["positions"].astype(np.float32)))
        net.kind.copy_(torch.zeros(WIDTH))  # written as a part of the positions
        net.norm.weight.copy_(torch.from_numpy(file["norm_weight"]))
        net.norm.bias.copy_(torch.from_numpy(file["norm_bias"]))


def _fill_heads(heads: nn.Module, folder: Path) -> None:
    with np.load(folder / "heads.npz", allow_pickle=False) as file:
        known = {name: torch.from_numpy(file[name].astype(np.float32)) for name in file.files}
    for name, module in heads.named_modules():
        if isinstance(module, nn.Embedding):
            module.weight.copy_(known[name])
        elif isinstance(module, nn.Linear) and module.bias is None:
            module.weight.copy_(known[name].T)
        elif isinstance(module, nn.Linear):
            module.weight.copy_(known[f"{name}.weight"].T)
            module.bias.copy_(known[f"{name}.bias"])
