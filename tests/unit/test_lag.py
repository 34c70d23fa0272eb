from __future__ import annotations

from sinks.lag import LagMeter
from sinks.offsets import Place


def test_what_was_read_is_asked_for_before_where_the_topics_end() -> None:
    """Else a reader finishes in between, and what it has just sent is not seen to be waiting."""
    asked: list[str] = []

    class Meter(LagMeter):
        def __init__(self) -> None:
            from runtime.settings import Settings
            from runtime.topics import Topics

            self._settings, self._topics = Settings(), Topics("news")

        def _places(self, names: list[str]) -> list[Place]:
            return [Place(name, 0) for name in names]

        def _committed(self, places: list[Place]) -> dict[Place, int]:
            asked.append("read")
            return {}

        def _ends(self, places: list[Place]) -> dict[Place, tuple[int, int]]:
            asked.append("ends")
            return {}

    Meter().read(None)
    assert asked == ["read", "ends"]
