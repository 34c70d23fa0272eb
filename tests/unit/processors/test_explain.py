"""An explanation points at the words it names, adds up, and agrees with the events."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from processors.explain import Trace, explain
from processors.explanation import Explanation, Told
from processors.heads import PARTS, STATUSES, TYPES, Scores
from processors.learned import Draft, Judge, drafts_of
from processors.merge import join
from processors.reader import Reader
from schemas import Tags
from tests.unit.processors.test_reader import TEXTS, article, readable

LISTS = Reader(model=None)
READER = Reader()
WEIGHTS = {"bias": -2.0, "stated": 0.9, "rival": -0.3, "weakest": 0.4, "price": 0.7, "alone": -2.0}

TEXT = (
    "Zorvane rachète Belmoral\n\n"
    "Le groupe Zorvane a racheté Belmoral pour 35 millions d’euros, a annoncé mardi Quillec.\n"
    "Son chiffre d’affaires atteint 4\u00a0M€.\n\n"
    "Lire aussi : Tarrow lève 3 M€\n"
)


def spans(explanation: Explanation) -> list[tuple[int, int, str]]:
    found = [(mark.start, mark.end, mark.text) for mark in explanation.marks]
    tellings = [*explanation.doubted, *(told for deal in explanation.deals for told in deal.told)]
    found += [(*told.sentence, told.text) for told in (*tellings, *explanation.unseen)]
    for told in tellings:
        amounts = [price.amount for price in told.prices] + ([told.price] if told.price else [])
        found += [(amount.start, amount.end, amount.text) for amount in amounts]
    return found


def explained(**sure: dict[str, float]) -> tuple[Explanation, list[Draft]]:
    """TEXT as a model would explain it that is so sure of types, by the words of a sentence."""
    view, kept, money = LISTS.view(TEXT)
    assert view
    names = {name.name: index for index, name in enumerate(view.names)}
    trace = Trace(view, kept, money, weights=WEIGHTS, least=0.4)
    for number, sentence in enumerate(view.sentences):
        words = TEXT[sentence.start : sentence.end]
        likely = next((some for word, some in sure.items() if word in words), {})
        types = np.array([likely.get(kind, 0.02) for kind in TYPES], np.float32)
        statuses = np.full((len(TYPES), len(STATUSES)), 0.1, np.float32)
        statuses[:, STATUSES.index("completed")] = 0.6
        roles = {index: np.full(len(PARTS), 0.05, np.float32) for index in names.values()}
        for name, role, score in (
            ("Zorvane", "acquirer", 0.9),
            ("Belmoral", "target", 0.8),
            ("Quillec", "seller", 0.3),
        ):
            roles[names[name]][PARTS.index(("acquisition", role))] = score
        price = {
            at: np.full(len(TYPES), s, np.float32) for at, s in zip((0, 1), (0.7, 0.1), strict=True)
        }
        trace.scores[number] = Scores(types, statuses, roles, price, {})
        for draft in drafts_of(view, number, trace.scores[number]):
            draft.proposal.confidence = Judge(WEIGHTS).confidence(draft.signals)
            trace.drafts.append(draft)
    believed = trace.believed()
    trace.joined = [numbers for _, numbers in join(believed)]
    return explain(article(TEXT), *publish(trace), trace), trace.drafts


def publish(trace: Trace) -> tuple[Tags, Any]:
    """The events of a trace, made by the reader itself."""
    reading = LISTS._reading(trace.view, trace.kept, trace.money, trace.believed())
    return LISTS._publishable(article(TEXT), reading)


@given(TEXTS.filter(readable))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("reader", [LISTS, READER], ids=["lists", "as shipped"])
def test_whatever_the_text_marks_point_at_their_words_and_events_are_those_of_read(
    reader: Reader, text: str
) -> None:
    tags, events, explanation = reader.explain(article(text))
    assert (tags, events) == reader.read(article(text))
    assert tuple(deal.event for deal in explanation.deals) == events
    assert all(text[start:end] == words != "" for start, end, words in spans(explanation))
    for deal in explanation.deals:
        told = {tuple(one.sentence) for one in deal.told}
        assert told == {(span.start, span.end) for span in deal.event.evidence}


def test_a_deal_comes_with_its_types_parties_and_price_and_their_probabilities() -> None:
    explanation, _ = explained(mardi={"acquisition": 0.95, "merger": 0.3})
    (deal,) = explanation.deals
    (told,) = deal.told
    assert told.types["acquisition"] == 0.95
    assert list(told.types)[:2] == ["acquisition", "merger"]
    assert (told.status, told.statuses["completed"]) == ("completed", 0.6)
    assert [(p.role, p.name, p.probability, p.gap) for p in told.parties] == [
        ("acquirer", "Zorvane", 0.9, 0),
        ("target", "Belmoral", 0.8, 0),
    ]
    assert [(p.name, p.role) for p in told.passed_over] == [("Quillec", "seller")]
    assert told.price is not None
    assert (told.price.text, told.price.low) == ("35 millions d’euros", 35e6)
    assert [price.probability for price in told.prices] == [0.7, 0.1]
    assert "racheté" in told.triggers


def points(told: Told) -> float:
    return sum(reason.points for reason in told.reasons)


def test_the_reasons_add_up_to_the_confidence_and_have_words() -> None:
    explanation, drafts = explained(
        mardi={"acquisition": 0.95, "merger": 0.3}, Son={"acquisition": 0.21}
    )
    every = [*explanation.doubted, *(told for deal in explanation.deals for told in deal.told)]
    assert len(every) == len(drafts) == 2
    for told in every:
        assert told.confidence == pytest.approx(1 / (1 + math.exp(-points(told))), abs=6e-4)
        assert [abs(r.points) for r in told.reasons] == sorted(
            (abs(r.points) for r in told.reasons), reverse=True
        )
    words = {reason.signal: reason.words for reason in explanation.deals[0].told[0].reasons}
    assert words["stated"] == "a sentence that tells of an acquisition: 95 %"
    assert words["rival"] == "likeliest otherwise, a merger: 30 %"
    assert words["weakest"] == "least sure party: Belmoral as target: 80 %"
    assert words["price"] == "“35 millions d’euros” as its price: 70 %"


def test_what_is_not_believed_is_told_apart_and_a_deal_told_twice_has_both_sentences() -> None:
    explanation, _ = explained(
        mardi={"acquisition": 0.95}, rachète={"acquisition": 0.9}, Son={"acquisition": 0.21}
    )
    (deal,) = explanation.deals
    assert [TEXT[told.sentence.start : told.sentence.end][:12] for told in deal.told] == [
        "Zorvane rach",
        "Le groupe Zo",
    ]
    (doubted,) = explanation.doubted
    assert doubted.text.startswith("Son chiffre")
    assert doubted.confidence < 0.4 <= deal.event.confidence
    # Joining must not change what a sentence was read as: the headline says no more than it did.
    assert [p.gap for p in deal.told[0].parties] == [0, 0]


def test_a_sentence_with_words_of_deals_and_nothing_else_is_shown_as_unseen() -> None:
    explanation, _ = explained(Son={"debt": 0.15})
    assert not explanation.deals
    unseen = {one.text[:9]: one for one in explanation.unseen}
    assert unseen["Le groupe"].types == {}
    assert unseen["Son chiff"].types == {"debt": 0.15}


def test_furniture_is_marked_and_nothing_inside_it_but_money() -> None:
    explanation, _ = explained()
    (furniture,) = [mark for mark in explanation.marks if mark.kind == "furniture"]
    assert furniture.text == "Lire aussi : Tarrow lève 3 M€"
    inside = [m.kind for m in explanation.marks if m.start >= furniture.start]
    assert inside == ["furniture", "amount"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "Der Konzern hat die Firma für 5 Millionen Euro gekauft, und das ist nicht alles.",
            "neither",
        ),
        ("The match was played in steady rain before a small crowd, and nobody scored.", "no word"),
    ],
)
def test_where_there_is_nothing_to_explain_it_says_why(text: str, note: str) -> None:
    _, _, explanation = READER.explain(article(text))
    assert explanation.note.startswith(note)
    assert (explanation.deals, explanation.doubted, explanation.unseen) == ((), (), ())


def test_it_survives_the_way_through_json() -> None:
    explanation, _ = explained(mardi={"acquisition": 0.95}, Son={"acquisition": 0.21})
    assert Explanation.model_validate_json(explanation.model_dump_json()) == explanation


def test_time_grows_no_faster_than_the_text() -> None:
    def seconds(times: int) -> float:
        text = "Le groupe Pellmark a racheté Lumisol pour 4 M€. " * times
        start = time.process_time()
        LISTS.explain(article(text))
        return time.process_time() - start

    seconds(50)
    assert min(seconds(1600) for _ in range(2)) < 3.2 * min(seconds(800) for _ in range(2)) + 0.05
