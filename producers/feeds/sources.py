"""The list of feeds: a TOML file that people edit, and so does `dealwire feeds`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from tomlkit.exceptions import ParseError
from tomlkit.items import AoT, Item, Table

from producers.feeds.entries import web_address
from runtime.dead_letters import explain
from runtime.errors import DealwireError

Kind = Literal["feed", "sitemap"]
SHIPPED = files("producers.feeds") / "shipped.toml"
"""What a new list begins as: well-known feeds, all off."""

MIN_INTERVAL_MINUTES = 5
MAX_INTERVAL_MINUTES = 24 * 60


class FeedListError(DealwireError):
    """The list cannot be read or written, or a feed is not in it."""


class Source(BaseModel):
    """A feed as the list has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    name: str = Field(default="", max_length=512)
    """The source of articles that name none; empty: the feed's own title."""
    kind: Kind = "feed"
    language: str | None = Field(default=None, pattern="^[a-z]{2,3}$")
    """Of all its articles; None: what the feed says."""
    text: Literal["feed", "page"] = "feed"
    """Where the words come from: the feed's own, or the page of each article."""
    interval_minutes: int | None = Field(
        default=None, ge=MIN_INTERVAL_MINUTES, le=MAX_INTERVAL_MINUTES
    )
    """Between two polls; None: follows how often the feed changes."""
    on: bool = True

    @field_validator("url")
    @classmethod
    def _is_web(cls, url: str) -> str:
        if not web_address(url):
            raise ValueError(f"{url!r} is no http or https address")
        return url.strip()

    @property
    def wants_pages(self) -> bool:
        """Whether the text is that of the articles' pages; sitemaps have no words of their own."""
        return self.text == "page" or self.kind == "sitemap"

    @property
    def label(self) -> str:
        return self.name or self.url


def make_source(**fields: Any) -> Source:
    """Return a feed. Raises FeedListError when it cannot be one."""
    try:
        return Source(**fields)
    except ValidationError as error:
        raise FeedListError(explain(error)) from error


class FeedList:
    """The file: comments, order and spacing stay as its owner left them."""

    def __init__(self, path: Path, document: tomlkit.TOMLDocument) -> None:
        self.path = path
        self._document = document
        self.sources = tuple(_sources(path, document))

    @classmethod
    def load(cls, path: Path) -> FeedList:
        """Return the list in the file; an empty one when there is no file. Raises FeedListError."""
        if not path.exists():
            return cls(path, tomlkit.document())
        return cls(path, _parse(path, _read(path)))

    @classmethod
    def load_or_shipped(cls, path: Path) -> FeedList:
        """Return the list in the file; without a file, one that begins as the shipped list."""
        if path.exists():
            return cls.load(path)
        return cls(path, _parse(path, SHIPPED.read_text("utf-8")))

    def find(self, name: str) -> Source:
        """Return the feed of this address or name, in any case. Raises FeedListError."""
        wanted = name.strip().casefold()
        found = [s for s in self.sources if wanted in (s.url.casefold(), s.name.casefold())]
        if len(found) != 1:
            problem = "several feeds are" if found else "no feed is"
            raise FeedListError(
                f"{problem} called {name!r} in {self.path}: `dealwire feeds list --all` shows "
                "their names and addresses"
            )
        return found[0]

    def put(self, source: Source) -> bool:
        """Add the feed, or change the one of that address; return whether it is new."""
        table = self._table(source.url)
        is_new = table is None
        if table is None:
            table = tomlkit.table()
            table.trivia.indent = "\n" if self._tables() else ""
            self._tables().append(table)
        for field, value in source.model_dump().items():
            if value == Source.model_fields[field].default and field not in ("url", "on"):
                table.pop(field, None)
            elif table.get(field) != value:
                _set(table, field, value)
        self.sources = tuple(_sources(self.path, self._document))
        return is_new

    def remove(self, url: str) -> None:
        """Take the feed of that address out."""
        tables = self._tables()
        number = next(n for n, table in enumerate(tables) if table.get("url") == url)
        below = _take_below(tables[number])
        del tables[number]
        if number < len(tables):
            comments = "".join(item.as_string() for _, item in below)
            tables[number].trivia.indent = comments + tables[number].trivia.indent
        elif tables:
            tables[-1].value.body.extend(below)
        self.sources = tuple(_sources(self.path, self._document))

    def save(self) -> None:
        """Write the file, whole or not at all. Raises FeedListError."""
        beside = self.path.with_name(f".{self.path.name}.new")
        try:
            beside.write_text(tomlkit.dumps(self._document), "utf-8")
            beside.replace(self.path)
        except OSError as error:
            raise FeedListError(
                f"the list of feeds cannot be written to {self.path} ({error.strerror}): name a "
                "file in a writable folder with --feeds or DEALWIRE_FEEDS"
            ) from error

    def _tables(self) -> AoT:
        tables = self._document.setdefault("feeds", tomlkit.aot())
        assert isinstance(tables, AoT)
        return tables

    def _table(self, url: str) -> Table | None:
        return next((table for table in self._tables() if table.get("url") == url), None)


def _take_below(table: Table) -> list[tuple[Any, Item]]:
    """Take the comments and empty lines below the last value, which belong to the next table."""
    body = table.value.body
    below: list[tuple[Any, Item]] = []
    while body and body[-1][0] is None:
        below.insert(0, body.pop())
    return below


def _set(table: Table, name: str, value: Any) -> None:
    """Set a value, a new one right below the others."""
    below = [] if name in table else _take_below(table)
    table[name] = value
    table.value.body.extend(below)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FeedListError(f"the list of feeds {path} cannot be read: {error}") from error


def _parse(path: Path, text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except ParseError as error:
        raise FeedListError(f"{path} is no TOML file: {error}") from error


def _sources(path: Path, document: Mapping[str, Any]) -> Iterator[Source]:
    """Yield the feeds in order. Raises FeedListError, naming the one that is wrong."""
    tables = document.get("feeds", [])
    if unknown := set(document) - {"feeds"}:
        names = ", ".join(sorted(unknown))
        raise FeedListError(f"{path}: {names} means nothing here; each feed is a table [[feeds]]")
    if not isinstance(tables, Iterable) or not all(isinstance(t, Mapping) for t in tables):
        raise FeedListError(f"{path}: each feed is a table [[feeds]]")
    seen: set[str] = set()
    for number, table in enumerate(tables, 1):
        try:
            source = Source.model_validate(dict(table))
        except ValidationError as error:
            name = table.get("name") or table.get("url") or "without address"
            raise FeedListError(f"{path}: feed {number} ({name}): {explain(error)}") from error
        if source.url in seen:
            raise FeedListError(f"{path}: {source.url} is there twice")
        seen.add(source.url)
        yield source
