"""What the tests of feeds share; others have a broker of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.embedded import embedded_broker
from runtime.settings import Settings
from tests.embedded.feeds import Polling, polling


@pytest.fixture(scope="module")
def broker() -> Iterator[Settings]:
    with embedded_broker("news") as address:
        yield Settings(**address)  # type: ignore[arg-type]


@pytest.fixture
def poller(broker: Settings, tmp_path: Path) -> Iterator[Polling]:
    with polling(broker, tmp_path / "state.db") as ready:
        yield ready
