"""The check that containers run every few seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from runtime.heartbeat import beat


def check(path: Path) -> int:
    command = [sys.executable, "-m", "runtime.heartbeat", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_a_component_is_alive_while_it_beats(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat"
    assert check(path) == 1, "never started"
    beat(path)
    assert check(path) == 0
    long_ago = time.time() - 60
    os.utime(path, (long_ago, long_ago))
    assert check(path) == 1, "hangs"
    beat(None)


def test_the_check_loads_nothing_but_the_standard_library() -> None:
    code = (
        "import sys, runtime.heartbeat; "
        "print([name for name in ('pydantic', 'click', 'confluent_kafka') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
