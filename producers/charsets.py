"""Bytes to text, whatever the server says about them."""

from __future__ import annotations

import codecs
import re
from email.message import Message

FALLBACK = "cp1252"
TEXT_CODECS = frozenset(
    [
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "mac-roman"),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(f"iso8859-{number}" for number in range(2, 17)),
        *("shift_jis", "cp932", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949"),
    ]
)
"""The encodings of the web (https://encoding.spec.whatwg.org). Python knows others under whose
names no text comes: `zip`, `idna`, `unicode_escape`."""
MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "gbk": "gb18030", "gb2312": "gb18030"} | {
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
}
"""What browsers understand by these names."""
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""")
NOT_UTF8 = re.compile(rb"[\0\x1b]")
"""UTF-16 and ISO-2022-JP are UTF-8, too, but for these."""
HEAD_BYTES = 2048
"""Where a document must declare its encoding; the standard says 1024."""


def decode_text(body: bytes, content_type: str = "") -> str:
    """Return the text of an HTML or XML document. Never fails; what is no text becomes U+FFFD.

    A byte order mark decides; then whether it is UTF-8, as text in other encodings never is by
    chance; then what the server declares, then the document, and windows-1252 when none does.
    """
    for mark, codec in BOMS:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    if not NOT_UTF8.search(body):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    declared = DECLARED.search(body[:HEAD_BYTES])
    in_document = declared[1].decode("ascii") if declared else ""
    for label in (charset_of(content_type), in_document):
        if not (found := find_codec(label)):
            continue
        text = body.decode(found, "replace")
        # What is said to be UTF-8 may be so but for a few bytes broken or cut, or not at all.
        if found != "utf-8" or text.count("\ufffd") * 10 < len(body) - len(text):
            return text
    return body.decode(FALLBACK, "replace")


def charset_of(content_type: str) -> str:
    """Return the charset parameter of a Content-Type header, or an empty string."""
    message = Message()
    message["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    return str(message.get_param("charset", "") or "")


def find_codec(label: str) -> str | None:
    """Return Python's codec for the label, as browsers understand it; None for what is no text."""
    try:
        name = codecs.lookup(label.strip()[:40]).name
    except (LookupError, ValueError):
        return None
    name = MEANT.get(name, name)
    return name if name in TEXT_CODECS else None
