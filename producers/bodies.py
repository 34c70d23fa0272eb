"""Bodies as they come over the wire, decompressed piece by piece and never past a limit."""

from __future__ import annotations

import zlib

GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
RAW_DEFLATE = -zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"


class BodyError(Exception):
    """The body cannot be used; the text goes on where the address stood."""


class Decoder:
    """Undoes one Content-Encoding. `limit` bytes at most come out, however little goes in."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise BodyError(f"is compressed with {self._encoding[:40]!r}, which was not asked for")
        self._limit = limit
        self._size = 0
        self._received = 0
        self._zlib = (
            None if self._encoding in ("", "identity") else zlib.decompressobj(GZIP_OR_ZLIB)
        )
        self._begun = False

    def decode(self, chunk: bytes) -> bytes:
        """Return what `chunk` adds. Raises BodyError past the limit, or when it is damaged."""
        decoded = self._inflate(chunk) if self._zlib else chunk
        self._size += len(decoded)
        self._received += len(chunk)
        if max(self._size, self._received) > self._limit:
            raise BodyError(f"is larger than {self._limit:,} bytes")
        return decoded

    def finish(self) -> None:
        """Raise BodyError when the compressed body is cut short."""
        if self._zlib and self._begun and not self._zlib.eof:
            raise BodyError("was cut short")

    def _inflate(self, chunk: bytes) -> bytes:
        assert self._zlib is not None
        decoded = b""
        try:
            while chunk:
                if self._zlib.eof:  # another gzip member, or padding, which is ignored
                    if not chunk.startswith(GZIP_MAGIC):
                        break
                    self._zlib = zlib.decompressobj(GZIP_OR_ZLIB)
                room = self._limit - self._size - len(decoded) + 1
                if room <= 0:
                    break
                decoded += self._step(chunk, room)
                self._begun = True
                chunk = self._zlib.unused_data
        except zlib.error as error:
            raise BodyError("is compressed, and damaged") from error
        return decoded

    def _step(self, chunk: bytes, room: int) -> bytes:
        assert self._zlib is not None
        try:
            return self._zlib.decompress(chunk, room)
        except zlib.error:
            if self._begun or self._encoding != "deflate":
                raise
            self._zlib = zlib.decompressobj(RAW_DEFLATE)  # as some servers understand the word
            return self._zlib.decompress(chunk, room)
