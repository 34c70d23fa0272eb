"""What comes before the reading: furniture, language, sentences, triggers."""

from __future__ import annotations

import pytest

from processors.boilerplate import Boilerplate
from processors.language import identify
from processors.sentences import split
from processors.text import lower, normalise
from processors.triggers import Triggers


def test_related_links_are_masked_and_prose_goes_on_after_them() -> None:
    text = "\n".join(
        [
            "Le groupe Belmoral a cédé son usine.",
            "À lire aussi",
            "Zorvane rachète Quillec",
            "Le prix n'a pas été dévoilé" + " par les deux parties concernées" * 5 + ".",
        ]
    )
    kept = [text[a:b] for a, b in Boilerplate("fr").kept(text, lower(text))]
    assert kept == [text.split("\n")[0], text.split("\n")[3]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the group has sold its plant to a fund", "en"),
        ("le groupe a vendu son usine à un fonds", "fr"),
        ("der Konzern hat die Fabrik an den Fonds verkauft", None),
        ("12345 67890", None),
        ("", None),
    ],
)
def test_only_our_languages_are_named(text: str, expected: str | None) -> None:
    assert identify(text, ("en", "fr")) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("It grew. Then it shrank.", 2, id="two"),
        pytest.param("Mr. Tarrow of Pellmark Inc. left. He is 60.", 2, id="abbreviations"),
        pytest.param("M. Ledoyen part. J. P. Vautrin reste.", 2, id="initials"),
        pytest.param("A heading\nA sentence follows.", 2, id="lines"),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert len(split(text, _lines(text))) == count


def test_a_paragraph_printed_in_a_column_is_joined() -> None:
    text = "The plant that the group had wanted to sell for such a long time\nwas shut."
    assert len(split(text, _lines(text))) == 1


def _lines(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for line in text.split("\n"):
        spans.append((start, start + len(line)))
        start += len(line) + 1
    return spans


def test_the_longest_trigger_wins_and_stands_as_a_word() -> None:
    low = lower(normalise("Il a mis la main sur Belmoral ; opaque, l'OPA."))
    found = [low[hit.start : hit.end] for hit in Triggers("fr").find(low)]
    assert "mis la main sur" in found
    assert "opa" in found
    assert "opaque" not in found
