from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from producers.addresses import is_public, parse_networks
from tests.unit.producers.fetching import ELSEWHERE, HERE, Names, fetched, refused, run
from tests.web_server import Handler, Server, answer, redirect, serving


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111"),
        *("64:ff9b::808:808", "2001:4860:4860::8888", "::ffff:8.8.8.8"),
    ],
)
def test_the_public_internet_is_open(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::"),
        *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fec0::1"),
        *("169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"),
        "168.63.129.16",
        *("100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
        *("224.0.0.1", "239.1.1.1", "ff02::1", "ff0e::1", "240.0.0.1", "255.255.255.255"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"),
        *("2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::", "2001::1"),
        *("2001:db8::1", "3fff::1", "5f00::1", "100::1", "4000::1", "fc00::1"),
    ],
)
def test_all_else_is_not(address: str) -> None:
    assert not is_public(ip_address(address))


def test_a_setting_names_networks_and_single_addresses() -> None:
    ten, one = parse_networks(" 10.1.0.0/16 ,::1,")
    assert ip_address("10.1.2.3") in ten
    assert ip_address("::1") in one
    with pytest.raises(ValueError, match="localhost"):
        parse_networks("localhost")


@pytest.mark.parametrize(
    "host",
    [
        *(ELSEWHERE, "127.2", "2130706434", "0x7f000002", "0177.0.0.2", "127.0.0.2."),
        *("[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "[::1]", "[::]", "0.0.0.0", "0", "localhost6"),
    ],
)
@pytest.mark.parametrize("way", ["asked for", "redirect"])
def test_no_spelling_of_a_forbidden_address_is_connected_to(host: str, way: str) -> None:
    async def test() -> None:
        # On all addresses: whatever slips through is seen.
        async with serving({"/": answer(body=b"secret")}, host="0.0.0.0") as inside:
            target = f"http://{host}:{inside.port}/"
            async with serving({"/": redirect(target)}) as outside:
                asked = target if way == "asked for" else outside.url("/")
                await refused(asked, "not on the public internet|cannot be reached|no address")
            assert inside.connections == 0

    run(test())


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.0.1", "169.254.169.254", "[fd00::1]", "[fe80::1]"]
)
def test_redirects_to_private_addresses_end_there(address: str) -> None:
    async def test() -> None:
        async with serving({"/": redirect(f"http://{address}/latest/meta-data")}) as server:
            error = await refused(server.url(), "not on the public internet")
            assert address.strip("[]") in str(error)
            assert "DEALWIRE_FETCH_ALLOW" in str(error)

    run(test())


@asynccontextmanager
async def good_and_bad(
    good_routes: Mapping[str, Handler], bad_routes: Mapping[str, Handler]
) -> AsyncIterator[tuple[Server, Server]]:
    """Serve on one port of two addresses, of which the second is forbidden."""
    async with serving(good_routes) as good:
        async with serving(bad_routes, host=ELSEWHERE, port=good.port) as bad:
            yield good, bad


def test_dns_that_changes_its_answer_changes_nothing() -> None:
    async def test() -> None:
        async with serving({"/": answer(body=b"news")}) as good:
            async with serving(
                {"/": answer(body=b"secret")}, host=ELSEWHERE, port=good.port
            ) as bad:
                names = Names([HERE], [ELSEWHERE])
                got = await fetched(good.url(host="rebind.test"), resolve=names)
                assert got.body == b"news"
                assert names.asked == ["rebind.test"], "one answer, and the connection goes there"
                assert bad.connections == 0

    run(test())


def test_dns_that_changes_its_answer_between_hops_is_caught() -> None:
    async def test() -> None:
        async with good_and_bad({"/": redirect("/again")}, {"/again": answer()}) as (good, bad):
            names = Names([HERE], [ELSEWHERE])
            await refused(good.url(host="rebind.test"), "not on the public", resolve=names)
            assert bad.connections == 0

    run(test())


def test_of_several_addresses_only_those_permitted_are_tried() -> None:
    async def test() -> None:
        async with serving({"/": answer(body=b"news")}) as good:
            async with serving(
                {"/": answer(body=b"secret")}, host=ELSEWHERE, port=good.port
            ) as bad:
                names = Names([ELSEWHERE, "::1", HERE])
                got = await fetched(good.url(host="mixed.test"), resolve=names)
                assert got.body == b"news"
                assert bad.connections == 0

    run(test())


def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    async def test() -> None:
        async with serving({"/": answer(body=b"news")}) as server:
            names = Names(["127.0.0.3", HERE])
            allowed = parse_networks("127.0.0.3,127.0.0.1")
            got = await fetched(server.url(host="two.test"), resolve=names, allowed=allowed)
            assert got.body == b"news"

    run(test())


def test_a_name_that_does_not_exist_is_named() -> None:
    run(refused("http://no-such-host.invalid/", "no-such-host.invalid is not known"))
    run(refused("http://empty.test/", "empty.test", resolve=Names([])))
