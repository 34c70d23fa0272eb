"""A file that is touched while a component gets on: what container health checks look at.

    python -m runtime.heartbeat FILE

tells whether it does, and exits with 1 when it does not. The standard library alone: a check
every few seconds must cost next to nothing.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

MAX_AGE_S = 30.0
"""Older, and the component hangs: longer than any batch, shorter than patience."""


def beat(path: Path | None) -> None:
    """Touch the file, when there is one."""
    if path is not None:
        path.touch()


def age_s(path: Path) -> float:
    """Return the seconds since the last beat; infinite when there was none."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except FileNotFoundError:
        return float("inf")


if __name__ == "__main__":
    since_s = age_s(Path(sys.argv[1]))
    print(f"last sign of life {since_s:.1f} s ago")
    sys.exit(since_s > MAX_AGE_S)
