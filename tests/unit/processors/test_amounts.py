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
        pytest.param("payé 4'500'000 francs", (4.5e6, 4.5e6, "CHF", False), id="Swiss groups"),
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
        pytest.param("un million deux cent mille euros", (1.2e6, 1.2e6, "EUR", False), id="rest"),
        pytest.param("un quart de milliard d'euros", (2.5e8, 2.5e8, "EUR", False), id="part"),
        pytest.param("15 euros 50", (15.5, 15.5, "EUR", False), id="change"),
        pytest.param("un budget de 60 MSEK", (60e6, 60e6, "SEK", False), id="scaled code"),
        pytest.param("a dépassé 2 milliards d'euros", (2e9, None, "EUR", False), id="exceeded"),
        pytest.param("grimpé jusqu'à 200 euros", (200, 200, "EUR", False), id="as far as"),
        pytest.param("90 millions de roupies népalaises", (9e7, 9e7, "NPR", False), id="CLDR"),
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
        pytest.param("a quarter of a billion dollars", (2.5e8, 2.5e8, "USD", False), id="part"),
        pytest.param("15 dollars and 50 cents", (15.5, 15.5, "USD", False), id="change"),
        pytest.param("75 USD million", (75e6, 75e6, "USD", False), id="code, then scale"),
        pytest.param("R$ 812 million", (812e6, 812e6, "BRL", False), id="spaced sign"),
        pytest.param("A $90 million loan", (90e6, 90e6, "USD", False), id="article and sign"),
        pytest.param("up to another C$15 million", (None, 15e6, "CAD", False), id="filler"),
        pytest.param("Debt crept up to $26bn", (26e9, 26e9, "USD", False), id="movement"),
        pytest.param("at 140 baisas", (0.14, 0.14, "OMR", False), id="thousandths"),
        pytest.param("rupees 500 crore", (5e9, 5e9, "INR", False), id="name first"),
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
        ("fr", "Un contrat avec Renault pour les clients des R5, sans débourser un centime"),
        ("en", "dunked under the clerk's eye, at 80C, for £"),
        ("en", "The talks with S4C over a 275-million-cubic-foot plant, for a euro benchmark"),
    ],
)
def test_counts_years_and_shares_are_no_money(language: str, text: str) -> None:
    assert read(language, text) == []


def test_a_change_is_two_amounts() -> None:
    values = [low for low, *_ in read("en", "raised its bid from £195m to £205m")]
    assert values == [195e6, 205e6]


def test_thousands_take_no_share_of_the_scale_that_follows() -> None:
    values = [low for low, *_ in read("fr", "passée de 410.000 à 1,1 million d'euros en deux ans")]
    assert values == [410_000, 1.1e6]


def test_an_amount_without_currency_takes_that_of_its_sentence() -> None:
    assert (
        read("fr", "Un bénéfice de 2 milliards d'euros, contre 1,5 milliard un an plus tôt")[1][2]
        == "EUR"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Il proposait 6,5 millions d'euros. On lui en donne 9", 9e6),
        ("Il devait 4,2 millions d'euros ; il n'en a déposé que 700 000", 7e5),
        ("Le passif est de 133 millions d'euros, dont 29 dus à l'État", 29e6),
        ("L'action vaut 16 euros, contre 22 en 2012", 22),
        ("La recette a atteint 84 000 euros ; elle est tombée à 61 000", 61_000),
        ("Un apport de 2 millions d'euros et un prêt de 15 millions consenti en mars", 15e6),
        ("Il reste 8 millions d'euros, et les 20 millions de la Banque européenne", 20e6),
    ],
)
def test_a_number_may_leave_out_its_currency_and_its_scale(text: str, value: float) -> None:
    assert [low for low, *_ in read("fr", text)][1:] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Elle a levé 12 millions d'euros et emploie 300 personnes, dont 40 à Lyon",
        "Elle a vendu un bar pour 2 millions d'euros ; elle en possède 9",
        "Le capital est de 3 millions d'euros. Le taux doit passer de 10 à 35 %",
    ],
)
def test_a_bare_number_that_counts_things_is_no_money(text: str) -> None:
    assert len(read("fr", text)) == 1


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Le yen est à 158 pour un euro", [(158, "JPY")]),
        ("en", "The shilling was steady in Nairobi at 129 to the dollar", [(129, "KES")]),
        (
            "en",
            "It owes £2bn, or $3bn; it pays 8.32 cents",
            [(2e9, "GBP"), (3e9, "USD"), (0.0832, "USD")],
        ),
        ("en", "Shares fell 3.6p to 214p", [(0.036, "GBP"), (2.14, "GBP")]),
    ],
)
def test_rates_cents_and_changes(
    language: str, text: str, expected: list[tuple[float, str]]
) -> None:
    found = [(low, currency) for low, _, currency, _ in read(language, text)]
    assert found == expected


@pytest.mark.parametrize(
    ("language", "text", "currency"),
    [
        ("en", "Toronto miner Ansett, of Timmins, Ontario, paid $5 million", "CAD"),
        ("en", "Gold is US$3,985 as Perth bakers in Australia pay $14 for lunch", "AUD"),
        ("en", "The Canadian group paid C$9 million ($7 million)", "USD"),
        (
            "en",
            "Toronto's Tolvane had sales of C$118 million, after costs of $80 million, interest of "
            "$9 million and a loss before tax of ($2 million); it owes $4 million",
            "CAD",
        ),
        ("en", "The Auckland baker raised NZ$9 million, and owes its bank $4 million", "NZD"),
        ("fr", "En 1969 un oncle français lui avance 40 000 francs", "FRF"),
        ("fr", "La commune vaudoise de Nyon vend l'hôtel 7 millions de francs", "CHF"),
        ("en", "The Tanzanian port at Tanga cost Sh429 billion", "TZS"),
        ("en", "Danish brewer Lund of Aarhus pays 90 million crowns", "DKK"),
    ],
)
def test_what_a_bare_dollar_franc_or_crown_is_depends_on_the_article(
    language: str, text: str, currency: str
) -> None:
    assert read(language, text)[-1][2] == currency
