"""How far a job's files are published: read on from there, move on once Kafka has confirmed."""

from __future__ import annotations

import time
from pathlib import Path

from producers.documents import LINES
from producers.state import Cursor, State
from producers.streams import kind_of
from runtime.kafka import Publisher

CONFIRM_EVERY_S = 0.5
"""What is published in so long, at most, is published again after a kill."""

GROWING = (*LINES, ".warc")
"""Kinds of files that grow at their end."""


class Journal:
    """The cursors of one job, file by file: `begin`, `move` after each document, `end`."""

    def __init__(
        self, publisher: Publisher, state: State | None, job: str, *, grows: bool = False
    ) -> None:
        """`state` None: nothing is remembered. `grows`: longer files are read on at their end."""
        self._publisher = publisher
        self._state = state
        self._job = job
        self._grows = grows
        self._known = state.files(job) if state else {}
        self._moved: dict[str, Cursor] = {}
        self._confirm_at = time.monotonic() + CONFIRM_EVERY_S
        self._path = ""
        self._cursor = Cursor(0, 0, 0, 0, False)

    @property
    def documents(self) -> int:
        """How many documents of the file that was begun are published."""
        return self._cursor.documents

    def begin(self, path: Path) -> int | None:
        """Return after which line the file is to be read; None: there is nothing new in it.

        A file that is not what it was is read from its beginning.
        """
        self._path = str(path.absolute())
        try:
            status = path.stat()
            found = (status.st_size, status.st_mtime_ns)
        except OSError:
            found = (0, 0)  # whoever reads it says what is wrong
        known = self._known.get(self._path)
        self._cursor = Cursor(0, 0, *found, False)
        if known is None:
            return 0
        is_same = found == (known.size_bytes, known.mtime_ns)
        may_have_grown = self._grows and kind_of(path) in GROWING and found[0] >= known.size_bytes
        if not is_same and not may_have_grown:
            return 0
        self._cursor = known._replace(size_bytes=found[0], mtime_ns=found[1])
        return None if is_same and known.is_done else known.line

    def move(self, line: int) -> None:
        """Note that the documents up to this line were handed to the publisher."""
        self._cursor = self._cursor._replace(
            line=line, documents=self._cursor.documents + 1, is_done=False
        )
        self._note()

    def end(self) -> None:
        """Note that the file was read to its end."""
        self._cursor = self._cursor._replace(is_done=True)
        self._note()

    def _note(self) -> None:
        self._moved[self._path] = self._cursor
        if time.monotonic() >= self._confirm_at:
            self.confirm()

    def confirm(self) -> None:
        """Wait until all is delivered, then move the cursors. Raises KafkaUnavailableError."""
        self._publisher.flush()
        if self._state and self._moved:
            self._state.move_files(self._job, self._moved)
            self._known |= self._moved
        self._moved = {}
        self._confirm_at = time.monotonic() + CONFIRM_EVERY_S

    def forget(self) -> None:
        """Begin anew the next time."""
        if self._state:
            self._state.forget_files(self._job, self._known)
