"""The day of a deal: the only one, and in the past, or none."""

from __future__ import annotations

from datetime import date

import pytest

from processors.dates import Dates

PUBLISHED = date(2025, 12, 11)  # a Thursday


@pytest.mark.parametrize(
    ("language", "sentence", "day"),
    [
        ("en", "The sale closed on Tuesday.", "2025-12-09"),
        ("en", "It agreed on 8 December to buy the mill.", "2025-12-08"),
        ("en", "On Tuesday, 9 December, the two firms signed.", "2025-12-09"),
        ("en", "The deal, dated 1st of April 2024, was kept quiet.", "2024-04-01"),
        ("en", "Yesterday the fund said it had sold out.", "2025-12-10"),
        ("en", "The bank lent it the money on Nov. 9.", "2025-11-09"),
        ("en", "It expects to close the purchase by June 30, 2026.", None),
        ("en", "The bid, made on Monday, lapses on Friday.", None),
        ("en", "The two will sign on 3 March 2026.", None),
        ("en", "It may 5 times over buy what it sold in March.", None),
        ("en", "It bought the mill in March 2024.", None),
        ("en", "The bonds, due 4 May 2024, were repaid.", None),
        ("en", "It was bought on February 30, 2024.", None),
        ("fr", "Le groupe a finalisé le 1er avril 2024 la reprise.", "2024-04-01"),
        ("fr", "Ce lundi, la banque a signé.", "2025-12-08"),
        ("fr", "Hier soir, le fonds a cédé ses titres.", "2025-12-10"),
        ("fr", "Mardi 9 décembre, les deux maisons ont signé.", "2025-12-09"),
        ("fr", "La vente doit être bouclée d'ici au 30 juin.", None),
        ("fr", "Les actionnaires voteront lundi prochain.", None),
        ("fr", "Une offre du 3 mars 2020, relevée le 9 avril 2020.", None),
    ],
)
def test_a_sentence_gives_the_day_of_its_deal(
    language: str, sentence: str, day: str | None
) -> None:
    found = Dates(language).of(sentence, PUBLISHED)
    assert (found and found.isoformat()) == day


def test_without_a_date_of_publication_only_whole_dates_count() -> None:
    dates = Dates("fr")
    assert dates.of("Signé mardi 9 décembre.", None) is None
    assert dates.of("Signé hier.", None) is None
    assert dates.of("Signé le 9 décembre 2025.", None) == date(2025, 12, 9)
