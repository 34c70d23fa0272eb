"""Articles out of a pushed body: which are taken, which are refused and why."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from producers.documents import (
    MAX_FILE_BYTES,
    Document,
    describe,
    document_of_fields,
    document_of_line,
)
from producers.streams import read_lines
from schemas import Record, record

PUSH_URI = "/dealwire/push"
BODY = Path("body.jsonl")
LINES_TYPES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
TYPES = ("application/json", *LINES_TYPES)


class TooManyArticlesError(ValueError):
    """A body has more articles than one request may have."""


@dataclass
class Taken:
    """What a body holds."""

    records: list[Record] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def add(self, document: Document, topic: str) -> None:
        """Note what a document is; of an article, its text is kept once, as it is to be sent."""
        if article := document.article:
            self.records.append(record(topic, article, PUSH_URI))
            ids = {"article_id": article.article_id, "version": article.version}
            self.accepted.append({"line": document.line} | ids)
        else:
            self.refused.append({"line": document.line, "problem": document.problem})

    def answer(self) -> dict[str, Any]:
        """Return what the client is told."""
        return {"accepted": self.accepted, "refused": self.refused}


def take(body: bytes, content_type: str, topic: str, most: int, now: datetime) -> Taken:
    """Return the articles of a body as records of `topic`, and why others are none.

    `now` is when they were fetched.

    Ids are made here: whoever chose the id and the time of a version could stand in for any
    article, for ever.

    Raises TooManyArticlesError above `most` articles, and ValueError when it is no JSON at all.
    """
    taken = Taken()
    documents = _lines(body, most, now) if content_type in LINES_TYPES else _whole(body, most, now)
    for document in documents:
        taken.add(document, topic)
    return taken


def _lines(body: bytes, most: int, now: datetime) -> Iterator[Document]:
    if body.count(b"\n") > most:
        raise TooManyArticlesError
    for number, line in read_lines(io.BytesIO(body), MAX_FILE_BYTES):
        if document := document_of_line(BODY, number, line, now, takes_ids=False):
            yield document


def _whole(body: bytes, most: int, now: datetime) -> Iterator[Document]:
    try:
        found = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(describe(error)) from error
    items = found if isinstance(found, list) else [found]
    if len(items) > most:
        raise TooManyArticlesError
    for number, fields in enumerate(items, 1):
        yield document_of_fields(BODY, number, fields, now, takes_ids=False)
