"""Publish documents as they come: from standard input, and from files at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from producers.documents import (
    MAX_FILE_BYTES,
    Document,
    document_of_fields,
    document_of_line,
    split_front_matter,
)
from producers.streams import read_lines
from runtime.kafka import Publisher
from schemas import record

PUBLISH_URI = "/dealwire/publish"
STANDARD_INPUT = Path("-")


@dataclass
class Published:
    """What became of the documents."""

    articles: int = 0
    skipped: int = 0


def publish(
    documents: Iterable[Document],
    topic: str,
    publisher: Publisher,
    on_document: Callable[[Document], None],
) -> Published:
    """Publish the articles and wait until they are delivered. Raises KafkaUnavailableError."""
    done = Published()
    try:
        for document in documents:
            if document.article:
                publisher.publish(record(topic, document.article, PUBLISH_URI))
                done.articles += 1
            else:
                done.skipped += 1
            on_document(document)
    finally:
        publisher.flush()  # interrupted, too: what was read is not read again
    return done


def read_stream(data: BinaryIO, now: datetime) -> Iterator[Document]:
    """Yield what a stream holds: JSON lines as they come, one JSON document, or one text.

    JSON lines are told by their first one, which is a JSON object.
    """
    first = data.readline(MAX_FILE_BYTES + 1)
    while first and not first.strip():
        first = data.readline(MAX_FILE_BYTES + 1)
    if _is_json_object(first):
        yield from _lines(first, data, now)
        return
    whole = first + data.read(MAX_FILE_BYTES + 1 - len(first))
    if len(whole) > MAX_FILE_BYTES:
        problem = f"more than {MAX_FILE_BYTES:,} bytes, and no JSON lines"
        yield Document(STANDARD_INPUT, 1, None, problem)
        return
    yield from _whole(whole, now)


def _is_json_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode("utf-8-sig")), dict)
    except (ValueError, RecursionError):
        return False


def _lines(first: bytes, data: BinaryIO, now: datetime) -> Iterator[Document]:
    if document := document_of_line(STANDARD_INPUT, 1, first, now):
        yield document
    for number, line in read_lines(data, MAX_FILE_BYTES):
        if document := document_of_line(STANDARD_INPUT, number + 1, line, now):
            yield document


def _whole(data: bytes, now: datetime) -> Iterator[Document]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 text (byte {error.start}): send it as UTF-8"
        yield Document(STANDARD_INPUT, 1, None, problem)
        return
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("{"):  # meant to be JSON
            yield Document(STANDARD_INPUT, 1, None, f"not JSON: {error}")
            return
        front, body = split_front_matter(text)
        found = front | {"text": body}
    for number, fields in enumerate(found if isinstance(found, list) else [found], 1):
        yield document_of_fields(STANDARD_INPUT, number, fields, now)
