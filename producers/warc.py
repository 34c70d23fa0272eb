"""Articles out of web archives: WARC 1.0 and 1.1, as Common Crawl's news crawl has them.

https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

MAX_PAGE_BYTES = 8_000_000
"""Of a page's HTML: the article in it is at most an eighth of that."""

HTML_TYPES = ("text/html", "application/xhtml+xml")
HEAD_CHARS = 65536
_LANGUAGE = re.compile(r"""<html\b[^>]*?\blang\s*=\s*["']?([a-z]{2,3})\b""", re.IGNORECASE)
_HEAD_END = re.compile(r"</head|<body", re.IGNORECASE)
_LINKED_DATA = re.compile(
    r"<script[^>]*application/ld\+json[^>]*>.*?</script>", re.IGNORECASE | re.DOTALL
)
_DATES = {"extensive_search": False, "original_date": True}


class Page(NamedTuple):
    """A web page as it was taken."""

    url: str
    html: bytes
    charset: str
    """What the server said; empty: nothing."""
    taken_at: datetime


def read_pages(data: BinaryIO) -> Iterator[tuple[int, Page | ValueError]]:
    """Yield the number of each record that is a web page, from 1, and the page or its problem.

    Requests, redirects, errors, images and the like are no pages. Raises ValueError where the
    file is damaged: what follows cannot be told apart.
    """
    number = found = 0
    records = ArchiveIterator(data, arc2warc=False)
    try:
        for number, record in enumerate(records, 1):
            if record.format != "warc":
                raise ValueError("no WARC file")
            if record.rec_type != "response" or not _is_page(record):
                continue
            found += 1
            yield number, _page(record)
    except ArchiveLoadFailed as error:
        said = " ".join(str(error).split())[:100]
        raise ValueError(f"no WARC, or damaged, after record {number}: {said}") from error
    if not found:
        raise ValueError(f"none of its {number} records is a web page")


def _is_page(record: ArcWarcRecord) -> bool:
    http = record.http_headers
    if http is None or http.get_statuscode() != "200":
        return False
    return (http.get_header("Content-Type") or "").partition(";")[0].strip().lower() in HTML_TYPES


def _page(record: ArcWarcRecord) -> Page | ValueError:
    content = record.content_stream().read(MAX_PAGE_BYTES + 1)
    if len(content) > MAX_PAGE_BYTES:
        return ValueError(f"the page has more than {MAX_PAGE_BYTES:,} bytes")
    if left := getattr(record.raw_stream, "limit", 0):
        raise ValueError(f"the file ends {left:,} bytes before a record does")
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    date = record.rec_headers.get_header("WARC-Date") or ""
    try:
        taken_at = datetime.fromisoformat(date)
    except ValueError:
        return ValueError(f"{date!r} is no WARC-Date")
    _, _, charset = (record.http_headers.get_header("Content-Type") or "").partition("charset=")
    # Some writers put the address into angle brackets, as WARC 1.0 had it.
    return Page(url.strip("<>"), content, charset.strip(" \"';"), taken_at)


def page_fields(page: Page) -> dict[str, Any]:
    """Return what the article on a page has, by the names that files of articles use.

    Raises ValueError when there is none.
    """
    # Loading it takes a while, and most commands never see a page.
    from trafilatura import bare_extraction
    from trafilatura.metadata import extract_metadata
    from trafilatura.utils import decode_file

    try:
        html = page.html.decode(page.charset or "utf-8")
    except (LookupError, ValueError):
        html = decode_file(page.html)  # the server is wrong, as many are: the bytes show
    found = bare_extraction(html, url=page.url, include_comments=False)
    assert not isinstance(found, dict)  # as older versions had it
    if found is None or not found.text:
        raise ValueError("no article on this page")
    # What a page says of itself; in the rest of it, dates would be guessed, and take long.
    about = extract_metadata(
        _head(html), default_url=page.url, date_config=_DATES, author_blacklist=set()
    )
    language = _LANGUAGE.search(html, 0, HEAD_CHARS)
    return {
        "text": found.text,
        "title": about.title,
        "url": page.url,
        "source": about.sitename or about.hostname,
        "language": language[1].lower() if language else None,
        "published": about.date,
    }


def _head(html: str) -> str:
    """Return the head of a page, and the linked data that stands below it."""
    end = _HEAD_END.search(html)
    head = html[: end.start() if end else HEAD_CHARS]
    below = _LINKED_DATA.findall(html, len(head))
    return "".join((head, *below, "</head><body></body></html>"))
