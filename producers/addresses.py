"""Which addresses may be connected to, and connecting to just those.

Whoever writes a feed decides what we connect to. So the check is made on the address that the
connection goes to, not on the name: what DNS answers a moment later does not matter.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore

from producers.bounded_streams import BoundedStream

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[list[Address]]]

MAX_ADDRESSES = 4
"""Tried of one name, one after the other."""
CONNECT_S = 5.0
"""For one address."""
RESOLVER_THREADS = 32
"""A name server that does not answer keeps a thread busy for half a minute."""

GLOBAL_UNICAST = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: an IPv4 address is in the last four bytes."""
REFUSED = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's host, reached from inside a virtual machine only
        "192.0.0.0/24",  # protocol assignments; older tables list parts of it only
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "2001:db8::/32",  # for documentation
        "3fff::/20",  # for documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
    )
)
"""Not global, or not for us, whatever the standard library's tables say."""


class ForbiddenAddressError(Exception):
    """The address is not on the public internet, and no setting allows it."""


def is_public(address: Address) -> bool:
    """Tell whether the address is one of the public internet, meant for one receiver.

    >>> is_public(ip_address("9.9.9.9")), is_public(ip_address("::ffff:10.0.0.1"))
    (True, False)
    """
    if isinstance(address, IPv6Address):
        if inner := _inner_ipv4(address):
            return is_public(inner)
        if address not in GLOBAL_UNICAST:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in REFUSED)
    )


def _inner_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that the packets end up at."""
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return networks and single addresses separated by commas. Raises ValueError.

    >>> parse_networks("10.1.0.0/16, ::1")
    (IPv4Network('10.1.0.0/16'), IPv6Network('::1/128'))
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


class Resolver:
    """Names to addresses as the system does it, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolver")

    async def __call__(self, host: str, port: int) -> list[Address]:
        """Return the addresses, best first. Raises OSError."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        # A scope (fe80::1%eth0) is no part of the address; link-local is refused anyway.
        return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses of the public internet, and to `allowed` networks."""

    def __init__(self, resolve: Resolve, allowed: Iterable[Network] = ()) -> None:
        self._resolve = resolve
        self._allowed = tuple(allowed)
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> BoundedStream:
        """Connect to the first address of `host` that answers, of those that are permitted.

        Raises ForbiddenAddressError when none is, httpcore.ConnectError when none answers.
        """
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label is too long
            raise httpcore.ConnectError(f"the name {host} is not known") from error
        permitted = [address for address in addresses if self._permits(address)]
        if not permitted:
            raise ForbiddenAddressError(", ".join(map(str, addresses)) or "no address")
        problem: Exception | None = None
        for address in permitted[:MAX_ADDRESSES]:
            try:
                return BoundedStream(
                    await self._backend.connect_tcp(
                        str(address), port, CONNECT_S, local_address, socket_options
                    )
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        assert problem is not None
        raise problem

    def _permits(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self._allowed)
