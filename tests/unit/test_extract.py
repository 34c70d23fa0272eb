"""`dealwire extract`: reading without Kafka."""

from __future__ import annotations

import json
from pathlib import Path

from producers.documents import read_documents
from tests.conftest import Dealwire

SEEDS = Path(__file__).parent.parent.parent / "seeds"


def test_every_span_points_at_its_words(dealwire: Dealwire) -> None:
    done = dealwire("extract", SEEDS)
    assert done.returncode == 0, done.stderr
    articles = {json.loads(line)["doc"]: json.loads(line) for line in done.stdout.splitlines()}
    assert set(articles) == {path.stem for path in SEEDS.glob("*.txt")}
    spans = 0
    for path in SEEDS.glob("*.txt"):
        (document,) = read_documents(path)
        assert document.article
        found = articles[path.stem]
        assert found["language"] == document.article.language
        mentions = [span for entity in found["entities"] for span in entity["mentions"]]
        evidence = [span for deal in found["deals"] for span in deal["evidence"]]
        for span in mentions + evidence + found["amounts"]:
            assert document.article.text[span["start"] : span["end"]] == span["text"]
            spans += 1
    assert spans > 200


def test_standard_input_is_an_article_and_a_table_is_for_people(dealwire: Dealwire) -> None:
    text = "Velosud rachète Grimaldi pour 35 millions d'euros, a annoncé mardi le groupe."
    (line,) = dealwire("extract", "-", input=text).stdout.splitlines()
    (amount,) = json.loads(line)["amounts"]
    assert (amount["low"], amount["currency"]) == (35e6, "EUR")
    table = dealwire("extract", "-", "--table", input=text).stdout
    assert "EUR 35m" in table
    assert "Grimaldi" in table


def test_what_cannot_be_read_is_named_and_the_rest_is_read(
    dealwire: Dealwire, tmp_path: Path
) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff")
    (tmp_path / "good.txt").write_text("Nothing to see.", "utf-8")
    done = dealwire("extract", "bad.txt", "good.txt")
    assert done.returncode == 8
    assert "skipped bad.txt: not UTF-8" in done.stderr
    assert json.loads(done.stdout)["doc"] == "good"
