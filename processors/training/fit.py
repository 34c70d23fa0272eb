"""Fitting the network: AdamW (Loshchilov and Hutter 2019) with names changed as it goes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from processors.pieces import Pieces
from processors.training.batches import batch, groups, items_of
from processors.training.examples import Example
from processors.training.net import Net
from processors.windows import Windows

_PIECES = 1300
"""Pieces of a batch, padding included."""
_ENCODER_RATE = 1.2e-4
_HEADS_RATE = 1e-3
_WARM = 0.06
_DECAY = 0.01
_RENAMED = 0.35
_NAMELESS = 0.15
_EACH = 0.7
"""How often a text gets other names, or none, and how many of its names change then."""
_WEIGHTS = {"types": 1.0, "roles": 0.7, "pairs": 0.3, "money": 0.5}
_STATUS = 0.3
_SMOOTH = 0.05
_SCALE = 40 / _PIECES


def fit(
    net: Net,
    pieces: Pieces,
    rounds: Sequence[Sequence[Example]],
    seed: int,
    say: Callable[[str], None],
    pace: float = 1.0,
) -> None:
    """Train the network in place: one pass over the examples of each of the `rounds`.

    `pace` scales how fast it learns; less than one for a network that has learned already.
    """
    torch.manual_seed(seed)
    dice = random.Random(seed)  # noqa: S311 - a fixed order, no secret
    windows = Windows(pieces)
    names = _names(example for some in rounds for example in some)
    encoder = [p for name, p in net.named_parameters() if not name.startswith("heads.")]
    optimizer = torch.optim.AdamW(
        [
            {"params": encoder, "lr": pace * _ENCODER_RATE},
            {"params": list(net.heads.parameters()), "lr": pace * _HEADS_RATE},
        ],
        weight_decay=_DECAY,
        fused=True,
    )
    rates = [group["lr"] for group in optimizer.param_groups]
    steps, total, start = 0, 0, time.monotonic()
    net.train()
    for epoch, some in enumerate(rounds):
        items = [
            item
            for example in some
            for item in items_of(
                example, windows.cut(windows.rows(example.view, _renamed(example, names, dice)))
            )
        ]
        bundles = groups(items, _PIECES, dice)
        total = total or len(rounds) * len(bundles)
        lost = 0.0
        for number, bundle in enumerate(bundles, 1):
            speed = min(1.0, steps / (_WARM * total + 1)) * max(0.02, 1 - steps / total)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * speed
            tensors = batch(bundle)
            cost = loss(net(tensors), tensors) * _SCALE
            optimizer.zero_grad()
            cost.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            steps += 1
            lost += float(cost.detach())
            if number % 50 == 0 or number == len(bundles):
                took = time.monotonic() - start
                say(
                    f"epoch {epoch + 1}, step {steps} of {total}, {took:.0f} s, {lost / number:.3f}"
                )


def loss(scores: dict[str, Tensor], tensors: dict[str, Tensor]) -> Tensor:
    """Return the sum of all that is wrong, each kind by its weight."""
    total = torch.zeros(())
    for name, weight in _WEIGHTS.items():
        if name in scores:
            found = functional.binary_cross_entropy_with_logits(
                scores[name], tensors[f"{name}_is"], reduction="none"
            )
            total = total + weight * (found * tensors[f"{name}_counts"]).sum()
    statuses = functional.cross_entropy(
        scores["statuses"].flatten(0, 1),
        tensors["status_is"].flatten(),
        reduction="sum",
        label_smoothing=_SMOOTH,
    )
    return total + _STATUS * statuses


def _names(some: Iterable[Example]) -> list[str]:
    return [
        name.name
        for example in some
        for name in example.view.names
        if name.kind == "organisation" and not name.described
    ]


def _renamed(example: Example, names: Sequence[str], dice: random.Random) -> dict[int, str]:
    """Return other names for some of an example's, or none at all, or nothing to change."""
    throw = dice.random()
    ours = [index for index, name in enumerate(example.view.names) if not name.described]
    if throw < _RENAMED:
        return {index: dice.choice(names) for index in ours if dice.random() < _EACH}
    return dict.fromkeys(ours, "") if throw < _RENAMED + _NAMELESS else {}
