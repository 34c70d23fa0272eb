"""Replay files as a stream of articles."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from producers.documents import Document, read_documents
from producers.state import State
from runtime.kafka import Publisher
from schemas import Article, digest, record

REPLAY_URI = "/dealwire/replay"
CONFIRM_EVERY = 500
"""Documents between two moves of the cursor."""


@dataclass
class Progress:
    """How a replay gets on."""

    total: int | None
    """Files to be read; None: without end."""
    files: int = 0
    published: int = 0
    skipped: int = 0
    resumed: int = 0
    """Documents that an interrupted replay had published already."""


def as_new(article: Article, run: str, now: datetime) -> Article:
    """Return the article as if it had just appeared for the first time."""
    return article.model_copy(
        update={"article_id": digest(article.article_id, run), "fetched_at": now}
    )


def _documents(files: list[Path], progress: Progress) -> Iterator[Document]:
    for path in files:
        yield from read_documents(path)
        progress.files += 1


@dataclass(frozen=True)
class Replay:
    """What to replay, and how."""

    files: list[Path]
    topic: str
    rate: float | None = None
    """Articles a second; None: as fast as the brokers take them."""
    loop: bool = False
    new: bool = False
    """Publish each article as one that was never seen."""
    once: bool = False
    """Keep the cursor at the end, so that a later run publishes only what was added there."""

    @property
    def name(self) -> str:
        """What the cursor is kept by: the files, in order."""
        return "\n".join(str(path.absolute()) for path in self.files)

    def run(
        self,
        publisher: Publisher,
        state: State,
        *,
        stopping: Callable[[], bool],
        on_document: Callable[[Document, Progress], None],
        before: Callable[[Article], None] = lambda _article: None,
    ) -> Progress:
        """Publish the articles, take up where an interrupted run stopped, return what was done.

        `before` may wait, to keep the brokers from being overrun. Raises KafkaUnavailableError;
        the cursor then stands before everything that was not confirmed.
        """
        name = self.name
        progress = Progress(None if self.loop else len(self.files))
        resumed = 0 if self.new or self.loop else state.replayed(name)
        started = time.monotonic()
        seen = 0
        for seen, document in enumerate(self._all(progress), 1):
            if stopping():
                break
            if seen <= resumed:
                progress.resumed += 1
                continue
            if article := document.article:
                before(article)
                if self.rate:
                    self._wait(started + progress.published / self.rate, publisher, stopping)
                if stopping():
                    break
                publisher.publish(record(self.topic, article, REPLAY_URI))
                progress.published += 1
            else:
                progress.skipped += 1
            on_document(document, progress)
            if seen % CONFIRM_EVERY == 0:
                self._confirm(publisher, state, name, seen)
        else:
            publisher.flush()
            if self.once:
                state.set_replayed(name, seen)
            else:
                state.finish_replay(name)
            return progress
        self._confirm(publisher, state, name, max(resumed, seen - 1))
        return progress

    def _confirm(self, publisher: Publisher, state: State, name: str, documents: int) -> None:
        publisher.flush()
        if not (self.new or self.loop):
            state.set_replayed(name, documents)

    def _all(self, progress: Progress) -> Iterator[Document]:
        rounds: Iterable[int] = itertools.count() if self.loop else [0]
        for _ in rounds:
            run, published = uuid.uuid4().hex, progress.published
            for document in _documents(self.files, progress):
                if self.new and document.article:
                    article = as_new(document.article, run, datetime.now(UTC))
                    yield Document(document.path, document.line, article)
                else:
                    yield document
            if progress.published == published:
                return  # a loop over nothing would never end

    @staticmethod
    def _wait(until: float, publisher: Publisher, stopping: Callable[[], bool]) -> None:
        while (left := until - time.monotonic()) > 0 and not stopping():
            time.sleep(min(left, 0.1))
            publisher.poll()
