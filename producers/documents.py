"""Articles out of files, alone or in folders: texts, JSON, and archives of web pages or wikis.

A .txt file is one article, its first line the headline when it looks like one. It may begin with
front matter (`---`, lines of `name: value`, `---`), or have a sidecar `NAME.meta.json` beside it.
A .jsonl file has one JSON object a line, a .json file one object or a list of them, with `text`
and, where known, `title`, `url`, `source`, `language`, `published`. A .warc file has web pages, an
.xml file is a wiki's export. All but .txt and .json may be compressed: .gz, .bz2, .zst.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from producers.archives import read_archive
from producers.markup import plain_text
from producers.streams import COMPRESSIONS, Stream, kind_of, open_stream, read_lines
from producers.urls import canonical_url
from runtime.dead_letters import explain
from schemas import MAX_ARTICLE_BYTES, Article

WHOLE = (".txt", ".json")
LINES = (".jsonl", ".ndjson")
STREAMED = (*LINES, ".warc", ".xml")
KINDS = "texts (.txt), JSON (.json, .jsonl), web archives (.warc) or wiki dumps (.xml)"
SIDECAR = ".meta.json"
MAX_HEADLINE_CHARS = 200
MAX_FILE_BYTES = 4 * MAX_ARTICLE_BYTES
"""Of a file that is read whole, .txt and .json, and of a line. Others may be of any size."""

NAMES = {
    "text": ("text", "body", "content"),
    "title": ("title", "headline"),
    "url": ("url", "link"),
    "source": ("source", "publisher"),
    "language": ("language", "lang"),
    "published": ("published", "published_at", "date"),
}
"""What each field is called in files, the first one found counts."""


@dataclass(frozen=True)
class Document:
    """What was found at one place: an article, or the reason why there is none."""

    path: Path
    line: int
    """Of a .jsonl file, from 1; of a list in a .json file, the item's number; of an archive, the
    record's or page's; else 1."""
    article: Article | None
    problem: str = ""
    read_bytes: int = 0
    """How much of the file was taken from the disk by now, at most a buffer more than used."""

    @property
    def place(self) -> str:
        return str(self.path) if self.path.suffix == ".txt" else f"{self.path}:{self.line}"


def is_readable(path: Path) -> bool:
    """Return whether the file's name is that of a kind which we read."""
    if path.suffix in WHOLE:
        return not path.name.endswith(SIDECAR)
    return kind_of(path) in STREAMED


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files to read: those named, and those of known kinds in the folders named.

    In the order given, folders sorted. Raises FileNotFoundError for a path that is not there.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                file for file in path.rglob("*") if is_readable(file) and file.is_file()
            )
        elif path.exists():
            found.append(path)
        else:
            raise FileNotFoundError(f"there is no {path}")
    return found


def read_documents(path: Path, after: int = 0) -> Generator[Document, None, None]:
    """Yield what the file holds beyond line `after`; what cannot be read with its problem.

    Then it goes on, save where the file is damaged.
    """
    last = after
    try:
        if not is_readable(path):
            raise ValueError(
                f"unknown kind of file: articles come as {KINDS}, the last three also compressed "
                f"({', '.join(COMPRESSIONS)})"
            )
        found = _read_whole(path) if path.suffix in WHOLE else _read_stream(path, after)
        for document in found:
            if document.line > after:
                last = document.line
                yield document
    except (OSError, ValueError, RecursionError) as error:
        yield Document(path, last + 1, None, describe(error))


def _read_whole(path: Path) -> Iterator[Document]:
    status = path.stat()
    if (size := status.st_size) > MAX_FILE_BYTES:
        raise ValueError(
            f"the file has {size:,} bytes and the limit is {MAX_FILE_BYTES:,}: "
            "split it, or write one JSON object a line to a .jsonl file"
        )
    text = path.read_text("utf-8-sig")
    fields = _text_fields(path, text) if path.suffix == ".txt" else json.loads(text)
    for number, item in enumerate(fields if isinstance(fields, list) else [fields], 1):
        yield document_of_fields(
            path, number, item, datetime.fromtimestamp(status.st_mtime, UTC), size
        )


def _read_stream(path: Path, after: int) -> Iterator[Document]:
    with open_stream(path) as stream:
        if kind_of(path) in LINES:
            yield from _json_lines(path, stream, after)
            return
        for number, fields, fetched_at in read_archive(kind_of(path), stream.data, after):
            done = stream.position()
            if isinstance(fields, ValueError):
                yield Document(path, number, None, describe(fields), done)
            else:
                yield document_of_fields(path, number, fields, fetched_at, done)


def _json_lines(path: Path, stream: Stream, after: int) -> Iterator[Document]:
    fetched_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    for number, line in read_lines(stream.data, MAX_FILE_BYTES):
        if number > after and line != b"\n":
            document = document_of_line(path, number, line, fetched_at)
            if document:
                yield replace(document, read_bytes=stream.position())


