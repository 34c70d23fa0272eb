"""The sink's transaction: what stands afterwards depends on the events alone."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.dead_letters import REPLAY_OF, Origin, dead_letter
from schemas import Article, Deal, DealEvent, Record, Tags
from sinks.batch import Batch, Counts, Incoming, write_batch
from sinks.dead_letters import list_dead_letters, select_waiting, to_send_again
from sinks.deals import Filter, read_deals
from sinks.offsets import Place, Stored, forget_offsets, read_offsets
from sinks.store import Store, open_for_writing
from tests.make import TOPICS, a_deal_event, an_article, as_record, incoming, some_tags

CLUSTER = "cluster-1"
IDS = {topic.name: f"id of {topic.name}" for topic in TOPICS.all()}
STATE = ("articles", "readings", "reading_events", "entities", "amounts", "deal_events", "deals")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_for_writing(tmp_path / "deals.db") as opened:
        yield opened


def write(store: Store, batch: Sequence[Incoming]) -> Counts:
    with store.transaction() as db:
        return write_batch(db, Batch(TOPICS, batch), CLUSTER, IDS)


def dump(db: sqlite3.Connection, tables: Sequence[str] = STATE) -> dict[str, list[tuple]]:
    return {name: sorted(map(tuple, db.execute(f"SELECT * FROM {name}"))) for name in tables}


def told(*articles_and_deals: tuple[Article, list[DealEvent]]) -> list[Article | Tags | DealEvent]:
    """Every event of these articles and what was read in them."""
    events: list[Article | Tags | DealEvent] = []
    for article, deals in articles_and_deals:
        events += [article, *deals, some_tags(article, *deals)]
    return events


def test_an_article_and_its_deal_become_rows(store: Store) -> None:
    article = an_article()
    deal = a_deal_event(article)
    counts = write(
        store, [incoming(as_record(e), n) for n, e in enumerate(told((article, [deal])))]
    )
    assert counts == Counts(articles=1, tags=1, deal_events=1, dead_letters=0, deals_changed=1)
    (row,) = read_deals(store.db, Filter(), 10)
    assert row["parties"] == "acquirer: A; target: B"
    assert (row["amount"], row["currency"], row["source"]) == (3e6, "EUR", "E")
    assert row["quote"] == "A buys B."


def test_offsets_move_with_the_rows_or_not_at_all(store: Store) -> None:
    message = incoming(as_record(an_article()), offset=41, partition=2)
    write(store, [message])
    place = Place(TOPICS.articles.name, 2)
    assert read_offsets(store.db, CLUSTER) == {place: Stored(42, IDS[place.topic])}
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
        later = message._replace(origin=Origin(place.topic, 2, 99))
        write_batch(db, Batch(TOPICS, [later]), CLUSTER, IDS)
        db.execute("INSERT INTO writer VALUES (1, 1)")
    assert read_offsets(store.db, CLUSTER)[place].next_offset == 42
    assert read_offsets(store.db, "another cluster") == {}


def test_a_replayed_batch_changes_nothing(store: Store) -> None:
    first, second = an_article(), an_article("https://e.com/2", minute=1)
    events = told((first, [a_deal_event(first)]), (second, [a_deal_event(second)]))
    batch = [incoming(as_record(event), n) for n, event in enumerate(events)]
    write(store, batch)
    before = dump(store.db, (*STATE, "deal_parties", "outbox", "dead_letters"))
    assert write(store, batch).deals_changed == 0
    assert dump(store.db, (*STATE, "deal_parties", "outbox", "dead_letters")) == before


def test_an_edit_takes_back_what_the_new_version_does_not_say(store: Store) -> None:
    article = an_article(text="A buys B.")
    edited = an_article(text="A does not buy B.", minute=1)
    events = told((article, [a_deal_event(article)]))
    write(store, [incoming(as_record(e)) for e in events])
    assert len(read_deals(store.db, Filter(), 10)) == 1
    write(store, [incoming(as_record(e)) for e in told((edited, []))])
    assert read_deals(store.db, Filter(), 10) == []
    last = store.db.execute("SELECT key, value FROM outbox ORDER BY seq DESC").fetchone()
    assert last["value"] is None, "subscribers of settled deals hear that it is withdrawn"
    write(store, [incoming(as_record(e)) for e in events])  # the old version, again and too late
    assert read_deals(store.db, Filter(), 10) == []


def test_two_sources_of_one_deal_are_one_deal(store: Store) -> None:
    here = an_article()
    there = Article.of(
        "B bought by A.", url="https://f.com/9", source="F", fetched_at=here.fetched_at
    )
    write(store, [incoming(as_record(e)) for e in told((here, [a_deal_event(here)]))])
    write(store, [incoming(as_record(e)) for e in told((there, [a_deal_event(there)]))])
    (row,) = read_deals(store.db, Filter(), 10)
    assert row["sources"] == 2


def test_a_newer_extractor_replaces_the_reading_and_an_older_one_does_not(store: Store) -> None:
    article = an_article()
    for extractor, target in (("1.9.0", "B"), ("1.10.0", "C"), ("1.2.0", "D")):
        deal = a_deal_event(article, target=target, extractor=extractor)
        tags = some_tags(article, deal, extractor=extractor)
        write(store, [incoming(as_record(event)) for event in (article, deal, tags)])
    assert [row["parties"] for row in read_deals(store.db, Filter(), 10)] == [
        "acquirer: A; target: C"
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[Article | Tags | DealEvent]:
    """Articles with edits, some taken back; each version read by one or two extractors."""
    names = st.sampled_from(["A", "B", "C"])
    events: list[Article | Tags | DealEvent] = []
    told_by: dict[tuple[int, str, str], set[tuple[str, str]]] = {}
    for number in range(draw(st.integers(1, 3))):
        for minute in range(draw(st.integers(1, 3))):
            text = draw(st.sampled_from(["Text.", "Other text."]))
            article = an_article(f"https://e.com/{number}", text, minute=minute)
            events.append(article)
            for extractor in draw(st.sampled_from([["1.0.0"], ["1.9.0", "1.10.0"]])):
                # The same version and extractor always tell the same.
                pairs = told_by.setdefault(
                    (number, text, extractor), draw(st.sets(st.tuples(names, names), max_size=3))
                )
                deals = [a_deal_event(article, a, b, extractor) for a, b in sorted(pairs)]
                events += [*deals, some_tags(article, *deals, extractor=extractor)]
    return events


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_nor_batches_matter(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[Article | Tags | DealEvent],
    chance: random.Random,
) -> None:
    folder = tmp_path_factory.mktemp("order")
    shuffled = events + [event for event in events if chance.random() < 0.4]
    chance.shuffle(shuffled)
    with open_for_writing(folder / "a.db") as plain, open_for_writing(folder / "b.db") as other:
        write(plain, [incoming(as_record(event)) for event in events])
        rest = shuffled
        while rest:
            size = chance.randint(1, len(rest))
            write(other, [incoming(as_record(event)) for event in rest[:size]])
            rest = rest[size:]
        assert dump(plain.db) == dump(other.db)
        for store in (plain, other):
            assert published_state(store.db) == stored_state(store.db)


def published_state(db: sqlite3.Connection) -> dict[str, Deal]:
    """What a subscriber of the compacted topic holds in the end."""
    state = {row["key"]: row["value"] for row in db.execute("SELECT * FROM outbox ORDER BY seq")}
    return {key.decode(): Deal.model_validate_json(v) for key, v in state.items() if v is not None}


def stored_state(db: sqlite3.Connection) -> dict[str, Deal]:
    rows = db.execute("SELECT deal_id, deal FROM deals")
    return {row["deal_id"]: Deal.model_validate_json(row["deal"]) for row in rows}


BAD = [
    pytest.param(b"{", "Invalid JSON", id="not JSON"),
    pytest.param(b"", "Invalid JSON", id="empty"),
    pytest.param(None, "no value", id="null"),
    pytest.param(b'{"article_id": "x"}', "version: Field required", id="missing field"),
    pytest.param(b"\xff\xfe", "Invalid JSON", id="not UTF-8"),
    pytest.param(b"[" * 10_000 + b"]" * 10_000, "recursion", id="nested deep"),
    pytest.param(b'{"article_id": 7}', "article_id: Input should be a valid string", id="type"),
    pytest.param(b'"\\ud800"', "surrogate", id="half a character"),
]


@pytest.mark.parametrize("topic", [TOPICS.articles, TOPICS.tags, TOPICS.deal_events])
@pytest.mark.parametrize(("value", "why"), BAD)
def test_what_cannot_be_read_is_kept_whole_with_its_cause(
    store: Store, topic, value: bytes | None, why: str
) -> None:
    bad = incoming(Record(topic.name, b"key", value, [("x", b"\xff")]), offset=7, partition=1)
    good = incoming(as_record(an_article()), offset=8)
    counts = write(store, [bad, good])
    assert (counts.articles, counts.dead_letters) == (1, 1)
    (row,) = store.db.execute("SELECT * FROM dead_letters").fetchall()
    assert (row["topic"], row["partition"], row["offset"]) == (topic.name, 1, 7)
    assert (row["key"], row["value"]) == (b"key", value)
    assert why in row["error"] or topic is not TOPICS.articles
    assert row["error"]
    sent = store.db.execute("SELECT topic, value FROM outbox").fetchall()
    assert [tuple(row) for row in sent] == [(TOPICS.dead_letters.name, value)]


def test_the_reader_and_the_sink_refusing_the_same_message_make_one_dead_letter(
    store: Store,
) -> None:
    bad = incoming(Record(TOPICS.articles.name, None, b"{", []), offset=3)
    letter = dead_letter(
        TOPICS.dead_letters.name, bad.origin, None, b"{", [], ValueError("no"), "/dealwire/reader"
    )
    write(store, [bad])
    write(store, [incoming(letter)])
    assert len(list_dead_letters(store.db, 10, waiting=True)) == 1


def test_a_dead_letter_without_our_headers_is_kept_under_its_own_place(store: Store) -> None:
    write(store, [incoming(Record(TOPICS.dead_letters.name, None, b"?", []), offset=5)])
    (row,) = list_dead_letters(store.db, 10, waiting=True)
    assert (row["topic"], row["offset"]) == (TOPICS.dead_letters.name, 5)
    assert row["error"] == "the headers do not say why"


def test_a_dead_letter_sent_again_is_marked_when_the_sink_meets_it(store: Store) -> None:
    bad = incoming(Record(TOPICS.articles.name, b"k", b"{", [("trace", b"1")]), offset=3)
    write(store, [bad])
    (letter,) = select_waiting(store.db, [])
    again = to_send_again(letter)
    assert (again.topic, again.key, again.value) == (TOPICS.articles.name, b"k", b"{")
    assert again.headers == [("trace", b"1"), (REPLAY_OF, b"news.articles.v1/0/3")]
    write(store, [incoming(again, offset=9)])
    rows = list_dead_letters(store.db, 10, waiting=False)
    assert [(row["offset"], row["replayed_at"] is not None) for row in rows] == [
        (9, False),
        (3, True),
    ]


def test_forgotten_offsets_are_those_of_one_topic_and_cluster(store: Store) -> None:
    write(store, [incoming(as_record(e)) for e in told((an_article(), []))])
    with store.transaction() as db:
        assert forget_offsets(db, CLUSTER, TOPICS.articles.name) == 1
        assert forget_offsets(db, "another", TOPICS.tags.name) == 0
    assert {place.topic for place in read_offsets(store.db, CLUSTER)} == {TOPICS.tags.name}


@pytest.mark.parametrize(
    ("only", "found"),
    [
        pytest.param(Filter(), 1, id="all"),
        pytest.param(Filter(types=("acquisition", "debt")), 1, id="type"),
        pytest.param(Filter(types=("debt",)), 0, id="other type"),
        pytest.param(Filter(statuses=("announced",)), 1, id="status"),
        pytest.param(Filter(party="b"), 1, id="party in any case"),
        pytest.param(Filter(party="Z"), 0, id="other party"),
        pytest.param(Filter(currency="eur", least_amount=3e6), 1, id="amount"),
        pytest.param(Filter(least_amount=3e6 + 1), 0, id="larger amount"),
        pytest.param(Filter(least_confidence=0.75), 1, id="confidence"),
        pytest.param(Filter(least_confidence=0.76), 0, id="more confidence"),
        pytest.param(Filter(since="2026-03-02"), 1, id="since"),
        pytest.param(Filter(since="2026-03-03"), 0, id="since later"),
    ],
)
def test_deals_are_found_by_what_people_ask_for(store: Store, only: Filter, found: int) -> None:
    article = an_article()
    write(store, [incoming(as_record(e)) for e in told((article, [a_deal_event(article)]))])
    assert len(read_deals(store.db, only, 10)) == found
