"""Articles out of archives, whose pages are read in processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

from producers.isolated import IsolatedMap
from producers.mediawiki import WikiPage, read_wiki_pages, wiki_fields
from producers.warc import Page, page_fields, read_pages

Numbered = tuple[int, Page | WikiPage | ValueError]
NEVER = datetime.min.replace(tzinfo=UTC)


def read_archive(
    kind: str, data: BinaryIO, after: int
) -> Iterator[tuple[int, dict[str, Any] | ValueError, datetime]]:
    """Yield each page beyond number `after`: its number, its fields or its problem, its time.

    `kind` is .warc or .xml. Where the archive is damaged, that is the last problem.
    """
    found = read_pages(data) if kind == ".warc" else read_wiki_pages(data)
    pages = ((number, page) for number, page in _to_the_damage(found) if number > after)
    with IsolatedMap(_fields) as run:
        for (number, page), fields in run(pages):
            yield number, fields, NEVER if isinstance(page, ValueError) else page.taken_at


def _to_the_damage(found: Iterator[Numbered]) -> Iterator[Numbered]:
    """Yield what is found, then the damage: raised, it would overtake what is being read."""
    number = 0
    try:
        for number, page in found:
            yield number, page
    except (OSError, ValueError) as error:
        yield number + 1, ValueError(str(error))


def _fields(item: Numbered) -> dict[str, Any]:
    _, page = item
    if isinstance(page, ValueError):
        raise page
    return page_fields(page) if isinstance(page, Page) else wiki_fields(page)
