"""Watch a folder: what is put there is published once, and again when it changes.

By looking, not by the system's notices: those do not come from network drives, nor into containers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from producers.documents import SIDECAR, Document, read_documents
from producers.journal import Journal
from producers.publish import Published
from producers.state import State
from runtime.kafka import Publisher
from schemas import record

WATCH_URI = "/dealwire/watch"
JOB = "watch"
LOOK_EVERY_S = 0.5
AGAIN_AFTER_S = 5.0
LONGEST_PAUSE_S = 30.0
LOOKING_SHARE = 5
"""Large folders are looked through less often: for a fifth of the time at most."""
LEFT_ALONE = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~", SIDECAR)
"""Endings of names that programs give to what they still write, and what is read with others."""

Seen = tuple[int, int]
"""Size, and time of the last change in nanoseconds."""


@dataclass
class Watch:
    """A folder, whose files are published once nothing has changed them for `settle_s`."""

    folder: Path
    topic: str
    settle_s: float
    _seen: dict[Path, tuple[Seen, float]] = field(default_factory=dict)
    """How each file looked, and since when (monotonic)."""

    def run(
        self,
        publisher: Publisher,
        state: State,
        *,
        stopping: Callable[[], bool],
        on_document: Callable[[Document], None],
        on_file: Callable[[Path, Published], None],
        on_problem: Callable[[OSError], None],
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """Publish what is there and what comes, until `stopping()`.

        Raises KafkaUnavailableError; what was not confirmed is published the next time.
        """
        journal = Journal(publisher, state, JOB)
        while not stopping():
            started = time.monotonic()
            pause_s = LOOK_EVERY_S
            try:
                for path in self._settled():
                    if stopping():
                        break
                    if (after := journal.begin(path)) is not None:
                        done = self._publish(path, after, journal, publisher, stopping, on_document)
                        on_file(path, done)
                    beat()
            except OSError as error:  # a network drive that is away comes back
                on_problem(error)
                pause_s = AGAIN_AFTER_S
            beat()
            pause_s = max(pause_s, LOOKING_SHARE * (time.monotonic() - started))
            until = time.monotonic() + min(pause_s, LONGEST_PAUSE_S)
            while time.monotonic() < until and not stopping():
                time.sleep(0.05)
                beat()

    def _settled(self) -> Iterator[Path]:
        """Yield the files that did not change for a while, in the order of their names."""
        before, self._seen = self._seen, {}
        for path in sorted(self._files()):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # it has gone meanwhile
            now = time.monotonic()
            looks = (status.st_size, status.st_mtime_ns)
            looked, since = before.get(path, (None, now))
            self._seen[path] = (looks, since if looked == looks else now)
            if now - self._seen[path][1] >= self.settle_s:
                yield path

    def _files(self) -> Iterator[Path]:
        if not self.folder.is_dir():
            raise FileNotFoundError(f"there is no folder {self.folder}")
        for path in self.folder.rglob("*"):
            is_left_alone = path.name.startswith(".") or path.name.endswith(LEFT_ALONE)
            if not is_left_alone and path.is_file():
                yield path

    def _publish(
        self,
        path: Path,
        after: int,
        journal: Journal,
        publisher: Publisher,
        stopping: Callable[[], bool],
        on_document: Callable[[Document], None],
    ) -> Published:
        done = Published()
        with closing(read_documents(path, after)) as documents:
            for document in documents:
                if stopping():
                    break
                if document.article:
                    publisher.publish(record(self.topic, document.article, WATCH_URI))
                    done.articles += 1
                else:
                    done.skipped += 1
                journal.move(document.line)
                on_document(document)
            else:
                journal.end()
        journal.confirm()
        return done
