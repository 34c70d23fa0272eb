"""The score on articles that nobody who works on the reader has looked at: it may only rise."""

from __future__ import annotations

import pytest

from benchmarks.quality import figures, score
from processors.corpus import CORPUS
from processors.reader import Reader


@pytest.mark.parametrize(
    ("language", "floors"),
    [
        ("fr", {"found": 0.63, "parties": 0.55, "exact": 0.26, "amounts": 0.97}),
        ("en", {"found": 0.75, "parties": 0.64, "exact": 0.36, "amounts": 0.93}),
    ],
)
def test_the_blind_score_does_not_fall(language: str, floors: dict[str, float]) -> None:
    line = figures(score(Reader(), CORPUS / "blind" / language))
    assert {name: line[name] for name in floors if line[name] < floors[name]} == {}
