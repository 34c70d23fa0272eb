"""Work in processes of its own: what one item does to its process, the others do not feel."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from producers.isolated import IsolatedMap
from tests.embedded.test_pipeline import processes_with
from tests.kafka.pipeline import wait_until


def work(item: str) -> str:
    if item == "crash":
        ctypes.string_at(0)
    elif item == "hang":
        while True:
            pass
    elif item == "eat":
        return "x" * (8 * 1024**3)
    elif item == "bug":
        raise KeyError("no such thing")
    elif item == "refuse":
        raise ValueError("refused")
    return item.upper()


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        pytest.param("crash", "ends the process", id="crash"),
        pytest.param("hang", "more than 2 s", id="hang"),
        pytest.param("eat", "too much memory", id="memory"),
        pytest.param("bug", "no such thing", id="bug"),
        pytest.param("refuse", "refused", id="refused"),
    ],
)
def test_a_bad_item_costs_itself_alone(bad: str, problem: str) -> None:
    items = [*(f"a{number}" for number in range(50)), bad, *(f"b{number}" for number in range(50))]
    items += [bad, "last"]
    with IsolatedMap(work, time_limit_s=2.0) as run:
        done = list(run(items))
    assert [item for item, _ in done] == items, "all of them, in order"
    for item, result in done:
        if item == bad:
            assert isinstance(result, ValueError)
            assert problem in str(result)
        else:
            assert result == item.upper()


SCRIPT = """
import sys
from producers.isolated import IsolatedMap
from tests.unit.test_isolated import work
if __name__ == "__main__":
    with IsolatedMap(work) as run:
        for item, result in run(["a", "hang"]):
            print(result, flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
def test_nothing_outlives_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")
    mark = f"DEALWIRE_TEST_MARK={tmp_path}"
    name, _, value = mark.partition("=")
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {name: value, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"A\n"
    assert len(processes_with(mark)) > 1
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until("all are gone", lambda: not processes_with(mark), timeout_s=10)
