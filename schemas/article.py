"""The article event: what producers publish."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Self

from pydantic import Field, field_validator, model_validator

from schemas.event import Event, UtcDatetime, digest

MAX_ARTICLE_BYTES = 1_000_000
"""Longest text of an article, in bytes of UTF-8: twice the longest newspaper page we met, with
room below Kafka's usual message limit of 1 MiB."""

TOO_LARGE = (
    "the text has {size:,} bytes and the limit is {limit:,}: publish the article itself, "
    "without the rest of the site, or in parts"
)


class Article(Event):
    """One version of a news article. Topic `news.articles.v1`, key `article_id`."""

    ce_type: ClassVar[str] = "dealwire.article.v1"

    article_id: str = Field(min_length=1, max_length=128, description="hash of the canonical URL")
    version: str = Field(min_length=1, max_length=128, description="hash of title and text")
    url: str | None = Field(default=None, max_length=4096)
    title: str = Field(default="", max_length=4096)
    text: str = Field(min_length=1, description="plain text, headline included; offsets count here")
    source: str = Field(default="", max_length=512, description="who published it, as people say")
    language: str | None = Field(default=None, max_length=16, description="what the source says")
    access: str | None = Field(
        default=None,
        max_length=32,
        description="to the article's page, where that was asked for the text: open; paywalled, "
        "blocked or unreadable, and the text is then the source's own summary",
    )
    published_at: UtcDatetime | None = Field(default=None, description="UTC; null: not given")
    fetched_at: UtcDatetime = Field(description="UTC; when this version was taken; orders versions")

    @field_validator("text")
    @classmethod
    def _fits(cls, text: str) -> str:
        size = len(text.encode("utf-8"))
        if size > MAX_ARTICLE_BYTES:
            raise ValueError(TOO_LARGE.format(size=size, limit=MAX_ARTICLE_BYTES))
        if not text.strip():
            raise ValueError("the text is blank")
        return text

    @classmethod
    def of(
        cls,
        text: str,
        *,
        fetched_at: datetime,
        url: str | None = None,
        title: str = "",
        source: str = "",
        language: str | None = None,
        access: str | None = None,
        published_at: datetime | None = None,
    ) -> Self:
        """Make an article with its ids. `url` must be canonical already.

        Raises ValueError (pydantic's, mostly) when the text is blank, too long or no Unicode.
        """
        version = digest(title, text)
        return cls(
            article_id=digest(url) if url else version,
            version=version,
            url=url,
            title=title,
            text=text,
            source=source,
            language=language,
            access=access,
            published_at=published_at,
            fetched_at=fetched_at,
        )

    def ce_id(self) -> str:
        return digest("article", self.article_id, self.version)

    def ce_time(self) -> datetime:
        return self.fetched_at

    def key(self) -> str:
        return self.article_id


_DOTTED_INTEGERS = re.compile(r"\d+(\.\d+)*")


class Reading(Event):
    """What an event says about the article version that it was read from, and by whom."""

    article_id: str = Field(min_length=1, max_length=128)
    article_version: str = Field(min_length=1, max_length=128)
    article_fetched_at: UtcDatetime = Field(description="`fetched_at` of that version")
    extractor: str = Field(min_length=1, description="version of the reader, dotted integers")

    @model_validator(mode="after")
    def _extractor_is_ordered(self) -> Self:
        if not _DOTTED_INTEGERS.fullmatch(self.extractor):
            raise ValueError(f"extractor {self.extractor!r} is not dotted integers such as 1.4.0")
        return self

    def ce_time(self) -> datetime:
        return self.article_fetched_at

    def key(self) -> str:
        return self.article_id
