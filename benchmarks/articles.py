"""Articles for load: the seeds' paragraphs, shuffled, about companies with invented names."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from processors.reader import Reader
from processors.text import lower, normalise
from processors.triggers import Triggers
from producers.documents import find_files, read_documents
from schemas import Article

SEEDS = Path(__file__).parent.parent / "seeds"
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
TYPICAL_CHARS = 3000
SHORT_CHARS = 60
"""Shorter sentences are headings and menus."""
QUIET_AMOUNTS = 0
"""The seeds are about money; most news is not."""
TOLD_BY = 3
"""Articles that tell the same story: those that follow each other use the same names."""

_NAMES = (
    *("Alphabet", "Amazon", "AMD", "Anthropic", "Apollo Global Management", "Apptio", "AWS"),
    *("Blue Owl Capital", "Confluent", "CoreWeave", "DataStax", "Fluidstack", "Google", "Hakkoda"),
    *("HashiCorp", "IBM", "Intel", "JPMorgan Chase", "Meta", "Microsoft", "Mitsubishi UFJ"),
    *("Nvidia", "OpenAI", "Oracle", "PIMCO", "Red Hat", "Seek AI", "SoftBank", "xAI"),
)
"""The companies of the seeds."""

_NAME = re.compile(rf"\b(?:{'|'.join(_NAMES)})\b")
_SENTENCE_END = re.compile(r"\n\n|(?<=[.!?]) ")
_STARTS = ("Bel", "Cor", "Dra", "Fen", "Gal", "Hul", "Jor", "Kel", "Lum", "Mar", "Nor", "Pel")
_MIDDLES = ("a", "ani", "do", "e", "era", "i", "imo", "o", "osta", "u")
_ENDS = ("bex", "dyne", "lia", "mont", "nova", "ra", "ris", "san", "tec", "vance", "via", "wick")


def make_articles(count: int, deal_share: float, seed: int = 1) -> Iterator[Article]:
    """Yield distinct articles of about TYPICAL_CHARS; the same `seed` gives the same ones.

    `deal_share` of them are made of articles that tell deals, evenly spread, the others of
    paragraphs without one.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    names: dict[str, str] = {}
    told = 0
    for number in range(count):
        is_deal = int((number + 1) * deal_share) > int(number * deal_share)
        if is_deal:
            if told % TOLD_BY == 0:
                names = {name: _invent(chance) for name in _NAMES}
                seeds = chance.choice([s for s in _seeds().values() if len(s) > 1])
            told += 1
            model = seeds[told % len(seeds)]
            headline, *own = model.text.split("\n\n")
        else:
            model = chance.choice([s for found in _seeds().values() for s in found])
            headline, own = f"Notes, no. {number}", []
        text = "\n\n".join([headline, *_body(own, model.language, chance)])
        text = _rename(text, names)
        yield Article.of(
            text,
            title=text.partition("\n")[0],
            url=f"https://news.example/{seed}/{number}",
            source=f"Source {number % 97}",
            language=model.language,
            published_at=START + timedelta(seconds=number),
            fetched_at=START + timedelta(seconds=number + 30),
        )


def _body(own: list[str], language: str | None, chance: random.Random) -> list[str]:
    """Return an article's own paragraphs among as many quiet ones as make it of typical size."""
    body = list(own)
    while sum(map(len, body)) < TYPICAL_CHARS:
        body.append(chance.choice(_quiet_sentences(language)))
    chance.shuffle(body)
    return body


def _rename(text: str, names: dict[str, str]) -> str:
    return _NAME.sub(lambda found: names.get(found[0], found[0]), text)


def _invent(chance: random.Random) -> str:
    return chance.choice(_STARTS) + chance.choice(_MIDDLES) + chance.choice(_ENDS)


@functools.cache
def _seeds() -> dict[str | None, list[Article]]:
    """Return the seeds by language."""
    found: dict[str | None, list[Article]] = {}
    for path in find_files([SEEDS]):
        for document in read_documents(path):
            if document.article and path.suffix == ".txt":
                found.setdefault(document.article.language, []).append(document.article)
    return found


@functools.cache
def _quiet_sentences(language: str | None) -> list[str]:
    """Return sentences in which the reader finds no trigger, and hardly an amount."""
    reader, triggers = Reader(), Triggers(language or "")
    quiet = []
    for seed in _seeds()[language]:
        for part in _SENTENCE_END.split(seed.text):
            if len(part) > SHORT_CHARS and not triggers.find(lower(normalise(part))):
                tags, _ = reader.read(Article.of(part, fetched_at=START))
                if len(tags.amounts) <= QUIET_AMOUNTS:
                    quiet.append(part)
    return quiet
