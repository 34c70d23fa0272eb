"""The reader: one article in, its tags and its deal events out. A pure function of the article."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from processors import lexicon
from processors.amounts import Amounts, Money
from processors.boilerplate import Boilerplate
from processors.dates import Dates
from processors.explain import Trace, explain
from processors.explanation import Explanation
from processors.facts import Facts
from processors.language import identify
from processors.learned import LEAST, Learned
from processors.merge import join
from processors.names import Name, Names
from processors.rules import Proposal, Rules
from processors.sentences import split
from processors.tagger import Tagger
from processors.text import lower, normalise
from processors.triggers import Hit, Triggers
from processors.view import View, lay_out
from schemas import (
    Amount,
    Article,
    DealEvent,
    Entity,
    Party,
    PricePerShare,
    Span,
    Tags,
    digest,
)
from schemas import (
    Money as MoneyEvent,
)

MODEL = lexicon.DATA / "model"
VERSION = "0.6.0"
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
        self.dates = Dates(language)
        self.facts = Facts(language)
        self.tagger: Tagger | None = None
        self.triggers = Triggers(language)
        self.amounts = Amounts(language)
        self.names = Names(language)
        self.rules = Rules(language)


class Reader:
    """Reads articles in French and English; anything else gives tags without content."""

    def __init__(self, model: Path | None = MODEL, least: float = LEAST) -> None:
        """Load lists and models; without a `model` folder, deals are read by the book alone.

        So they are in a language that the models have not learned. Deals below the confidence
        `least` are left out.
        """
        self.version = VERSION
        self._languages = {name: _Language(name) for name in lexicon.LANGUAGES}
        self._learned: Learned | None = None
        if model is not None and (model / "encoder.onnx").exists():
            self._learned = Learned.load(model, least)
            for name, lists in self._languages.items():
                if (path := model / f"names-{name}.crfsuite").exists():
                    lists.tagger = Tagger(name, path)

    def use(self, taggers: dict[str, Tagger]) -> None:
        """Find names by other taggers from now on, by language; training does this."""
        for name, tagger in taggers.items():
            self._languages[name].tagger = tagger

    def read(self, article: Article) -> tuple[Tags, tuple[DealEvent, ...]]:
        """Return the tags and deal events of an article; the same ones every time."""
        return self._publishable(article, self.parse(article.text))

    def explain(self, article: Article) -> tuple[Tags, tuple[DealEvent, ...], Explanation]:
        """Return what `read` does, and what led to it."""
        view, kept, money = self.view(article.text)
        trace = Trace(view, kept, money)
        if view and (learned := self._models(view.language)):
            trace.scores.update(learned.scores(view))
            trace.drafts.extend(learned.judged(view, trace.scores))
            trace.weights.update(learned.judge.weights)
            trace.least = learned.least
        elif view:
            trace.by_lists(self._languages[view.language].rules.propose(view))
        reading = self._reading(view, kept, money, trace.believed(), trace.joined)
        tags, events = self._publishable(article, reading)
        return tags, events, explain(article, tags, events, trace)

    def _publishable(
        self, article: Article, reading: Reading
    ) -> tuple[Tags, tuple[DealEvent, ...]]:
        events = tuple(self._events(article, reading))
        tags = Tags(
            article_id=article.article_id,
            article_version=article.version,
            article_fetched_at=article.fetched_at,
            extractor=self.version,
            language=reading.language,
            kept=tuple(reading.kept),
            entities=tuple(
                _entity(article.text, name) for name in reading.names if not name.described
            ),
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
        if not every and not _promising(hits, money):
            return View(language, low_text), kept, money
        sentences = split(text, kept)
        spans = lists.tagger.spans(sentences, hits) if lists.tagger else None
        names = lists.names.find(sentences, spans)
        return lay_out(language, low_text, sentences, names, money, hits), kept, money

    def parse(self, raw: str) -> Reading:
        """Read a text. Linear in its length; most texts hold no trigger and end early."""
        view, kept, money = self.view(raw)
        if view is None:
            return self._reading(view, kept, money, [])
        reads = self._models(view.language) or self._languages[view.language].rules
        return self._reading(view, kept, money, reads.propose(view))

    def _models(self, language: str) -> Learned | None:
        return self._learned if self._languages[language].tagger else None

    def _reading(
        self,
        view: View | None,
        kept: list[tuple[int, int]],
        money: list[Money],
        proposals: list[Proposal],
        joined: list[list[int]] | None = None,
    ) -> Reading:
        """Join the proposals; notes in `joined` the numbers of those that each deal came of."""
        if view is None:
            return Reading(None, kept, [], [], [])
        facts = self._languages[view.language].facts
        for proposal in proposals:
            proposal.facts = facts.of(view, proposal.type, proposal.evidence[0])
        deals = join(proposals)
        if joined is not None:
            joined.extend(numbers for _, numbers in deals)
        return Reading(view.language, kept, view.names, money, [deal for deal, _ in deals])

    def _events(self, article: Article, reading: Reading) -> list[DealEvent]:
        seen: Counter[str] = Counter()
        events = []
        for deal in reading.deals:
            parties = tuple(
                Party(
                    role=role,
                    name=name.called(),
                    entity_id=None if name.described else _entity_id(name),
                )
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
                    **_facts(deal.facts),
                    on_date=self._day(article, reading, deal),
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

    def _day(self, article: Article, reading: Reading, deal: Proposal) -> date | None:
        """Return when a deal was told or done; nobody tells the day of a mere rumour."""
        if deal.status == "rumoured" or reading.language is None:
            return None
        published = article.published_at and article.published_at.date()
        dates = self._languages[reading.language].dates
        told = (normalise(article.text[start:end]) for start, end in deal.evidence)
        return next((day for text in told if (day := dates.of(text, published))), None)


def _promising(hits: list[Hit], money: list[Money]) -> bool:
    """Whether a text may tell a deal at all: a strong trigger, or a weak one and money."""
    return bool(hits and money) or any(frame.strong for hit in hits for frame in hit.frames)


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    price = facts.get("price_per_share")
    if price is None or price.low is None:
        return {name: value for name, value in facts.items() if name != "price_per_share"}
    return {**facts, "price_per_share": PricePerShare(value=price.low, currency=price.currency)}


def _span(text: str, start: int, end: int) -> Span:
    return Span(start=start, end=end, text=text[start:end])


def _entity_id(name: Name) -> str:
    return digest("entity", name.kind, name.called().casefold())


def _entity(text: str, name: Name) -> Entity:
    mentions = tuple(_span(text, m.start, m.end) for m in name.mentions)
    return Entity(entity_id=_entity_id(name), name=name.called(), kind=name.kind, mentions=mentions)


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
