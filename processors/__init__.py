"""Topics to topics: pure modules, wired in agents.py."""

import os

# ONNX Runtime reports its use to its makers unless it is told otherwise before it is imported; a
# newsroom's reader speaks to its broker and to nobody else.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
