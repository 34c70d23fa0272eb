"""Bodies as they come over the wire, decompressed piece by piece and never past a limit."""

from __future__ import annotations

import zlib

GZIP = 16 + zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"


class BodyError(Exception):
    """The body cannot be used; the text goes on where the address stood."""

    final = False
    """Whether asking again is in vain."""


def too_large(limit: int) -> BodyError:
    """Return the error for a body of more than `limit` bytes."""
    error = BodyError(f"is larger than {limit:,} bytes")
    error.final = True
    return error


class Decoder:
    """Undoes one Content-Encoding. `limit` bytes at most come out, however little goes in."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise BodyError(f"is compressed with {self._encoding[:40]!r}, which was not asked for")
        self._limit = limit
        self._size = 0
        self._received = 0
        self._head = b""
        self._zlib = None if self._encoding in ("", "identity") else zlib.decompressobj(GZIP)

    def decode(self, chunk: bytes) -> bytes:
        """Return what `chunk` adds. Raises BodyError past the limit, or when it is damaged."""
        self._received += len(chunk)
        decoded = self._inflate(chunk) if self._zlib else chunk
        self._size += len(decoded)
        if max(self._size, self._received) > self._limit:
            raise too_large(self._limit)
        return decoded

    def finish(self) -> None:
        """Raise BodyError when the compressed body is cut short."""
        if self._zlib and self._received and not self._zlib.eof:
            raise BodyError("was cut short")

    def _inflate(self, chunk: bytes) -> bytes:
        assert self._zlib is not None
        if self._encoding == "deflate" and len(self._head) < 2:
            chunk = self._head = self._head + chunk
            if len(chunk) < 2:
                return b""
            self._zlib = zlib.decompressobj(deflate_window(chunk))
        decoded = b""
        try:
            while chunk:
                if self._zlib.eof:  # another gzip member, or padding, which is ignored
                    if not chunk.startswith(GZIP_MAGIC):
                        break
                    self._zlib = zlib.decompressobj(GZIP)
                room = self._limit - self._size - len(decoded) + 1
                if room <= 0:
                    break
                decoded += self._zlib.decompress(chunk, room)
                chunk = self._zlib.unused_data
        except zlib.error as error:
            raise BodyError("is compressed, and damaged") from error
        return decoded


def deflate_window(head: bytes) -> int:
    """Return zlib's wbits for a `deflate` body that begins so: some servers leave the header out.

    RFC 1950, 2.2: the method is 8, and the first two bytes are a multiple of 31.
    """
    is_zlib = head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
