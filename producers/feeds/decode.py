"""The bytes of a feed as text, whatever is said about their encoding."""

from __future__ import annotations

import codecs
import re

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
FALLBACK = "windows-1252"
"""What browsers take for Western text that says nothing, or says latin-1 or ASCII:
https://encoding.spec.whatwg.org/#names-and-labels"""

LATIN_1 = frozenset(("iso8859-1", "ascii", "cp1252"))

MOST_BROKEN = 0.1
"""Share of non-ASCII text that may be broken before it is not taken for UTF-8 any more."""

_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# Comments may come before; they are matched once only, or a thousand of them would take for ever.
_XML_DECLARATION = re.compile(
    r"^\s*(?:<!--(?>.*?-->)\s*)*+<\?xml\b[^>]{0,500}\?>", re.IGNORECASE | re.DOTALL
)


def decode(document: bytes, content_type: str = "") -> str:
    """Return the document's text, without byte order mark and XML declaration.

    A byte order mark counts most; then what is valid UTF-8 is UTF-8, since nothing else looks
    like it by chance and declarations are often left over from another time; then the charset of
    the Content-Type, and the XML declaration's. What is no text in any of them is taken for
    windows-1252, or for UTF-8 with a few broken characters (U+FFFD).

    >>> decode("<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".encode())
    '<a>é</a>'
    """
    text = _decode(document, content_type)
    return _XML_DECLARATION.sub("", text.removeprefix("\ufeff"), count=1).lstrip()


def _decode(document: bytes, content_type: str) -> str:
    for mark, name in BOMS:
        if document.startswith(mark):
            return document.decode(name, "replace")
    if document[:2] in (b"<\0", b"\0<"):  # UTF-16 without its mark
        return document.decode("utf-16-le" if document[0] else "utf-16-be", "replace")
    declared = [found[1] for found in [_CHARSET.search(content_type)] if found]
    declared += [found[1].decode() for found in [_XML_ENCODING.search(document)] if found]
    try:
        return document.decode("utf-8")
    except UnicodeDecodeError:
        text = document.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken <= MOST_BROKEN * sum(1 for character in text if character > "\x7f"):
        return text
    for name in declared:
        try:
            codec = codecs.lookup(name).name
            if codec not in LATIN_1 and not codec.startswith("utf"):
                return document.decode(codec)
        except (LookupError, UnicodeDecodeError):
            continue
    return document.decode(FALLBACK, "replace")
