"""The score on articles that nobody who works on the reader has looked at: it may only rise."""

from __future__ import annotations

import pytest

from benchmarks.quality import figures, score
from processors.corpus import CORPUS
from processors.reader import Reader


@pytest.mark.parametrize(
    ("language", "floors"),
    [
        ("fr", {"found": 0.57, "parties": 0.48, "exact": 0.20, "amounts": 0.94}),
        ("en", {"found": 0.45, "parties": 0.38, "exact": 0.13, "amounts": 0.91}),
    ],
)
def test_the_blind_score_does_not_fall(language: str, floors: dict[str, float]) -> None:
    line = figures(score(Reader(), CORPUS / "blind" / language))
    assert {name: line[name] for name in floors if line[name] < floors[name]} == {}
