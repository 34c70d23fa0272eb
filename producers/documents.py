"""Articles out of files: .txt, .json and .jsonl, alone or in folders.

A .txt file is one article, its first line the headline when it looks like one. It may begin with
front matter (`---`, lines of `name: value`, `---`), or have a sidecar `NAME.meta.json` beside it.
A .jsonl file has one JSON object a line, a .json file one object or a list of them, with `text`
and, where known, `title`, `url`, `source`, `language`, `published`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from producers.urls import canonical_url
from runtime.dead_letters import explain
from schemas import MAX_ARTICLE_BYTES, Article

SUFFIXES = (".txt", ".json", ".jsonl")
SIDECAR = ".meta.json"
MAX_HEADLINE_CHARS = 200
MAX_FILE_BYTES = 4 * MAX_ARTICLE_BYTES
"""Of a file that is read whole: .txt and .json. A .jsonl file may be of any size."""

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
    """Of a .jsonl file, from 1; of a list in a .json file, the item's number; else 1."""
    article: Article | None
    problem: str = ""

    @property
    def place(self) -> str:
        return str(self.path) if self.path.suffix == ".txt" else f"{self.path}:{self.line}"


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files to read: those named, and those of known kinds in the folders named.

    In the order given, folders sorted. Raises FileNotFoundError for a path that is not there.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                file
                for file in path.rglob("*")
                if file.suffix in SUFFIXES and not file.name.endswith(SIDECAR) and file.is_file()
            )
        elif path.exists():
            found.append(path)
        else:
            raise FileNotFoundError(f"there is no {path}")
    return found


def read_documents(path: Path) -> Iterator[Document]:
    """Yield what the file holds, in order; what cannot be read with its problem, and go on."""
    try:
        fetched_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if path.suffix == ".jsonl":
            yield from _json_lines(path, fetched_at)
            return
        if path.suffix not in SUFFIXES:
            raise ValueError(f"unknown kind of file; articles come as {', '.join(SUFFIXES)}")
        if (size := path.stat().st_size) > MAX_FILE_BYTES:
            raise ValueError(
                f"the file has {size:,} bytes and the limit is {MAX_FILE_BYTES:,}: "
                "split it, or write one JSON object a line to a .jsonl file"
            )
        text = path.read_text("utf-8-sig")
        fields = _text_fields(path, text) if path.suffix == ".txt" else json.loads(text)
        for number, item in enumerate(fields if isinstance(fields, list) else [fields], 1):
            yield _document(path, number, item, fetched_at)
    except (OSError, ValueError, RecursionError) as error:
        yield Document(path, 1, None, _problem(error))


def _json_lines(path: Path, fetched_at: datetime) -> Iterator[Document]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _document(path, number, json.loads(line.decode("utf-8-sig")), fetched_at)
            except (ValueError, RecursionError) as error:
                yield Document(path, number, None, _problem(error))


def _document(path: Path, number: int, fields: Any, fetched_at: datetime) -> Document:
    try:
        return Document(path, number, article_of(fields, fetched_at))
    except ValueError as error:
        return Document(path, number, None, _problem(error))


def _problem(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text (byte {error.start}): save it as UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error}"
    if isinstance(error, RecursionError):
        return "not JSON that can be read: nested too deep"
    return explain(error)


def article_of(fields: Any, fetched_at: datetime) -> Article:
    """Return the article that a JSON object describes, or is, when it has an `article_id`.

    Raises ValueError, pydantic's ValidationError included.
    """
    if not isinstance(fields, Mapping):
        raise ValueError("an article is a JSON object with at least a `text`")
    if "article_id" in fields:
        return Article.model_validate_json(json.dumps(fields))
    known = {name: _first(fields, keys) for name, keys in NAMES.items()}
    text = known["text"]
    if not text:
        raise ValueError("there is no `text`")
    title = known["title"] or ""
    # Offsets count from the headline, which readers see above the text.
    if title and not text.lstrip().startswith(title):
        text = f"{title}\n\n{text}"
    return Article.of(
        text,
        title=title or headline(text),
        url=canonical_url(known["url"]) if known["url"] else None,
        source=known["source"] or "",
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
