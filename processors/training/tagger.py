"""Train the tagger of names: our labels where a party is labelled, capitals everywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pycrfsuite

from processors.corpus import Document
from processors.sentences import Sentence
from processors.tagger import TokenFeatures
from processors.text import normalise
from processors.view import View

_ITERATIONS = 40


def train_tagger(language: str, examples: Iterable[tuple[Document, View]], path: Path) -> None:
    """Write a tagger of one language, trained on texts whose names were found by capitals."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.select("lbfgs")
    trainer.set_params({"c1": 0.05, "c2": 0.1, "max_iterations": _ITERATIONS, "feature.minfreq": 2})
    features = TokenFeatures(language)
    for document, view in examples:
        if view.language == language:
            spans = labelled_spans(document)
            rows = features.rows(view.sentences, view.hits)
            for number, row in enumerate(rows):
                trainer.append(row, labels(view, number, spans))
    path.parent.mkdir(exist_ok=True)
    trainer.train(str(path))


def labelled_spans(document: Document) -> list[tuple[int, int, bool]]:
    """Return where the labelled parties stand, longest first, and whether each is a description."""
    text = normalise(document.text)
    found = []
    for deal in document.deals:
        for _, names, named in deal.parties:
            for name in names:
                plain = normalise(name)
                described = not named or not any(c.isupper() for c in plain)
                pattern = r"(?<!\w)" + re.escape(plain) + r"(?!\w)"
                places = list(re.finditer(pattern, text))
                for match in places[:1] if described else places:
                    found.append((match.start(), match.end(), described))
    return sorted(set(found), key=lambda span: (span[0] - span[1], span))


def labels(view: View, number: int, spans: list[tuple[int, int, bool]]) -> list[str]:
    """Return the label of every token of a sentence: B and I of names and descriptions, or O."""
    sentence: Sentence = view.sentences[number]
    found = ["O"] * len(sentence.tokens)
    for start, end, described in spans:
        if start < sentence.end and sentence.start < end:
            inside = [i for i, t in enumerate(sentence.tokens) if start <= t.start < end]
            _mark(found, inside, "D" if described else "N")
    for name in view.names:
        for mention in name.mentions:
            if mention.sentence == number:
                _mark(found, list(range(mention.first, mention.last)), "N")
    return found


def _mark(found: list[str], inside: list[int], kind: str) -> None:
    """Label tokens as one span, unless a longer one is there already."""
    if inside and all(found[i] == "O" for i in inside):
        found[inside[0]] = f"B{kind}"
        for i in inside[1:]:
            found[i] = f"I{kind}"
