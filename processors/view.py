"""A text laid out for the model: sentences as symbols, with names and amounts in their places."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from processors.amounts import Money
from processors.names import Mention, Name
from processors.sentences import Sentence
from processors.triggers import Hit

_OFTEN = 3
_MAIN = 4
"""Mentions that a main name has at least, and how many main names there may be."""

_KINDS = {"organisation": "<O>", "person": "<P>", "place": "<L>"}


@dataclass(slots=True)
class Symbol:
    """A word in lower case, or what stands for a name, an amount, a year or a number.

    `name` and `money` are indices into the view's lists, -1 for none; `hit` is a trigger's.
    """

    word: str
    name: int = -1
    money: int = -1
    hit: int = -1


@dataclass(slots=True)
class Place:
    """Where a name stands: sentence, and the index of its symbol there."""

    sentence: int
    symbol: int


@dataclass(slots=True)
class View:
    """A whole text as the model sees it.

    `told` counts its strong triggers by type of deal. By sentence, `named_in` has the symbols of
    each name and `money_in` the amounts. `main` are the names mentioned most, `most` times at best.
    """

    language: str
    low_text: str
    sentences: list[Sentence] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    money: list[Money] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    symbols: list[list[Symbol]] = field(default_factory=list)
    places: list[list[Place]] = field(default_factory=list)
    money_places: list[Place | None] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    named_in: list[dict[int, list[int]]] = field(default_factory=list)
    money_in: list[list[int]] = field(default_factory=list)
    main: list[int] = field(default_factory=list)
    most: int = 0


def lay_out(
    language: str,
    low_text: str,
    sentences: list[Sentence],
    names: list[Name],
    money: list[Money],
    hits: list[Hit],
) -> View:
    """Return the view of a text whose parts were found already."""
    view = View(language, low_text, sentences, names, money, hits)
    view.places = [[] for _ in names]
    view.money_places = [None for _ in money]
    view.told.update(frame.type for hit in hits for frame in hit.frames if frame.strong)
    starts = [sentence.start for sentence in sentences]
    view.money_in = [[] for _ in sentences]
    for index, amount in enumerate(money):
        at = bisect_right(starts, amount.start) - 1
        if at >= 0 and amount.start < sentences[at].end:
            view.money_in[at].append(index)
    hits_in: list[list[int]] = [[] for _ in sentences]
    for index, hit in enumerate(hits):
        at = bisect_right(starts, hit.start) - 1
        if at >= 0 and hit.start < sentences[at].end:
            hits_in[at].append(index)
    named: list[list[tuple[Mention, int]]] = [[] for _ in sentences]
    for index, name in enumerate(names):
        for mention in name.mentions:
            named[mention.sentence].append((mention, index))
    for number, sentence in enumerate(sentences):
        view.symbols.append(
            _symbols(view, number, sentence, named[number], view.money_in[number], hits_in[number])
        )
    view.named_in = [{} for _ in sentences]
    for index, places in enumerate(view.places):
        for place in places:
            view.named_in[place.sentence].setdefault(index, []).append(place.symbol)
    counts = sorted((len(places) for places in view.places), reverse=True)
    view.most = max(counts, default=0)
    often = max([_OFTEN, *counts[1:2]]) if len(counts) > 1 else _OFTEN
    main = (index for index, places in enumerate(view.places) if len(places) >= often)
    view.main = list(islice(main, _MAIN))
    return view


def _symbols(
    view: View,
    number: int,
    sentence: Sentence,
    named: Sequence[tuple[Mention, int]],
    money: Sequence[int],
    hits: Sequence[int],
) -> list[Symbol]:
    """Return the symbols of a sentence; notes in `view` where names and amounts went."""
    starts = {mention.first: (mention, index) for mention, index in named}
    amounts = sorted((view.money[i].start, view.money[i].end, i) for i in money)
    found: list[Symbol] = []
    at, words = 0, sentence.tokens
    triggers = sorted((view.hits[i].start, view.hits[i].end, i) for i in hits)
    while at < len(words):
        while amounts and amounts[0][1] <= words[at].start:
            amounts.pop(0)
        while triggers and triggers[0][1] <= words[at].start:
            triggers.pop(0)
        if amounts and amounts[0][0] <= words[at].start:
            _, end, index = amounts.pop(0)
            view.money_places[index] = Place(number, len(found))
            found.append(Symbol("<M>", money=index))
            while at < len(words) and words[at].start < end:
                at += 1
            continue
        if at in starts:
            mention, index = starts[at]
            view.places[index].append(Place(number, len(found)))
            name = view.names[index]
            word = "<D>" if name.described else _KINDS[name.kind]
            found.append(Symbol(word, name=index))
            at = mention.last
            continue
        low = words[at].low
        hit = triggers[0][2] if triggers and triggers[0][0] <= words[at].start else -1
        found.append(Symbol(_word(low), hit=hit))
        at += 1
    return found


def _word(low: str) -> str:
    if low[0].isdigit():
        return "<Y>" if len(low) == 4 and low[:2] in ("19", "20") else "<N>"
    return low
