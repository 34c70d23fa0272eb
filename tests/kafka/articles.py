"""Articles for the tests: the beginnings of the seeds, varied, with something to read in each.

Only the beginnings, for these tests are about the pipeline: with whole articles, all that a slow
machine does in them is to read.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

from producers.documents import find_files, read_documents
from schemas import Article
from tests.kafka.pipeline import ROOT

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@functools.cache
def seeds() -> list[Article]:
    found = [
        document.article
        for path in find_files([ROOT / "seeds"])
        for document in read_documents(path)
    ]
    return [article for article in found if article and article.url]


def make_article(number: int, edition: int = 0, extra: str = "") -> Article:
    """Return the article of this number; a later edition is an edit of the same article."""
    seed = seeds()[number % len(seeds())]
    beginning = "\n\n".join(seed.text.split("\n\n")[:2])
    text = f"{beginning}\n\nNo. {number}, edition {edition}. {extra}".rstrip()
    return Article.of(
        text,
        title=seed.title,
        url=f"https://news.example/{number}",
        source=f"Source {number % 7}",
        language=seed.language,
        published_at=seed.published_at,
        fetched_at=START + timedelta(seconds=number, hours=edition),
    )


def make_articles(count: int, first: int = 0) -> list[Article]:
    return [make_article(number) for number in range(first, first + count)]
