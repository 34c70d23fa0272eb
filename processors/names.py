"""Names: capitalised runs in the right places, and what kind of thing each one is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from processors import aliases, lexicon
from processors.sentences import Sentence
from processors.tagger import Spans
from processors.text import Token
from schemas import EntityKind

_LONGEST = 9
"""Tokens of the longest name: a line of capitals is no name."""
_GLUE = frozenset("-.&+@/'")
_PARTICLES = frozenset(
    ("&", "van", "von", "der", "den", "del", "della", "di", "al", "el", "bin", "ben", "y")
)
_PERSON = frozenset(
    ("m", "mm", "mme", "mlle", "mr", "mrs", "ms", "dr", "sir", "lord", "lady", "me")
)


@dataclass(slots=True)
class Mention:
    """One place where a name stands: tokens `first` to `last` (excluded) of sentence `sentence`."""

    start: int
    end: int
    text: str
    sentence: int
    first: int
    last: int
    described: bool = False


@dataclass(slots=True)
class Name:
    """Somebody or something named, with all its mentions in the order of the text."""

    name: str
    kind: EntityKind
    mentions: list[Mention] = field(default_factory=list)
    described: bool = False

    def called(self) -> str:
        """Return what to call it: the form met first, or its one word where that is usual.

        So two names that ran together once ("Zorvane Belmoral") do no harm later on.
        """
        if len(aliases.words(self.name)) != 2:
            return self.name
        forms = Counter(mention.text for mention in self.mentions)
        usual, count = forms.most_common(1)[0]
        often = count > 2 * forms[self.name] and " " not in usual
        return usual if often and usual in self.name else self.name


class Names:
    """Finds the names of one language."""

    def __init__(self, language: str) -> None:
        self._common = lexicon.words(f"{language}/common")
        self._never = lexicon.words(f"{language}/not_names")
        self._places = lexicon.words("places")
        self._first_names = lexicon.words("first_names")
        self._small = frozenset(lexicon.table("function_words")[language].split())
        table = lexicon.table(f"{language}/grammar")["names"]
        self._inner, self._seats = frozenset(table["inside"]), frozenset(table["seats"])

    def find(self, sentences: list[Sentence], spans: list[Spans] | None = None) -> list[Name]:
        """Return the names of an article, in the order of their first mention.

        Where a tagger gave their `spans`, by those; else by capitals.
        """
        if spans is not None:
            return self._group(list(self._tagged(sentences, spans)), sentences)
        everything = sentences
        sure = self._sure(everything)
        mentions = [
            mention
            for number, sentence in enumerate(everything)
            for mention in self._in_sentence(number, sentence, sure)
        ]
        return self._group(mentions, everything)

    def _tagged(self, sentences: list[Sentence], spans: list[Spans]) -> Iterable[Mention]:
        """Return the mentions at the spans that a tagger found."""
        for number, (sentence, found) in enumerate(zip(sentences, spans, strict=True)):
            words = sentence.tokens
            for begin, last, described in found:
                first = begin if described else self._behind_seat(words, begin, last)
                if all(token.low in self._small for token in words[first:last]):
                    continue
                text = _slice(words, first, last)
                start, end = words[first].start, words[last - 1].end
                yield Mention(start, end, text, number, first, last, described)

    def _behind_seat(self, words: list[Token], first: int, last: int) -> int:
        """Return where the name itself starts: "Denver-based" says only where it sits."""
        compound = last - first > 3 and words[first + 1].text == "-"
        return first + 3 if compound and words[first + 2].low in self._seats else first

    def _sure(self, sentences: list[Sentence]) -> set[str]:
        """Return the capitalised words that stand inside ordinary sentences: names for certain."""
        return {
            token.text
            for sentence in sentences
            if not _titled(sentence)
            for token in sentence.tokens[1:]
            if token.text[0].isupper() and len(token.text) > 1 and token.low not in self._never
        }

    def _in_sentence(self, number: int, sentence: Sentence, sure: set[str]) -> Iterable[Mention]:
        words, titled, at = sentence.tokens, _titled(sentence), 0
        while at < len(words):
            if not self._starts(words, at, titled, sure):
                at += 1
                continue
            last = self._end(words, at, titled, sure)
            if at < last:
                start, end = words[at].start, words[last - 1].end
                text = _slice(words, at, last)
                yield Mention(start, end, text, number, at, last)
            at = max(last, at + 1)

    def _is_name(self, token: Token, titled: bool, sure: set[str]) -> bool:
        """Whether a word is capitalised as a name is, wherever it stands."""
        text = token.text
        if not any(c.isupper() for c in text) or token.low in self._never:
            return False
        if len(text) == 1 and not text.isupper():
            return False
        return not titled or text in sure or token.low not in self._common

    def _starts(self, words: list[Token], at: int, titled: bool, sure: set[str]) -> bool:
        token = words[at]
        if token.text[0].isdigit():
            glued = at + 1 < len(words) and words[at + 1].start == token.end
            return (
                glued
                and words[at + 1].text[:1].isupper()
                and words[at + 1].low not in self._never
                and len(token.text) < 3
                and len(words[at + 1].text) > 1
            )
        if not self._is_name(token, titled, sure):
            return False
        if len(token.text) == 1:
            follows = words[at + 1] if at + 1 < len(words) else None
            return (
                follows is not None
                and follows.start == token.end
                and follows.text in "&.'"
                and at > 0
            )
        opens = at == 0 or words[at - 1].text in '.:!?"•-–—*(' or words[at - 1].low in ("q", "a")
        if not opens or titled:
            return True
        if token.low not in self._common:
            return True
        following = words[at + 1] if at + 1 < len(words) else None
        return token.text in sure or (
            following is not None
            and following.text[0].isupper()
            and len(token.text) > 3
            and following.low not in self._never
            and f"{token.text} {following.text}" in sure
        )

    def _end(self, words: list[Token], at: int, titled: bool, sure: set[str]) -> int:
        """Return where the name that starts at `at` ends, in tokens."""
        last = at + 1
        head_is_common = words[at].low in self._common
        while last < len(words) and last - at < _LONGEST:
            token, glued = words[last], words[last].start == words[last - 1].end
            following = words[last + 1] if last + 1 < len(words) else None
            if (
                glued
                and token.text in _GLUE
                and following is not None
                and following.start == token.end
            ):
                if token.text == "'" and following.low == "s":
                    break
                if token.text == "'" and not following.text[0].isupper():
                    break
                if not following.text[0].isalnum():
                    break
                last += 2
            elif (glued and token.text[0].isalnum()) or (
                glued
                and token.text == "."
                and len(words[last - 1].text) == 1
                and words[last - 1].text.isupper()
            ):
                last += 1
            elif token.start - words[last - 1].end > 1 or glued:
                break
            elif self._is_name(token, titled, sure) and (len(token.text) > 1 or following):
                last += 1
            elif token.low in self._inner and following is not None:
                step = 2 if token.low in ("d", "l") and following.text == "'" else 1
                beyond = words[last + step] if last + step < len(words) else None
                linked = token.low in _PARTICLES or (
                    head_is_common and last == at + 1 and not titled
                )
                if token.low in ("la", "le", "les", "l", "the", "et", "and"):
                    linked = False
                if not linked or beyond is None or not self._is_name(beyond, titled, sure):
                    break
                last += step + 1
            else:
                break
        return last

    def _group(self, mentions: list[Mention], sentences: list[Sentence]) -> list[Name]:
        """Join the mentions of one name: equal but for legal forms, or its first or last word.

        A person is called by the last word later on, anybody else by the first.
        """
        names: list[Name] = []
        by_words: dict[tuple[str, ...], Name] = {}
        for mention in mentions:
            key = aliases.words(mention.text) or (mention.text,)
            if mention.described:
                key = (str(mention.start),)
            name = by_words.get(key)
            if name is None and names and _stands_for(mention, names[-1], sentences):
                name = by_words[key] = names[-1]
            if name is None:
                kind = self._kind(mention, sentences[mention.sentence].tokens)
                name = Name(mention.text, kind, described=mention.described)
                names.append(name)
                by_words[key] = name
                short = key[-1] if kind == "person" else key[0]
                if len(short) > 2 and (len(key) < 2 or short not in self._common):
                    by_words.setdefault((short,), name)
            name.mentions.append(mention)
        return names

    def _kind(self, mention: Mention, words: list[Token]) -> EntityKind:
        if mention.text in self._places:
            return "place"
        before = [t.low for t in words[max(0, mention.first - 2) : mention.first]]
        if any(word in _PERSON for word in before):
            return "person"
        first, _, rest = mention.text.partition(" ")
        if first.partition("-")[0] in self._first_names and rest and "&" not in rest:
            return "person"
        return "organisation"


def _stands_for(mention: Mention, name: Name, sentences: list[Sentence]) -> bool:
    """Whether a mention follows a name in brackets and abbreviates it: ("CDPQ")."""
    before = name.mentions[-1]
    if before.sentence != mention.sentence or name.described:
        return False
    between = sentences[mention.sentence].tokens[before.last : mention.first]
    if not between or between[0].text != "(" or any(t.text not in '("' for t in between):
        return False
    capitals = "".join(c for c in before.text if c.isupper()).lower()
    short = "".join(c for c in mention.text.lower() if c.isalnum())
    return (
        bool(capitals)
        and short[:1] == before.text[:1].lower()
        and set(short) <= set(before.text.lower())
    )


def _titled(sentence: Sentence) -> bool:
    """Whether most words of a sentence are capitalised, so that capitals tell nothing."""
    words = [t.text for t in sentence.tokens if len(t.text) > 3 and t.text.isalpha()]
    capital = sum(word[0].isupper() for word in words)
    return len(words) > 3 and capital > 0.8 * len(words)


def _slice(words: list[Token], first: int, last: int) -> str:
    """Return the words as printed, with single spaces."""
    parts = [words[first].text]
    for previous, token in zip(words[first:last], words[first + 1 : last], strict=False):
        parts.append(("" if token.start == previous.end else " ") + token.text)
    return "".join(parts)
