"""Articles out of web archives: WARC 1.0 and 1.1, as Common Crawl's news crawl has them.

https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeadersParser

MAX_PAGE_BYTES = 8_000_000
"""Of a page's HTML: the article in it is at most an eighth of that."""

HTML_TYPES = ("text/html", "application/xhtml+xml")
ENCODINGS = ("identity", "gzip", "x-gzip", "deflate")
BUFFER_BYTES = HEAD_CHARS = 65536
_HTTP = StatusAndHeadersParser(["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/2.0"])
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
    number = found = errors = 0
    # It shall not read HTTP itself: what is wrong there would end it, or end it silently.
    records = ArchiveIterator(data, no_record_parse=True, arc2warc=False)
    before = None
    while True:
        record = _next(records, number)
        if before is not None and before.raw_stream.limit:
            raise ValueError(f"cut off in record {number}: {before.raw_stream.limit:,} bytes lack")
        if records.err_count > errors:
            errors = records.err_count
            yield number, ValueError("the record has another length than it says")
        if record is None:
            break
        number, before = number + 1, record
        if record.format != "warc" or record.length is None:
            raise ValueError(f"no WARC, or damaged, at record {number}: it has no length")
        if record.rec_type == "response":
            try:
                page: Page | ValueError | None = _page(record)
            except Exception as error:  # the record is what somebody else's server sent
                page = ValueError(f"the record cannot be read: {error!r}"[:200])
            if page:
                found += 1
                yield number, page
    if not found:
        raise ValueError(f"none of its {number} records is a web page")


def _next(records: ArchiveIterator, number: int) -> ArcWarcRecord | None:
    try:
        return next(records, None)
    except OSError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:100]
        raise ValueError(f"no WARC, or damaged, after record {number}: {said}") from error


def _page(record: ArcWarcRecord) -> Page | ValueError | None:
    """Return the page of a response, None when it is something else, or its problem."""
    # Some writers put the address into angle brackets, as WARC 1.0 had it.
    url = (record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
    if not url.lower().startswith(("http://", "https://")) or not record.length:
        return None
    record.http_headers = http = _HTTP.parse(record.raw_stream)
    content_type = http.get_header("Content-Type") or ""
    kind, _, rest = content_type.partition(";")
    if http.get_statuscode() != "200" or kind.strip().lower() not in HTML_TYPES:
        return None
    encoding = (http.get_header("Content-Encoding") or "identity").strip().lower()
    if encoding not in ENCODINGS:
        return ValueError(f"the page is compressed as {encoding[:20]!r}")
    content = record.content_stream().read(MAX_PAGE_BYTES + 1)
    if len(content) > MAX_PAGE_BYTES:
        return ValueError(f"the page has more than {MAX_PAGE_BYTES:,} bytes")
    while record.raw_stream.read(BUFFER_BYTES):
        pass  # such as what follows the last chunk
    if record.raw_stream.limit:
        return ValueError("the page is cut off")
    taken_at = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "")
    _, _, charset = rest.partition("charset=")
    return Page(url, content, charset.strip(" \"';"), taken_at)


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
