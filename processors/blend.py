"""Two opinions joined: what the linear models say and what the transformer says, in log-odds."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

_FLOOR = 1e-3


class Weights(NamedTuple):
    """Log-odds of the joined opinion: bias + linear * ours + context * theirs."""

    bias: float
    linear: float
    context: float

    def join(self, linear: float, context: float) -> float:
        """Return the joined probability."""
        found = self.bias + self.linear * odds(linear) + self.context * odds(context)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, found))))


class Blend(NamedTuple):
    """The weights of each question, learned from texts that neither model has seen."""

    types: Weights
    roles: Weights
    money: Weights

    @classmethod
    def load(cls, path: Path) -> Blend:
        """Read blend.json."""
        return cls(**{k: Weights(*v) for k, v in json.loads(path.read_text("utf-8")).items()})

    def save(self, path: Path) -> None:
        """Write blend.json."""
        path.write_text(json.dumps(self._asdict(), indent=1) + "\n", "utf-8")


EVEN = Blend(*[Weights(0.0, 0.5, 0.5)] * 3)
"""Both opinions count the same."""


def odds(score: float) -> float:
    """Return the log-odds of a probability, of at most a thousand to one."""
    score = min(max(score, _FLOOR), 1 - _FLOOR)
    return math.log(score / (1 - score))
