"""Where names begin and end, by a conditional random field trained on our corpus.

It also finds parties that are only described ("a Dutch pension fund"), which no capital shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pycrfsuite

from processors import lexicon
from processors.sentences import Sentence
from processors.text import Token
from processors.triggers import Hit

Spans = list[tuple[int, int, bool]]
"""First and last token (excluded) of a span, and whether it is a description and no name."""

_LISTS = ("places", "first_names")
_AROUND = (-2, -1, 1, 2)


class Tagger:
    """Tags the sentences of one language with a trained model."""

    def __init__(self, language: str, path: Path) -> None:
        self._features = TokenFeatures(language)
        self._model = pycrfsuite.Tagger()
        self._model.open(str(path))

    def spans(self, sentences: Sequence[Sentence], hits: Sequence[Hit]) -> list[Spans]:
        """Return the spans of each sentence."""
        return [
            list(_spans(self._model.tag(rows))) if rows else []
            for rows in self._features.rows(sentences, hits)
        ]


def _spans(labels: Sequence[str]) -> Iterator[tuple[int, int, bool]]:
    start = None
    for at, label in enumerate([*labels, "O"]):
        if start is not None and not label.startswith("I"):
            yield start, at, labels[start] == "BD"
            start = None
        if label.startswith("B"):
            start = at


class TokenFeatures:
    """What the tagger looks at. Names themselves are hidden: it learns the sentence around them."""

    def __init__(self, language: str) -> None:
        self._common = lexicon.words(f"{language}/common")
        self._never = lexicon.words(f"{language}/not_names")
        self._lists = {name: lexicon.words(name) for name in _LISTS}
        self._language = language

    def rows(self, sentences: Sequence[Sentence], hits: Sequence[Hit]) -> list[list[list[str]]]:
        """Return the features of every token of every sentence."""
        inner = {
            t.text
            for s in sentences
            for t in s.tokens[1:]
            if t.text[0].isupper() and t.low not in self._common
        }
        heard = {t.low for s in sentences for t in s.tokens if t.text.islower()}
        started = {hit.start: hit for hit in hits}
        return [self._sentence(s.tokens, inner, heard, started) for s in sentences]

    def _sentence(
        self, tokens: list[Token], inner: set[str], heard: set[str], started: dict[int, Hit]
    ) -> list[list[str]]:
        long = [t for t in tokens if len(t.text) > 3 and t.text[0].isalpha()]
        titled = len(long) > 3 and sum(t.text[0].isupper() for t in long) > 0.7 * len(long)
        own = [self._own(t, inner, heard, started) for t in tokens]
        rows = []
        for at, token in enumerate(tokens):
            row = [f"0{f}" for f in own[at]]
            for offset in _AROUND:
                if 0 <= at + offset < len(tokens):
                    row += [f"{offset}{f}" for f in own[at + offset][:4]]
                else:
                    row.append(f"{offset}edge")
            glued = at > 0 and tokens[at - 1].end == token.start
            following = at + 1 < len(tokens) and tokens[at + 1].start == token.end
            row += [f"glued{glued}{following}", f"titled{titled}", f"first{min(at, 2)}"]
            for offset in (-1, 1):
                if 0 <= at + offset < len(tokens):
                    row.append(f"pair{offset}{own[at][0]}{own[at + offset][0]}")
                    row.append(f"pairs{offset}{own[at][1]}{own[at + offset][0]}")
            row.append(f"titled{titled}{own[at][1]}{own[at][2]}{min(at, 1)}")
            rows.append(row)
        return rows

    def _own(
        self, token: Token, inner: set[str], heard: set[str], started: dict[int, Hit]
    ) -> list[str]:
        """Return what a word is by itself: word, shape, what lists say; the first four travel."""
        text, low = token.text, token.low
        common = low in self._common
        word = low if common or not text[0].isupper() else "?"
        stem = low[:5] if common and len(low) > 6 else ""
        found = [
            f"w{word}",
            f"x{_shape(text)}",
            f"c{common}{low in heard}",
            f"t{token.start in started}",
            f"n{low in self._never}{text in inner}",
            f"e{low[-3:] if text[0].isalpha() else ''}",
            f"{self._language}{_shape(text)}",
        ]
        if stem:
            found.append(f"s{stem}")
        found += [name for name, entries in self._lists.items() if text in entries]
        if token.start in started:
            found.append(f"T{started[token.start].entry}")
        return found


def _shape(text: str) -> str:
    if text.isdigit() or text[0].isdigit():
        return "9"
    if text.islower():
        return "x"
    if text.isupper():
        return "X" if len(text) == 1 else "XX"
    if text[0].isupper():
        return "Xx" if text[1:].islower() else "XxX"
    return "xX" if text[0].isalpha() else text
