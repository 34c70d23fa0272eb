"""What the amounts promise of any text: offsets that hold, no error, time linear in the length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.amounts import Amounts
from processors.text import lower, normalise

FINDERS = {language: Amounts(language) for language in ("en", "fr")}
LANGUAGES = st.sampled_from(sorted(FINDERS))

VOCABULARY = """
$ £ € ¥ R Rs US$ C$ % - – , . ; ( ) / + ' 1 2 3 10 14,50 1.9 1,234 2019 000 12 345 0 5p 4c M Md bn
million millions milliard milliards billion thousand crore lakh mille cent cents vingt deux un une
a k half quarter three demi quart douzaine dizaine tens hundreds of de d' d des du et and to à entre
between from up more than plus jusqu'à près about or so dollars euros livres pounds francs pence yen
centimes suisses canadian pour contre dont en vaut donne per the against six-figure symbolique
🙂 İ ß ﬁ ² ½ ٣ 元
"""
WORDS = st.sampled_from([*VOCABULARY.split(), "\u00a0€", "\u202f", "\n", "\u200b"])
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(WORDS, max_size=60).map(" ".join),
    st.lists(WORDS, max_size=60).map("".join),
)


@given(LANGUAGES, TEXTS)
@settings(max_examples=600, deadline=None)
def test_offsets_point_at_words_in_order_and_values_make_sense(language: str, text: str) -> None:
    plain = normalise(text)
    found = FINDERS[language].find(plain, lower(plain))
    end = 0
    for money in found:
        assert end <= money.start < money.end <= len(text)
        end = money.end
        words = text[money.start : money.end]
        assert words.strip() == words
        assert money.low is not None or money.high is not None
        assert money.low is None or money.high is None or 0 <= money.low <= money.high
        assert len(money.currency) == 3 and money.currency.isupper()
        assert any(character.isalnum() for character in words)


@given(LANGUAGES, TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_reading_one_text_does_not_change_the_next(language: str, first: str, second: str) -> None:
    def find(text: str) -> list[object]:
        plain = normalise(text)
        return [*FINDERS[language].find(plain, lower(plain))]

    alone = find(second)
    find(first)
    assert find(second) == alone


UNITS = {
    "digits": "7",
    "spaced digits": "7 ",
    "groups of three": "123 ",
    "brackets": "(",
    "capitals": "A",
    "spaced capitals": "Aa ",
    "signs": "$",
    "spaced signs": "€ ",
    "amounts": "$5 ",
    "amounts in one sentence": "5 millions d'euros, 7, dont 3, ",
    "amounts by line": "3 billion to 4 billion dollars\n",
    "cents": "5c ",
    "number words": "deux ",
    "two number words": "two million ",
    "tails": "un million deux ",
    "ranges": "1-",
    "joined": "$1 to ",
    "bare millions": "6 millions ",
    "phrases": "a six-figure sum ",
    "rates": "the yen at 158 to the dollar ",
    "dollars of somewhere": "Toronto $5 ",
    "scales": "millions ",
    "hedges": "more than ",
}


def seconds(language: str, unit: str, size: int) -> float:
    text = "Sold for $1 million. " + unit * (size // len(unit))
    low_text = text.lower()
    start = time.process_time()
    FINDERS[language].find(text, low_text)
    return time.process_time() - start


@pytest.mark.parametrize("language", sorted(FINDERS))
@pytest.mark.parametrize("unit", [pytest.param(unit, id=name) for name, unit in UNITS.items()])
def test_four_times_the_text_takes_no_sixteen_times_as_long(language: str, unit: str) -> None:
    seconds(language, unit, 2_000)
    takes = [(seconds(language, unit, 5_000), seconds(language, unit, 20_000)) for _ in range(3)]
    small, large = (min(each) for each in zip(*takes, strict=True))
    assert large < 8 * small + 0.02  # twice what is linear: machines are noisy


@pytest.mark.parametrize("unit", ["7", "(", "A", "$"])
def test_a_megabyte_takes_seconds(unit: str) -> None:
    assert seconds("en", unit, 1_000_000) < 10
