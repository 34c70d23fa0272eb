"""What all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Dealwire = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own settings alone count."""
    for name in [name for name in os.environ if name.startswith("DEALWIRE_")]:
        if name not in ("DEALWIRE_REQUIRE", "DEALWIRE_TEST_KAFKA"):
            monkeypatch.delenv(name)


@pytest.fixture
def dealwire(tmp_path: Path) -> Dealwire:
    """Run the `dealwire` command in an empty folder, as a user does."""

    def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *map(str, arguments)],
            cwd=tmp_path,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
            **more,  # type: ignore[call-overload]
        )

    return run
