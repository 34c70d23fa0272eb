"""The reader: one article in, its tags and its deal events out. A pure function of the article."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from processors import lexicon
from processors.amounts import Amounts, Money
from processors.boilerplate import Boilerplate
from processors.language import identify
from processors.merge import merge
from processors.names import Name, Names
from processors.rules import Proposal, Rules
from processors.sentences import split
from processors.text import lower, normalise
from processors.triggers import Triggers
from processors.view import View, lay_out
from schemas import (
    Amount,
    Article,
    DealEvent,
    Entity,
    Party,
    Span,
    Tags,
    digest,
)
from schemas import (
    Money as MoneyEvent,
)

VERSION = "0.1.0"
"""Raised with every change of what is read: a new version reads every article anew."""


class Reading(NamedTuple):
    """What one text says, before it becomes events."""

    language: str | None
    kept: list[tuple[int, int]]
    names: list[Name]
    money: list[Money]
    deals: list[Proposal]


class _Language:
    """All lists and rules of one language."""

    def __init__(self, language: str) -> None:
        self.boilerplate = Boilerplate(language)
        self.triggers = Triggers(language)
        self.amounts = Amounts(language)
        self.names = Names(language)
        self.rules = Rules(language)


class Reader:
    """Reads articles in French and English; anything else gives tags without content."""

    def __init__(self) -> None:
        self.version = VERSION
        self._languages = {name: _Language(name) for name in lexicon.LANGUAGES}

    def read(self, article: Article) -> tuple[Tags, tuple[DealEvent, ...]]:
        """Return the tags and deal events of an article; the same ones every time."""
        reading = self.parse(article.text)
        events = tuple(self._events(article, reading))
        tags = Tags(
            article_id=article.article_id,
            article_version=article.version,
            article_fetched_at=article.fetched_at,
            extractor=self.version,
            language=reading.language,
            kept=tuple(reading.kept),
            entities=tuple(_entity(article.text, name) for name in reading.names),
            amounts=tuple(_amount(article.text, money) for money in reading.money),
            deal_event_ids=tuple(event.event_id for event in events),
        )
        return tags, events

    def view(
        self, raw: str, every: bool = False
    ) -> tuple[View | None, list[tuple[int, int]], list[Money]]:
        """Lay out a text: None when its language is not ours; then the kept spans and amounts.

        Without a trigger there is nothing to lay out, unless `every` text is wanted.
        """
        text = normalise(raw)
        low_text = lower(text)
        language = identify(low_text, tuple(self._languages))
        if language is None:
            return None, [(0, len(raw))], []
        lists = self._languages[language]
        kept = lists.boilerplate.kept(text, low_text)
        money = lists.amounts.find(text, low_text)
        hits = lists.triggers.find(low_text)
        if not every and not any(frame.strong for hit in hits for frame in hit.frames):
            return View(language, low_text), kept, money
        sentences = split(text, kept)
        names = lists.names.find(sentences)
        return lay_out(language, low_text, sentences, names, money, hits), kept, money

    def parse(self, raw: str) -> Reading:
        """Read a text. Linear in its length; most texts hold no trigger and end early."""
        view, kept, money = self.view(raw)
        if view is None:
            return Reading(None, kept, [], [], [])
        proposals = self._languages[view.language].rules.propose(view)
        return Reading(view.language, kept, view.names, money, merge(proposals))

    def _events(self, article: Article, reading: Reading) -> list[DealEvent]:
        seen: Counter[str] = Counter()
        events = []
        for deal in reading.deals:
            parties = tuple(
                Party(role=role, name=name.name, entity_id=_entity_id(name))
                for role, name in deal.parties
            )
            content = "|".join(
                [deal.type, deal.status, *(f"{p.role}={p.name}" for p in parties), str(deal.amount)]
            )
            seen[content] += 1
            identity = (
                "deal-event",
                article.article_id,
                article.version,
                article.fetched_at.isoformat(),
                self.version,
                content,
                str(seen[content]),
            )
            events.append(
                DealEvent(
                    article_id=article.article_id,
                    article_version=article.version,
                    article_fetched_at=article.fetched_at,
                    extractor=self.version,
                    event_id=digest(*identity),
                    type=deal.type,
                    status=deal.status,
                    parties=parties,
                    amount=_money(article.text, deal.amount),
                    evidence=tuple(_span(article.text, *span) for span in deal.evidence),
                    confidence=deal.confidence,
                    language=reading.language,
                    url=article.url,
                    title=article.title,
                    source=article.source,
                    published_at=article.published_at,
                )
            )
        return events


def _span(text: str, start: int, end: int) -> Span:
    return Span(start=start, end=end, text=text[start:end])


def _entity_id(name: Name) -> str:
    return digest("entity", name.kind, name.name.casefold())


def _entity(text: str, name: Name) -> Entity:
    mentions = tuple(_span(text, m.start, m.end) for m in name.mentions)
    return Entity(entity_id=_entity_id(name), name=name.name, kind=name.kind, mentions=mentions)


def _amount(text: str, money: Money) -> Amount:
    return Amount(text=text[money.start : money.end], **money._asdict())


def _money(text: str, money: Money | None) -> MoneyEvent | None:
    if money is None:
        return None
    return MoneyEvent(
        low=money.low,
        high=money.high,
        currency=money.currency,
        approx=money.approx,
        text=text[money.start : money.end],
    )
