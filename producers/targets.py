"""Addresses to fetch: what may be one, where a redirect leads, whose turn it takes."""

from __future__ import annotations

import httpx

from producers.fetch_error import FetchError

WEB_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024
"""Below it, only the ports of the web: others speak protocols that a request could be taken for."""
LAST_PORT = 65535
MAX_URL_CHARS = 4096


def parse_address(url: str) -> httpx.URL:
    """Return the address of something that may be fetched. Raises FetchError."""
    if len(url) > MAX_URL_CHARS:
        raise FetchError(
            f"an address of {len(url):,} characters is none ({url[:60]}...)", final=True
        )
    try:
        address = httpx.URL(url.strip()).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{url!r} is no address: {error}", final=True) from error
    if address.scheme not in ("http", "https"):
        raise FetchError(
            f"{url!r} is neither http nor https, and nothing else is fetched", final=True
        )
    if not address.host:
        raise FetchError(f"{url!r} names no host", final=True)
    if address.userinfo:
        raise FetchError(
            f"an address at {address.host} holds a password: none such is fetched", final=True
        )
    port = 80 if address.port is None else address.port
    if port not in WEB_PORTS and not FIRST_FREE_PORT <= port <= LAST_PORT:
        raise FetchError(f"{address}: port {port} is not one of the web", final=True)
    return address


def host_of(address: httpx.URL) -> str:
    """Return what takes turns: the name without its port, and without the root's dot."""
    return address.raw_host.decode("ascii").lower().rstrip(".")


def follow(address: httpx.URL, location: str) -> httpx.URL:
    """Return where a redirect from `address` leads. Raises FetchError."""
    # Servers send bytes; most of them mean UTF-8.
    raw = location.encode("latin-1")
    try:
        location = raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return parse_address(str(address.join(location)))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{address} leads to {location!r}, which is no address") from error
