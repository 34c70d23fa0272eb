"""Topics to topics: pure modules, wired in agents.py.

What the libraries below are told has to stand in the environment before they are imported.
"""

import os

# ONNX Runtime reports its use to its makers unless it is told otherwise; a newsroom's reader speaks
# to its broker and to nobody else.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# Workers are the parallelism. numpy's threads wait for each other in a loop: on a machine that has
# other work to do, reading took three times as long with two of them as with one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
