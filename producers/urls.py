"""One address per article, however it was linked to."""

from __future__ import annotations

from urllib.parse import urldefrag, urlsplit

from courlan import clean_url


def canonical_url(url: str) -> str:
    """Return `url` without tracking parameters or fragment; idempotent.

    Raises ValueError when there is no host, or the scheme is neither http nor https.
    >>> canonical_url("https://e.com/a?utm_source=x&id=7#top")
    'https://e.com/a?id=7'
    """
    parts = urlsplit(url.strip())
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no http or https address")
    cleaned: str | None = clean_url(url)
    if not cleaned:
        raise ValueError(f"{url!r} is no address that can be cleaned up")
    return urldefrag(cleaned).url
