"""What all events share: immutable, strict about the fields they know, deaf to later ones."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field


def digest(*parts: str) -> str:
    """Return a hash of `parts` that is an id: 32 hex digits of SHA-256, 128 bits.

    The parts are length-prefixed, so that ("ab", "c") and ("a", "bc") differ.
    >>> digest("ab", "c") == digest("a", "bc")
    False
    """
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8")
        sha.update(len(data).to_bytes(8, "big"))
        sha.update(data)
    return sha.hexdigest()[:32]


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # the first or the last day of the calendar, elsewhere
        raise ValueError(f"{moment.isoformat()} is in no year from 1 to 9999 of UTC") from error


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_utc)]
"""An aware time, kept in UTC so that text order is time order."""


class Model(BaseModel):
    """A part of an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Event(Model):
    """A message on a topic. Fields are only ever added, with a default; readers ignore new ones."""

    ce_type: ClassVar[str]
    """CloudEvents `type`; its version is raised only by a change that old readers cannot bear."""

    schema_version: int = Field(default=1, ge=1)

    def ce_id(self) -> str:
        """The same content always gives the same id (CloudEvents `id`)."""
        raise NotImplementedError

    def ce_time(self) -> datetime:
        """When what it tells happened; never the time of processing, which a replay moves."""
        raise NotImplementedError

    def key(self) -> str:
        """The Kafka key: messages with the same key stay in order."""
        raise NotImplementedError


MAX_OFFSET = 2**31 - 1
"""Far above any article, and below what databases take for an integer."""


class Span(Model):
    """A piece of the article's text: `text[start:end]`, in Unicode code points."""

    start: int = Field(ge=0, le=MAX_OFFSET)
    end: int = Field(ge=0, le=MAX_OFFSET)
    text: str = Field(description="the words themselves")
