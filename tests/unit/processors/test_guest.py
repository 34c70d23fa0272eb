"""The reader as a guest in its process and on its machine: what it says and what it takes."""

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


THREADS = """
from processors.reader import Reader
Reader()
from threadpoolctl import threadpool_info
print({pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"})
"""


def test_a_reader_keeps_to_one_thread() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", THREADS], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "{1}\n"