def document_of_line(
    path: Path, number: int, line: bytes | None, fetched_at: datetime, *, takes_ids: bool = True
) -> Document | None:
    """Return what a line of JSON lines holds, None for a blank one; a `line` None was too long."""
    if line is None:
        return Document(path, number, None, f"the line has more than {MAX_FILE_BYTES:,} bytes")
    if not line.strip():
        return None
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return Document(path, number, None, describe(error))
    return document_of_fields(path, number, fields, fetched_at, takes_ids=takes_ids)


def document_of_fields(
    path: Path,
    number: int,
    fields: Any,
    fetched_at: datetime,
    read_bytes: int = 0,
    *,
    takes_ids: bool = True,
) -> Document:
    """Return the document that a JSON object makes; `takes_ids`: it may be an article event."""
    try:
        if not takes_ids and isinstance(fields, dict) and "article_id" in fields:
            raise ValueError("`article_id` is made here, of the `url` or the text: leave it out")
        return Document(path, number, article_of(fields, fetched_at), "", read_bytes)
    except ValueError as error:
        return Document(path, number, None, describe(error), read_bytes)


def describe(error: Exception) -> str:
    """Return in one line, for whoever sent it, why something cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text (byte {error.start}): save it as UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error}"
    if isinstance(error, RecursionError):
        return "not JSON that can be read: nested too deep"
    return explain(error)


def article_of(fields: Any, fetched_at: datetime) -> Article:
    """Return the article that a JSON object describes, or is, when it has an `article_id`.

    Markup is taken out of what is text, for nothing else may reach a topic.

    Raises ValueError, pydantic's ValidationError included.
    """
    if not isinstance(fields, Mapping):
        raise ValueError("an article is a JSON object with at least a `text`")
    if "article_id" in fields:
        article = Article.model_validate_json(json.dumps(fields))
        if plain_text(article.text) != article.text or plain_text(article.title) != article.title:
            raise ValueError("an article event has plain text only; without ids, HTML is taken out")
        return article
    known = {name: _first(fields, keys) for name, keys in NAMES.items()}
    if not known["text"]:
        raise ValueError("there is no `text`")
    text = plain_text(known["text"])
    if not text.strip():
        raise ValueError("the text is blank")
    title = plain_text(known["title"] or "")
    # Offsets count from the headline, which readers see above the text.
    if title and not text.lstrip().startswith(title):
        text = f"{title}\n\n{text}"
    return Article.of(
        text,
        title=title or headline(text),
        url=canonical_url(known["url"]) if known["url"] else None,
        source=plain_text(known["source"] or ""),
        language=known["language"],
        published_at=parse_time(known["published"]) if known["published"] else None,
        fetched_at=fetched_at,
    )


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        if (value := fields.get(name)) is not None:
            if not isinstance(value, str):
                raise ValueError(f"`{name}` is {type(value).__name__}, not text")
            return value
    return None


def parse_time(text: str) -> datetime:
    """Return an ISO 8601 date or time in UTC, which it is taken for when it has no zone.

    >>> parse_time("2025-12-08").isoformat()
    '2025-12-08T00:00:00+00:00'
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            moment = datetime.combine(date.fromisoformat(text.strip()[:10]), time())
        except ValueError:
            raise ValueError(f"{text!r} is no date such as 2025-12-08T09:30:00+00:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def headline(text: str) -> str:
    """Return the first line when it looks like a headline, else an empty string.

    It is short, does not end as a sentence does, and something follows.
    >>> headline("IBM buys Confluent\\n\\nThe company said ...")
    'IBM buys Confluent'
    """
    first, _, rest = text.lstrip().partition("\n")
    first = first.strip()
    is_headline = 0 < len(first) <= MAX_HEADLINE_CHARS and not first.endswith((".", ",", ";"))
    return first if is_headline and rest.strip() else ""


def _text_fields(path: Path, text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    sidecar = path.with_name(path.stem + SIDECAR)
    if sidecar.exists():
        about = json.loads(sidecar.read_text("utf-8-sig"))
        if not isinstance(about, dict):
            raise ValueError(f"{sidecar.name} is no JSON object")
        fields.update(about)
    front, body = split_front_matter(text)
    return fields | front | {"text": body}


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Return the front matter's fields, none when there is none, and the text below it.

    >>> split_front_matter("---\\nsource: Example\\n---\\nHeadline")
    ({'source': 'Example'}, 'Headline')
    """
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return {}, text
    fields: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            return fields, "".join(lines[number + 1 :])
        name, colon, value = line.partition(":")
        if not colon:
            break
        fields[name.strip().lower()] = value.strip()
    return {}, text
