"""Replay files as a stream of articles."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from producers.documents import Document, read_documents
from producers.journal import Journal
from producers.state import State
from runtime.kafka import Publisher
from schemas import Article, digest, record

REPLAY_URI = "/dealwire/replay"


@dataclass
class Progress:
    """How a replay gets on."""

    total: int | None
    """Files to be read; None: without end."""
    total_bytes: int = 0
    files: int = 0
    read_bytes: int = 0
    """As the files lie on the disk."""
    published: int = 0
    skipped: int = 0
    resumed: int = 0
    """Documents that an interrupted replay had published already."""


def as_new(article: Article, run: str, now: datetime) -> Article:
    """Return the article as if it had just appeared for the first time."""
    return article.model_copy(
        update={"article_id": digest(article.article_id, run), "fetched_at": now}
    )


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
    """Keep the cursors at the end, so that a later run publishes only what was added or changed."""

    def restart(self, state: State) -> None:
        """Forget how far these files were published."""
        state.forget_files(self.name, [str(path.absolute()) for path in self.files])

    @property
    def name(self) -> str:
        """What the cursors are kept by: the list of files; with `once`, each by itself."""
        return (
            "once"
            if self.once
            else f"replay {digest(*(str(path.absolute()) for path in self.files))}"
        )

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
        the cursors then stand before everything that was not confirmed.
        """
        remembered = None if self.new or self.loop else state
        journal = Journal(publisher, remembered, self.name, grows=self.once)
        progress = Progress(None if self.loop else len(self.files), sum(map(_size, self.files)))
        started = time.monotonic()
        with closing(self._documents(journal, progress)) as documents:
            for document in documents:
                if stopping():
                    break
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
                journal.move(document.line)
                on_document(document, progress)
            else:
                journal.confirm()
                if not self.once:
                    journal.forget()
                return progress
        journal.confirm()
        return progress

    def _documents(self, journal: Journal, progress: Progress) -> Generator[Document, None, None]:
        rounds: Iterable[int] = itertools.count() if self.loop else [0]
        for _ in rounds:
            run, published = uuid.uuid4().hex, progress.published
            before = progress.read_bytes
            for path in self.files:
                after = journal.begin(path)
                progress.resumed += journal.documents
                if after is not None:
                    for document in read_documents(path, after):
                        progress.read_bytes = before + document.read_bytes
                        yield self._renewed(document, run)
                    journal.end()
                progress.files += 1
                progress.read_bytes = before = before + _size(path)
            if progress.published == published:
                return  # a loop over nothing would never end

    def _renewed(self, document: Document, run: str) -> Document:
        if self.new and document.article:
            return replace(document, article=as_new(document.article, run, datetime.now(UTC)))
        return document

    @staticmethod
    def _wait(until: float, publisher: Publisher, stopping: Callable[[], bool]) -> None:
        while (left := until - time.monotonic()) > 0 and not stopping():
            time.sleep(min(left, 0.1))
            publisher.poll()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # whoever reads it says what is wrong
