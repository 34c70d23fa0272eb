"""Why an article gave these deals: what was seen in it, put together from a reading's trace."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from processors.amounts import Money
from processors.explanation import (
    Explanation,
    Mark,
    Passage,
    Price,
    Reported,
    Taker,
    Told,
    Unseen,
)
from processors.heads import PARTS, STATUSES, TYPES, Scores
from processors.joined import MOST_SENTENCES
from processors.learned import Draft
from processors.names import Mention
from processors.reasons import reasons
from processors.rules import Proposal
from processors.triggers import Hit
from processors.view import View
from schemas import Amount, Article, DealEvent, Tags
from schemas.deal_event import ROLES

_FAINT = 0.1
"""Probability below which a name that takes no part is not worth a word."""
_SOME = 6
"""Names and amounts passed over that are told of a draft, at most."""

_COLUMNS = {part: column for column, part in enumerate(PARTS)}


@dataclass(slots=True)
class Trace:
    """What the reader had in its hands while it read one text.

    `joined` has, for each deal, the numbers of the proposals (as `believed` returns them) that tell
    it. `least` is the confidence from which drafts are believed; None: lists read them, all are.
    """

    view: View | None
    kept: list[tuple[int, int]]
    money: list[Money]
    scores: dict[int, Scores] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    joined: list[list[int]] = field(default_factory=list)
    least: float | None = None

    def by_lists(self, proposals: Sequence[Proposal]) -> None:
        """Take what lists propose as drafts without scores."""
        assert self.view
        starts = [sentence.start for sentence in self.view.sentences]
        for proposal in proposals:
            number = bisect_right(starts, proposal.evidence[0][0]) - 1
            self.drafts.append(Draft(proposal, {}, [], number))

    def trusts(self, draft: Draft) -> bool:
        """Whether a draft is reported."""
        return self.least is None or draft.proposal.confidence >= self.least

    def believed(self) -> list[Proposal]:
        """Return the proposals to report, as copies: joining changes them."""
        found = [draft.proposal for draft in self.drafts if self.trusts(draft)]
        return [
            replace(one, parties=list(one.parties), evidence=list(one.evidence)) for one in found
        ]


def explain(article: Article, tags: Tags, events: Sequence[DealEvent], trace: Trace) -> Explanation:
    """Return what led to the `events` of an article, each joined of drafts as the trace says."""
    view, text = trace.view, article.text
    names = {id(name): index for index, name in enumerate(view.names)} if view else {}
    told = [_told(view, text, trace, draft, names) for draft in trace.drafts] if view else []
    pairs = list(zip(trace.drafts, told, strict=True))
    believed = [one for draft, one in pairs if trace.trusts(draft)]
    doubted = [one for draft, one in pairs if not trace.trusts(draft)]
    return Explanation(
        title=article.title,
        text=text,
        language=view.language if view else None,
        extractor=tags.extractor,
        read_by="lists" if trace.least is None else "model",
        least=trace.least,
        note=_note(view),
        marks=tuple(_marks(text, trace)),
        deals=tuple(
            Reported(event=event, told=tuple(believed[number] for number in numbers))
            for event, numbers in zip(events, trace.joined, strict=True)
        ),
        doubted=tuple(sorted(doubted, key=lambda one: -one.confidence)),
        unseen=tuple(_unseen(view, text, trace)) if view else (),
    )


def _note(view: View | None) -> str:
    if view is None:
        return "neither in French nor in English: not looked into"
    if not view.sentences:
        return "no word of it tells of a deal: not looked into"
    if len(view.sentences) > MOST_SENTENCES:
        return f"only its first {MOST_SENTENCES} sentences were looked into"
    return ""


def _marks(text: str, trace: Trace) -> list[Mark]:
    """Return the marks in the order of the text; the longer first where two begin together."""
    found = [_mark(text, start, end, "furniture") for start, end in _masked(text, trace)]
    found += [_mark(text, m.start, m.end, "amount", _value(m)) for m in trace.money]
    view = trace.view
    if view is not None:
        for sentence in view.sentences:
            if sentence.heading:
                found.append(_mark(text, sentence.start, sentence.end, "heading"))
        for name in view.names:
            kind = "described" if name.described else name.kind
            found += [_mark(text, m.start, m.end, kind, name.called()) for m in name.mentions]
        for hit in (hit for n in range(len(view.sentences)) for hit in _hits(view, n)):
            types = dict.fromkeys(frame.type.replace("_", " ") for frame in hit.frames)
            found.append(_mark(text, hit.start, hit.end, "trigger", ", ".join(types)))
    return sorted(found, key=lambda mark: (mark.start, -mark.end))


def _mark(text: str, start: int, end: int, kind: str, of: str = "") -> Mark:
    return Mark.model_validate(
        {"start": start, "end": end, "text": text[start:end], "kind": kind, "of": of}
    )


def _masked(text: str, trace: Trace) -> Iterator[tuple[int, int]]:
    """Yield the stretches that are no article, without the white space around them."""
    at = 0
    for start, end in [*trace.kept, (len(text), len(text))]:
        between = text[at:start]
        if between.strip():
            first = at + len(between) - len(between.lstrip())
            yield first, at + len(between.rstrip())
        at = end


def _value(money: Money) -> str:
    low, high = (None if v is None else f"{v:,.15g}" for v in (money.low, money.high))
    value = low if low == high else f"{low} to {high}"
    value = f"up to {high}" if low is None else f"more than {low}" if high is None else value
    return f"{'about ' if money.approx else ''}{value} {money.currency}"


def _told(view: View, text: str, trace: Trace, draft: Draft, names: Mapping[int, int]) -> Told:
    proposal, number = draft.proposal, draft.sentence
    sentence, scores, kind = view.sentences[number], trace.scores.get(number), proposal.type
    sure = {(part.role, part.name): part.score for part in draft.parts}
    parties = tuple(
        _taker(view, number, role, names[id(name)], sure.get((role, names[id(name)])))
        for role, name in proposal.parties
    )
    prices = _prices(view, text, scores, kind)
    types = _types(scores)
    return Told(
        sentence=Passage(sentence.start, sentence.end),
        text=text[sentence.start : sentence.end],
        triggers=_triggers(view, text, number),
        type=kind,
        types=types,
        status=proposal.status,
        statuses=_statuses(scores, kind),
        parties=parties,
        passed_over=tuple(_passed_over(view, number, scores, draft)),
        price=_amount(text, proposal.amount) if proposal.amount else None,
        prices=prices,
        reasons=reasons(draft.signals, trace.weights, kind, types, parties, prices),
        confidence=proposal.confidence,
    )


def _types(scores: Scores | None) -> dict[str, float]:
    if scores is None:
        return {}
    ranked = sorted(zip(TYPES, map(float, scores.types), strict=True), key=lambda pair: -pair[1])
    return {name: round(score, 4) for name, score in ranked}


def _statuses(scores: Scores | None, kind: str) -> dict[str, float]:
    if scores is None:
        return {}
    row = map(float, scores.statuses[TYPES.index(kind)])
    ranked = sorted(zip(STATUSES, row, strict=True), key=lambda pair: -pair[1])
    return {name: round(score, 4) for name, score in ranked}


def _passed_over(view: View, number: int, scores: Scores | None, draft: Draft) -> list[Taker]:
    """Return the likeliest names that take no part, each in its likeliest role."""
    if scores is None:
        return []
    taken = {part.name for part in draft.parts}
    found = []
    for name, row in scores.roles.items():
        kind = draft.proposal.type
        score, role = max((float(row[_COLUMNS[kind, role]]), role) for role in ROLES[kind])
        if name not in taken and score >= _FAINT:
            found.append(_taker(view, number, role, name, score))
    return sorted(found, key=lambda taker: -(taker.probability or 0))[:_SOME]


def _prices(view: View, text: str, scores: Scores | None, kind: str) -> tuple[Price, ...]:
    if scores is None:
        return ()
    column = TYPES.index(kind)
    ranked = sorted((-float(row[column]), index) for index, row in scores.money.items())
    return tuple(
        Price(amount=_amount(text, view.money[index]), probability=round(-score, 4))
        for score, index in ranked[:_SOME]
    )


def _amount(text: str, money: Money) -> Amount:
    return Amount(text=text[money.start : money.end], **money._asdict())


def _taker(view: View, number: int, role: str, name: int, score: float | None) -> Taker:
    mention = _met(view.names[name].mentions, number)
    gap = number - mention.sentence
    return Taker(
        role=role,
        name=view.names[name].called(),
        probability=None if score is None else round(score, 4),
        start=mention.start,
        end=mention.end,
        gap=max(gap, -1),
    )


def _met(mentions: Sequence[Mention], number: int) -> Mention:
    """Return the mention in a sentence, else the last one before it, else the next one."""
    last = bisect_right(mentions, number, key=lambda m: m.sentence)
    inside = bisect_left(mentions, number, key=lambda m: m.sentence)
    return mentions[inside if inside < last else max(inside - 1, 0)]


def _hits(view: View, number: int) -> Sequence[Hit]:
    """Return the triggers of a sentence."""
    sentence = view.sentences[number]
    first = bisect_left(view.hits, sentence.start, key=lambda hit: hit.start)
    last = bisect_left(view.hits, sentence.end, key=lambda hit: hit.start)
    return view.hits[first:last]


def _triggers(view: View, text: str, number: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text[hit.start : hit.end] for hit in _hits(view, number)))


def _unseen(view: View, text: str, trace: Trace) -> Iterator[Unseen]:
    """Yield the sentences with triggers, or a type not wholly unlikely, and yet without a draft."""
    drafted = {draft.sentence for draft in trace.drafts}
    for number, sentence in enumerate(view.sentences):
        triggers = _triggers(view, text, number)
        types = _types(trace.scores.get(number))
        likely = {name: score for name, score in types.items() if score >= _FAINT}
        if number not in drafted and (triggers or likely):
            yield Unseen(
                sentence=Passage(sentence.start, sentence.end),
                text=text[sentence.start : sentence.end],
                triggers=triggers,
                types=likely,
            )
