"""The score that may rise and not fall, and the scorer itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks.quality import figures, fit, pair, score
from processors.corpus import CORPUS, passages
from processors.reader import Reader


@pytest.mark.parametrize(
    ("folder", "amounts", "found"),
    [pytest.param("fr", 0.96, 0.6, id="French"), pytest.param("en", 0.97, 0.6, id="English")],
)
def test_the_reader_stays_as_good_as_it_was(folder: str, amounts: float, found: float) -> None:
    """These articles were trained on: a floor against breakage, no measure of quality."""
    line = figures(score(Reader(), CORPUS / "articles" / folder))
    assert line["amounts"] >= amounts
    assert line["found"] >= found


def test_every_passage_can_be_read_and_names_its_parties_as_the_text_does() -> None:
    documents = list(passages(CORPUS / "passages"))
    assert len(documents) > 5000
    for document in documents:
        for label in document.deals:
            assert all(names[0] in document.text for _, names, _ in label.parties), document.id


def deal(acquirer: str, target: str, status: str = "announced") -> dict[str, Any]:
    parties = [{"role": "acquirer", "name": acquirer}, {"role": "target", "name": target}]
    return {"type": "acquisition", "status": status, "parties": parties, "amount": None}


def test_a_deal_is_found_by_one_party_and_exact_by_all() -> None:
    label = deal("Zorvane", "Belmoral")
    whole, half = (
        fit(deal("Zorvane SA", "Belmoral"), label),
        fit(deal("Quillec", "Belmoral"), label),
    )
    assert whole is not None
    assert whole.exact
    assert half is not None
    assert (half.right, half.missing, half.wrong, half.exact) == (1, 1, 1, False)
    assert fit(deal("Quillec", "Tarrow"), label) is None


def test_deals_are_paired_one_to_one_the_best_first() -> None:
    labels = [deal("Zorvane", "Belmoral"), deal("Quillec", "Belmoral")]
    ours = [deal("Quillec", "Belmoral"), deal("Zorvane", "Belmoral")]
    assert sorted((i, j) for i, j, _ in pair(ours, labels)) == [(0, 1), (1, 0)]


def test_nothing_read_and_nothing_wanted_is_no_division_by_zero() -> None:
    assert figures(Counter())["found"] == 0.0
