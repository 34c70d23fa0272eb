"""The encoder as a guest in its process: what it says to others."""

from __future__ import annotations

import os
import subprocess
import sys

LOADED = """
from processors.encoder import Encoder
from processors.reader import MODEL
Encoder(MODEL)
"""


def test_a_reader_reports_to_nobody_and_prints_nothing_of_its_own() -> None:
    # ONNX Runtime with its telemetry on looks for a place for an identifier, and complains.
    nowhere = {"HOME": "/proc/none", "XDG_CACHE_HOME": "/proc/none"}
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"} | nowhere
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, env=environment, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
