"""`dealwire extract`: read articles without Kafka."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cli.options import with_settings
from cli.output import console, deals_table, json_option, money_text, print_json, wants_json
from cli.publishing import SKIPPED_EXIT_CODE, say_skipped
from producers.documents import Document, find_files, read_documents
from runtime.settings import Settings
from schemas import Article, DealEvent, Tags


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@json_option
@with_settings()
def command(_settings: Settings, paths: tuple[str, ...], as_json: bool | None) -> None:
    """Read articles from files, folders, or standard input (-), and print what they tell.

    In a pipe one JSON line an article: doc, language, entities, amounts, deals.
    """
    given = Given(paths)
    from processors.reader import Reader

    reader = Reader()
    for document, article in given:
        tags, deals = reader.read(article)
        if wants_json(as_json):
            print_json(extraction(document, tags, deals))
        else:
            rows = [_row(document, deal) for deal in deals]
            title = article.title or document.place
            console().print(deals_table(rows, f"{title}: {len(rows)} deals"))
    given.exit_if_skipped()


class Given:
    """The articles of files and folders, or of standard input (-); the others are named."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        """Raises click.UsageError for a path that is not there."""
        self._documents = _from_stdin() if paths == ("-",) else _from_files(paths)
        self._skipped = False

    def __iter__(self) -> Iterator[tuple[Document, Article]]:
        for document in self._documents:
            if document.article is None:
                say_skipped(document, as_json=False)
                self._skipped = True
            else:
                yield document, document.article

    def exit_if_skipped(self) -> None:
        """End the program with the exit code that says so, if some could not be read."""
        if self._skipped:
            sys.exit(SKIPPED_EXIT_CODE)


def _from_files(paths: tuple[str, ...]) -> Iterable[Document]:
    try:
        files = find_files(map(Path, paths))
    except FileNotFoundError as error:
        raise click.UsageError(str(error)) from error
    return (document for path in files for document in read_documents(path))


def _from_stdin() -> list[Document]:
    path = Path("-")
    try:
        article = Article.of(sys.stdin.buffer.read().decode(), fetched_at=datetime.now(UTC))
    except ValueError as error:
        return [Document(path, 1, None, str(error))]
    return [Document(path, 1, article)]


def doc_name(document: Document) -> str:
    """Return the file's name without its ending, and the line where a file holds several."""
    name = document.path.stem
    return name if document.path.suffix in (".txt", "") else f"{name}:{document.line}"


def extraction(document: Document, tags: Tags, deals: tuple[DealEvent, ...]) -> dict[str, Any]:
    """Return what was read, under the file's name; offsets count code points of its text."""
    return {
        "doc": doc_name(document),
        "language": tags.language,
        "entities": [json.loads(entity.model_dump_json()) for entity in tags.entities],
        "amounts": [json.loads(amount.model_dump_json()) for amount in tags.amounts],
        "deals": [
            json.loads(deal.model_dump_json(exclude={"url", "title", "source", "published_at"}))
            for deal in deals
        ],
    }


def _row(document: Document, deal: DealEvent) -> dict[str, Any]:
    return {
        "type": deal.type,
        "status": deal.status,
        "parties": "; ".join(f"{party.role}: {party.name}" for party in deal.parties),
        "amount": money_text(deal.amount),
        "quote": deal.evidence[0].text if deal.evidence else "",
        "source": deal.source or document.path.name,
    }
