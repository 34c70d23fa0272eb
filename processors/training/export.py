"""The trained network as the reader loads it: layers in ONNX, int8; the rest in numpy files."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from processors.training.net import WIDTH, Layer, Net

_HEADS = 12
_OPSET = 20
_IR = 9
_RUNTIME = "com.microsoft"


class _Graph:
    """An ONNX graph as it grows."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        product = self.add("MatMul", x, self.constant(weight.T))
        return self.add("Add", product, self.constant(bias))

    def norm(self, x: str, module: torch.nn.LayerNorm) -> str:
        weight, bias = (self.constant(_numpy(t)) for t in (module.weight, module.bias))
        return self.add("LayerNormalization", x, weight, bias, epsilon=1e-12, axis=-1)


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return np.asarray(tensor.detach().float().numpy())


def graph(net: Net) -> onnx.ModelProto:
    """Return the layers: x (1, pieces, width) in, y of the same shape out; no padding."""
    g = _Graph()
    x = "x"
    for layer in net.layers:
        assert isinstance(layer, Layer)
        weights = _numpy(layer.qkv.weight).reshape(3, WIDTH, WIDTH)
        biases = _numpy(layer.qkv.bias).reshape(3, WIDTH)
        three = [g.linear(x, weight, bias) for weight, bias in zip(weights, biases, strict=True)]
        # One operator of ONNX Runtime's own; without a mask it goes through the keys in blocks.
        seen = g.add("MultiHeadAttention", *three, domain=_RUNTIME, num_heads=_HEADS)
        seen = g.linear(seen, _numpy(layer.out.weight), _numpy(layer.out.bias))
        x = g.norm(g.add("Add", x, seen), layer.norm1)
        deep = g.add("Gelu", g.linear(x, _numpy(layer.deep.weight), _numpy(layer.deep.bias)))
        back = g.linear(deep, _numpy(layer.back.weight), _numpy(layer.back.bias))
        x = g.norm(g.add("Add", x, back), layer.norm2)
    g.nodes.append(helper.make_node("Identity", [x], ["y"]))
    kind = TensorProto.FLOAT
    model = helper.make_model(
        helper.make_graph(
            g.nodes,
            "encoder",
            [helper.make_tensor_value_info("x", kind, [1, "pieces", WIDTH])],
            [helper.make_tensor_value_info("y", kind, [1, "pieces", WIDTH])],
            g.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_RUNTIME, 1)],
    )
    model.ir_version = _IR
    onnx.checker.check_model(model)
    return model


def write(net: Net, vocabulary: list[str], folder: Path) -> None:
    """Write encoder.onnx, pieces.npz, pieces.txt and heads.npz."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        whole = Path(place) / "whole.onnx"
        onnx.save(graph(net), str(whole))
        # Seven bits: with eight, processors without VNNI add two products into 16 bits and cut off
        # what is too large for them, and one model reads differently from machine to machine.
        quantize_dynamic(
            whole,
            folder / "encoder.onnx",
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            # Of its own operator it does not know the type of what comes out.
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
    vectors = _numpy(net.word.weight)
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-8).astype(np.float32) / 127
    np.savez_compressed(
        folder / "pieces.npz",
        vectors=np.round(vectors / scales[:, None]).astype(np.int8),
        scales=scales,
        positions=_numpy(net.position.weight + net.kind).astype(np.float16),
        norm_weight=_numpy(net.norm.weight),
        norm_bias=_numpy(net.norm.bias),
    )
    (folder / "pieces.txt").write_text("".join(f"{p}\n" for p in vocabulary), "utf-8")
    weights = {}
    for name, module in net.heads.named_modules():
        if isinstance(module, torch.nn.Embedding):
            weights[name] = _numpy(module.weight).astype(np.float16)
        elif isinstance(module, torch.nn.Linear) and module.bias is None:
            weights[name] = _numpy(module.weight.T).astype(np.float16)
        elif isinstance(module, torch.nn.Linear):
            weights[f"{name}.weight"] = _numpy(module.weight.T).astype(np.float16)
            weights[f"{name}.bias"] = _numpy(module.bias)
    np.savez_compressed(folder / "heads.npz", allow_pickle=False, **weights)
