"""Names by their capitals, and which mentions are one name."""

from __future__ import annotations

import pytest

from processors.names import Name, Names
from processors.sentences import split

FINDERS = {language: Names(language) for language in ("en", "fr")}


def find(language: str, text: str) -> list[Name]:
    return FINDERS[language].find(split(text, [(0, len(text))]))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        pytest.param("fr", "Hier, Zorvane a cédé Belmoral.", ["Zorvane", "Belmoral"], id="words"),
        pytest.param("fr", "La reprise par Quillec & Fils.", ["Quillec & Fils"], id="ampersand"),
        pytest.param("fr", "Le fabricant 3Dvia lève des fonds.", ["3Dvia"], id="digit first"),
        pytest.param("en", "It was sold to J.P. Tarrow last week.", ["J.P. Tarrow"], id="initials"),
        pytest.param("en", "We like Tarrow's plant.", ["Tarrow"], id="possessive"),
        pytest.param("en", "Shares of Quay-Lynn rose.", ["Quay-Lynn"], id="hyphen"),
    ],
)
def test_names_are_capitalised_runs(language: str, text: str, expected: list[str]) -> None:
    assert [name.name for name in find(language, text)] == expected


def test_a_name_and_its_shorter_form_are_one() -> None:
    names = find("en", "Then Pellmark Instruments Ltd grew. Later on, Pellmark shrank.")
    assert [(name.name, len(name.mentions)) for name in names] == [("Pellmark Instruments", 2)]


def test_an_abbreviation_in_brackets_is_the_same_name() -> None:
    names = find("en", "Here the Tarrow Harbour Company (THC) bids. Now THC waits.")
    assert [len(name.mentions) for name in names] == [3]


def test_people_are_known_by_given_name_or_title() -> None:
    names = find("fr", "Selon Claire Vautrin, tout va bien. Puis M. Ledoyen a parlé.")
    assert [(name.name, name.kind) for name in names] == [
        ("Claire Vautrin", "person"),
        ("Ledoyen", "person"),
    ]


def test_of_what_a_tagger_found_the_seat_and_small_words_are_no_name() -> None:
    text = "An order went to Denver-based Quay-Lynn Power."
    (sentence,) = sentences = split(text, [(0, len(text))])
    words = [token.text for token in sentence.tokens]
    spans = [[(0, 1, False), (words.index("Denver"), len(words) - 1, False)]]
    (name,) = FINDERS["en"].find(sentences, spans)
    (mention,) = name.mentions
    assert name.name == text[mention.start : mention.end] == "Quay-Lynn Power"
