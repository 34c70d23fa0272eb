"""Amounts of money as the press of each language writes them."""

from __future__ import annotations

import pytest

from processors.amounts import Amounts
from processors.text import lower, normalise

FINDERS = {language: Amounts(language) for language in ("en", "fr")}


def read(language: str, text: str) -> list[tuple[float | None, float | None, str, bool]]:
    plain = normalise(text)
    return [money[2:] for money in FINDERS[language].find(plain, lower(plain))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "payé 1,9\u00a0milliard d\u2019euros", (1.9e9, 1.9e9, "EUR", False), id="scale"
        ),
        pytest.param("pour 4\u202f500\u00a0€", (4500, 4500, "EUR", False), id="narrow space"),
        pytest.param("levé 12 M€", (12e6, 12e6, "EUR", False), id="M€"),
        pytest.param("dette de 3 Mds€", (3e9, 3e9, "EUR", False), id="Mds€"),
        pytest.param(
            "plus de 2 millions de dollars canadiens", (2e6, None, "CAD", False), id="floor"
        ),
        pytest.param("jusqu'à 10 milliards de dollars", (None, 1e10, "USD", False), id="ceiling"),
        pytest.param("près de 850 millions d'euros", (850e6, 850e6, "EUR", True), id="about"),
        pytest.param(
            "entre 800 millions et 1,2 milliard d'euros", (8e8, 1.2e9, "EUR", False), id="range"
        ),
        pytest.param("un million et demi d'euros", (1.5e6, 1.5e6, "EUR", False), id="and a half"),
        pytest.param("un demi-milliard de dollars", (5e8, 5e8, "USD", False), id="half"),
        pytest.param("une dizaine de millions d'euros", (1e7, 1e7, "EUR", True), id="some ten"),
        pytest.param("trente-cinq millions d'euros", (35e6, 35e6, "EUR", False), id="words"),
        pytest.param("de deux à trois millions d'euros", (2e6, 3e6, "EUR", False), id="word range"),
        pytest.param("l'euro symbolique", (1, 1, "EUR", False), id="one symbolic euro"),
        pytest.param("30 milliards de francs CFA", (3e10, 3e10, "XOF", False), id="CFA"),
    ],
)
def test_french(text: str, expected: tuple[float | None, float | None, str, bool]) -> None:
    assert read("fr", text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("for $2.5bn", (2.5e9, 2.5e9, "USD", False), id="bn"),
        pytest.param("up to £700,000", (None, 7e5, "GBP", False), id="ceiling"),
        pytest.param("worth EUR38 billion", (38e9, 38e9, "EUR", False), id="code"),
        pytest.param("C$6-million", (6e6, 6e6, "CAD", False), id="hyphen"),
        pytest.param("Rs 1,150 crore", (11.5e9, 11.5e9, "INR", False), id="crore"),
        pytest.param("between £12m and £15m", (12e6, 15e6, "GBP", False), id="range"),
        pytest.param("a $8-10 billion plan", (8e9, 10e9, "USD", False), id="elided range"),
        pytest.param("about 220 billion yen", (220e9, 220e9, "JPY", True), id="about"),
        pytest.param("450p", (4.5, 4.5, "GBP", False), id="pence"),
        pytest.param("two and a half billion euros", (2.5e9, 2.5e9, "EUR", False), id="words"),
        pytest.param("billions of dollars", (1e9, None, "USD", True), id="billions"),
        pytest.param("half a billion dollars", (5e8, 5e8, "USD", False), id="half"),
        pytest.param("hand over €1.2 billion", (1.2e9, 1.2e9, "EUR", False), id="no hedge"),
    ],
)
def test_english(text: str, expected: tuple[float | None, float | None, str, bool]) -> None:
    assert read("en", text) == [expected]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "3 millions d'habitants et 12 % de hausse en 2023"),
        ("en", "2 million customers, 5G and Q3 2024, page 22"),
    ],
)
def test_counts_years_and_shares_are_no_money(language: str, text: str) -> None:
    assert read(language, text) == []


def test_a_change_is_two_amounts() -> None:
    values = [low for low, *_ in read("en", "raised its bid from £195m to £205m")]
    assert values == [195e6, 205e6]


def test_an_amount_without_currency_takes_that_of_its_sentence() -> None:
    assert (
        read("fr", "Un bénéfice de 2 milliards d'euros, contre 1,5 milliard un an plus tôt")[1][2]
        == "EUR"
    )
