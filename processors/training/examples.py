"""Labelled texts laid out as the reader sees them, each labelled deal tied to its sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from processors.aliases import same_name
from processors.corpus import Document, Label
from processors.lexicon import LANGUAGES
from processors.reader import Reader
from processors.tagger import Tagger
from processors.training.tagger import train_tagger
from processors.triggers import Frame
from processors.view import Symbol, View


@dataclass(slots=True)
class Told:
    """A labelled deal in a view: its parties by index of their name, its sentences, its price."""

    label: Label
    cast: dict[int, str]
    home: list[int]
    price: list[int]


@dataclass(slots=True)
class Example:
    """A text, its view, and the deals that it tells."""

    document: Document
    view: View
    told: list[Told]

    def stated(self, number: int) -> list[Told]:
        """Return the deals that a sentence states."""
        return [told for told in self.told if number in told.home]


def examples(documents: Iterable[Document], reader: Reader) -> list[Example]:
    """Lay out the documents; those in another language than labelled are left out."""
    found = []
    for document in documents:
        view, _, _ = reader.view(document.text, every=True)
        if view is not None and view.language == document.language:
            found.append(Example(document, view, [_told(view, d) for d in document.deals]))
    return found


def retagged(some: Sequence[Example], reader: Reader, folder: Path) -> list[Example]:
    """Lay the examples out anew with names as the tagger finds them in text it has not seen.

    Each half is tagged by what was learned from the other; last, a tagger is learned from all.
    """
    found: list[Example] = []
    for learn, apply in ((some[::2], some[1::2]), (some[1::2], some[::2])):
        reader.use(_taggers(learn, folder))
        found += examples((example.document for example in apply), reader)
    _taggers(some, folder)
    return found


def _taggers(some: Sequence[Example], folder: Path) -> dict[str, Tagger]:
    found = {}
    for language in LANGUAGES:
        path = folder / f"names-{language}.crfsuite"
        train_tagger(language, [(example.document, example.view) for example in some], path)
        found[language] = Tagger(language, path)
    return found


def _told(view: View, label: Label) -> Told:
    cast = _cast(view, label)
    price = [index for index in range(len(view.money)) if _is_price(view, index, label)]
    return Told(label, cast, _home(view, label, cast), price)


def _cast(view: View, label: Label) -> dict[int, str]:
    """Return which names of a text are parties of a labelled deal, and in which role."""
    found: dict[int, str] = {}
    for role, names, _ in label.parties:
        for index, name in enumerate(view.names):
            if index not in found and same_name(name.name, names):
                found[index] = role
    return found


def _home(view: View, label: Label, cast: dict[int, str]) -> list[int]:
    """Return the sentences that state a deal: those of its quote, else the fullest one."""
    numbers = range(len(view.sentences))
    if label.quote is not None:
        start, end = label.quote
        return [
            n for n in numbers if view.sentences[n].start < end and start < view.sentences[n].end
        ]
    scores = [_fullness(view, n, label, cast) for n in numbers]
    return [int(np.argmax(scores))] if scores else []


def _fullness(view: View, number: int, label: Label, cast: dict[int, str]) -> float:
    symbols = view.symbols[number]
    score = 2.0 * len({s.name for s in symbols if s.name in cast})
    for symbol in symbols:
        frame = _frame(view, symbol, label.type)
        if frame is not None:
            score += 0.6 if frame.strong else 0.2
        if symbol.money >= 0 and _is_price(view, symbol.money, label):
            score += 1.0
    return score


def _frame(view: View, symbol: Symbol, kind: str) -> Frame | None:
    """Return the reading of a trigger as a deal of type `kind`, if it has one."""
    if symbol.hit < 0:
        return None
    return next((f for f in view.hits[symbol.hit].frames if f.type == kind), None)


def _is_price(view: View, money: int, label: Label) -> bool:
    amount = view.money[money]
    return label.amount is not None and label.amount == (amount.low, amount.high, amount.currency)


def echoes(view: View, number: int, told: Told) -> bool:
    """Whether a sentence may tell a deal again that another one states."""
    parties = {s.name for s in view.symbols[number] if s.name in told.cast}
    again = any(_frame(view, s, told.label.type) for s in view.symbols[number])
    return len(parties) > 1 or (bool(parties) and again)
