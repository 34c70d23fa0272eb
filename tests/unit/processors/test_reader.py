"""The reader's promises: offsets hold, nothing raises, the same in gives the same out."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.reader import Reader
from schemas import Article

READER = Reader()
NOW = datetime(2026, 1, 1, tzinfo=UTC)

PIECES = st.sampled_from(
    [
        "Ardenne Verre a racheté Lumisol pour 4,5\u00a0M€. ",
        "The Harbour Group agreed to buy Pellmark plc for $2.5bn, up from 1.9bn.\n",
        "Le groupe négocie « un prêt » de 3 à 4 milliards d\u2019euros avec Banque Cervin.\n\n",
        "Lire aussi : 12 % de hausse\n",
        "((((((",
        "1 234 567,89 ",
        "\u202e\u0000\u200d😀 İ ",
        "Series B round of £12m-£15m led by Quorn & Hale. ",
    ]
)
TEXTS = st.one_of(st.text(min_size=1, max_size=300), st.lists(PIECES, min_size=1).map("".join))


def article(text: str) -> Article:
    return Article.of(text, fetched_at=NOW)


def readable(text: str) -> bool:
    return bool(text.strip()) and not any(0xD800 <= ord(c) < 0xE000 for c in text)


@given(TEXTS.filter(readable))
@settings(max_examples=150, deadline=None)
def test_offsets_point_at_the_words_they_claim(text: str) -> None:
    tags, events = READER.read(article(text))
    spans = [*tags.amounts, *(m for e in tags.entities for m in e.mentions)]
    spans += [span for event in events for span in event.evidence]
    assert all(text[span.start : span.end] == span.text != "" for span in spans)
    assert all(0 <= start < end <= len(text) for start, end in tags.kept)
    assert tags.deal_event_ids == tuple(event.event_id for event in events)
    assert len(set(tags.deal_event_ids)) == len(events)


@given(st.lists(TEXTS.filter(readable), min_size=2, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_articles_give_the_same_however_often_and_in_whatever_order_they_are_read(
    texts: list[str], random: Random
) -> None:
    once = {text: READER.read(article(text)) for text in texts}
    again = texts * 2
    random.shuffle(again)
    assert all(READER.read(article(text)) == once[text] for text in again)


@given(st.text(st.characters(), max_size=200))  # lone surrogates too, which no article holds
@settings(max_examples=100, deadline=None)
def test_no_text_whatever_raises(text: str) -> None:
    reading = READER.parse("Le groupe Zorvane a racheté Belmoral. " + text)
    assert all(start < end for start, end in reading.kept)


def test_another_reader_gives_the_same_events_with_the_same_ids() -> None:
    text = "Ardenne Verre a racheté Lumisol pour 4,5 M€, a annoncé le groupe."
    assert Reader().read(article(text)) == READER.read(article(text))


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param("7", id="digits"),
        pytest.param("7 ", id="spaced digits"),
        pytest.param("(", id="brackets"),
        pytest.param("Aa ", id="capitals"),
        pytest.param("x", id="one long word"),
        pytest.param(". ", id="full stops"),
        pytest.param("\n", id="empty lines"),
        pytest.param("the of and $5bn to buy Pellmark and ", id="deals without a full stop"),
        pytest.param("Le groupe Pellmark a racheté Lumisol. ", id="deals"),
    ],
)
def test_time_grows_no_faster_than_the_text(unit: str) -> None:
    def seconds(size: int) -> float:
        text = "the bank is of the " + unit * (size // len(unit))
        start = time.perf_counter()
        READER.read(article(text))
        return time.perf_counter() - start

    seconds(2_000)
    small = min(seconds(60_000) for _ in range(2))
    large = min(seconds(120_000) for _ in range(2))
    assert large < 3.2 * small + 0.05


def test_a_text_in_another_language_gives_tags_without_content() -> None:
    tags, events = READER.read(
        article("Der Konzern hat die Firma für 5 Millionen Euro gekauft, und das ist nicht alles.")
    )
    assert (tags.language, tags.amounts, events) == (None, (), ())
