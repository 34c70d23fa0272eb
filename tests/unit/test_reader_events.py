"""What the reader hands to the topics: events whose ids depend on nothing but what was read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from processors.reader import Reader
from schemas import Article
from tests.make import NOON

TEXT = (
    "Velosud rachète Grimaldi\n\nLe fabricant de cycles Velosud a annoncé mardi le rachat de "
    "Grimaldi pour 35 millions d'euros. Les deux sociétés emploient 600 personnes.\n"
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def test_the_same_version_gives_the_same_events_whenever_it_is_fetched(reader: Reader) -> None:
    first = Article.of(TEXT, fetched_at=NOON)
    later = Article.of(TEXT, fetched_at=NOON + timedelta(days=1))
    (tags, deals), (later_tags, later_deals) = reader.read(first), reader.read(later)
    assert deals
    assert [deal.event_id for deal in deals] == [deal.event_id for deal in later_deals]
    assert tags.ce_id() == later_tags.ce_id()
    assert reader.read(first) == (tags, deals)


def test_another_article_or_version_has_other_ids(reader: Reader) -> None:
    here = Article.of(TEXT, fetched_at=NOON)
    there = Article.of(TEXT, fetched_at=NOON, url="https://e.com/1")
    edited = Article.of(TEXT + " ", fetched_at=NOON)
    ids = [{deal.event_id for deal in reader.read(a)[1]} for a in (here, there, edited)]
    assert all(ids)
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]


def test_tags_list_every_deal_event_and_events_name_their_article(reader: Reader) -> None:
    article = Article.of(TEXT, fetched_at=NOON, url="https://e.com/1", source="E", title="V")
    tags, deals = reader.read(article)
    assert tags.deal_event_ids == tuple(deal.event_id for deal in deals)
    assert len(set(tags.deal_event_ids)) == len(deals)
    for event in (tags, *deals):
        assert event.article_id == article.article_id
        assert event.article_version == article.version
        assert event.extractor == reader.version
    for deal in deals:
        assert (deal.url, deal.source, deal.title) == ("https://e.com/1", "E", "V")
        assert deal.evidence
