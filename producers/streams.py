"""Files read from beginning to end, compressed or not, in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from backports import zstd

BUFFER_BYTES = 1024 * 1024
Decompressor = gzip.GzipFile | bz2.BZ2File | zstd.ZstdFile
COMPRESSIONS: dict[str, Callable[[BinaryIO], Decompressor]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".zst": zstd.ZstdFile,
}
"""All of them read file after file, as `cat a.gz b.gz` and WARC writers make them."""

DAMAGED = (EOFError, OSError, zlib.error, zstd.ZstdError)
"""What the decompressors raise."""


class DamagedFileError(OSError):
    """A compressed file is cut off, or its bytes are not what they were."""


class _Contents(io.RawIOBase):
    """What a decompressor gives, up to the last byte before the damage."""

    def __init__(self, decompressor: Decompressor) -> None:
        self._decompressor = decompressor

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._decompressor.read1(len(buffer))
        except DAMAGED as error:
            if getattr(error, "errno", None):
                raise  # the disk's own
            raise DamagedFileError(f"the compressed file is cut off or damaged: {error}") from error
        buffer[: len(data)] = data
        return len(data)


@dataclass(frozen=True)
class Stream:
    """The contents of a file."""

    data: BinaryIO
    _file: BinaryIO

    def position(self) -> int:
        """Return how many bytes of the file, as it lies on the disk, were taken up to now."""
        return self._file.tell()


@contextmanager
def open_stream(path: Path) -> Iterator[Stream]:
    """Yield the file's contents, decompressed by the ending of its name. Raises OSError."""
    with path.open("rb", buffering=BUFFER_BYTES) as file:
        decompress = COMPRESSIONS.get(path.suffix)
        if decompress is None:
            yield Stream(file, file)
            return
        with decompress(file) as contents:
            # Lines are found in C; the decompressors' own readline is Python.
            reader = io.BufferedReader(_Contents(contents), BUFFER_BYTES)
            yield Stream(reader, file)


def read_lines(data: BinaryIO, limit_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield each line and its number, from 1; None for one above the limit, which is skipped."""
    number = 0
    while line := data.readline(limit_bytes + 1):
        number += 1
        if len(line) <= limit_bytes or line.endswith(b"\n"):
            yield number, line
            continue
        while (rest := data.readline(BUFFER_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield number, None


def kind_of(path: Path) -> str:
    """Return the ending of a file's name that says what it is, without that of a compression.

    >>> kind_of(Path("2026/CC-NEWS-1.warc.gz"))
    '.warc'
    """
    name = Path(path.stem) if path.suffix in COMPRESSIONS else path
    return name.suffix
