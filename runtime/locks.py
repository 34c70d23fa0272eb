"""One process at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.errors import StoreError


@contextmanager
def only_one(path: Path, suffix: str, *, taken: str, option: str) -> Iterator[None]:
    """Hold the lock file `suffix` beside `path`; the system lets go of it however we end.

    Raises StoreError: `taken` when another process holds it; `option` names the file otherwise.
    """
    path = path.resolve()  # one file, one lock, by whatever name it is reached
    lock = path.with_name(path.name + suffix)
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(
            f"{lock} cannot be made ({error.strerror}): see that the folder exists and is "
            f"writable, or name another file with {option}"
        ) from error
    with os.fdopen(handle):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(taken) from error
        yield
