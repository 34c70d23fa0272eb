"""Events for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runtime.dead_letters import Origin
from runtime.topics import Topics
from schemas import (
    Amount,
    Article,
    DealEvent,
    Entity,
    Money,
    Party,
    Record,
    Span,
    Tags,
    digest,
    record,
)
from sinks.batch import Incoming

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOPICS = Topics("news")


def an_article(url: str = "https://e.com/1", text: str = "A buys B.", minute: int = 0) -> Article:
    return Article.of(text, url=url, source="E", fetched_at=NOON + timedelta(minutes=minute))


def a_deal_event(
    article: Article, acquirer: str = "A", target: str = "B", extractor: str = "1.0.0"
) -> DealEvent:
    return DealEvent(
        article_id=article.article_id,
        article_version=article.version,
        article_fetched_at=article.fetched_at,
        extractor=extractor,
        event_id=digest(article.article_id, article.version, extractor, acquirer, target),
        type="acquisition",
        status="announced",
        parties=(
            Party(role="acquirer", name=acquirer, entity_id=acquirer.lower()),
            Party(role="target", name=target, entity_id=target.lower()),
        ),
        amount=Money(low=3e6, high=3e6, currency="EUR", text="3 M€"),
        evidence=(Span(start=0, end=9, text="A buys B."),),
        confidence=0.75,
        url=article.url,
        source=article.source,
    )


def some_tags(article: Article, *events: DealEvent, extractor: str = "1.0.0") -> Tags:
    name = article.text.split()[0]
    return Tags(
        article_id=article.article_id,
        article_version=article.version,
        article_fetched_at=article.fetched_at,
        extractor=extractor,
        language="en",
        kept=((0, len(article.text)),),
        entities=(
            Entity(
                entity_id=name.lower(),
                name=name,
                kind="organisation",
                mentions=(Span(start=0, end=len(name), text=name),),
            ),
        ),
        amounts=(Amount(start=0, end=1, text="3", low=3.0, high=3.0, currency="EUR"),),
        deal_event_ids=tuple(event.event_id for event in events),
    )


def as_record(event: Article | Tags | DealEvent) -> Record:
    topic = {Article: TOPICS.articles, Tags: TOPICS.tags, DealEvent: TOPICS.deal_events}
    return record(topic[type(event)].name, event, "/test")


def incoming(message: Record, offset: int = 0, partition: int = 0) -> Incoming:
    origin = Origin(message.topic, partition, offset)
    return Incoming(origin, message.key, message.value, list(message.headers), NOON)
