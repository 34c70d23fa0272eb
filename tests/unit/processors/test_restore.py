"""Training goes on from what was written; runs where the training packages are."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.windows import MARKERS

torch = pytest.importorskip("torch", reason="make train sets up the training packages")


def test_a_network_comes_back_as_it_was_written_but_for_int8(tmp_path: Path) -> None:
    from processors.training.export import write
    from processors.training.net import Net
    from processors.training.restore import restore

    torch.manual_seed(5)
    words = [*MARKERS, *(f"w{n}" for n in range(50))]
    net = Net(len(words), layers=2).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.05)  # no two alike, nor zero
    write(net, words, tmp_path)
    found, vocabulary = restore(tmp_path)
    assert vocabulary == words
    ours, theirs = net.state_dict(), found.state_dict()
    ours["position.weight"] = ours["position.weight"] + ours.pop("kind")
    theirs.pop("kind")
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        # Seven bits of the largest in a column.
        assert (values - theirs[name]).abs().max() <= values.abs().max() / 63, name
