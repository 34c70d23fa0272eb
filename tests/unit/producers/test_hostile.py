"""What servers do to harm us, or because they are broken; each at a real server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import ssl
import sys
import time
import tracemalloc
import zlib
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from producers.bodies import BodyError, Decoder
from tests.unit.producers.fetching import HERE, Names, fetched, make_fetcher, refused, run
from tests.web_server import Handler, Request, Send, answer, hang, raw, serving

OK = b"HTTP/1.1 200 OK\r\n"
LIMIT = 100_000
"""Of the tests' fetcher."""


def packed(body: bytes, window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    return packer.compress(body) + packer.flush()


def sent_as(encoding: str, body: bytes) -> Handler:
    return answer(body=body, content_encoding=encoding)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        pytest.param("gzip", gzip.compress, id="gzip"),
        pytest.param("X-GZIP", gzip.compress, id="old name"),
        pytest.param("deflate", zlib.compress, id="deflate"),
        pytest.param("deflate", lambda body: packed(body, -15), id="bare deflate"),
        pytest.param("identity", bytes, id="identity"),
        pytest.param("gzip", lambda b: gzip.compress(b[:9]) + gzip.compress(b[9:]), id="members"),
        pytest.param("gzip", lambda b: gzip.compress(b) + bytes(100), id="padding"),
        pytest.param("gzip", lambda b: gzip.compress(b, mtime=0) + b"\x1f", id="junk"),
    ],
)
@pytest.mark.parametrize("size", [11, LIMIT])
def test_compressed_bodies_are_unpacked(encoding: str, pack, size: int) -> None:  # type: ignore[no-untyped-def]
    body = (b"Peugeot rach\xc3\xa8te. " * (LIMIT // 17 + 1))[:size]

    async def test() -> None:
        packed_body = pack(body)
        head = f"content-encoding: {encoding}\r\ncontent-length: {len(packed_body)}\r\n\r\n"
        crumbs = [bytes([byte]) for byte in packed_body[:300]]
        pieces = [*crumbs, packed_body[300:]]
        async with serving({"/": raw(OK + head.encode(), *pieces)}) as server:
            assert (await fetched(server.url())).body == body

    run(test())


def test_an_empty_body_is_empty_whatever_its_encoding() -> None:
    async def test() -> None:
        async with serving({"/": sent_as("gzip", b"")}) as server:
            assert (await fetched(server.url())).body == b""

    run(test())


BOMB = gzip.compress(bytes(200_000_000), 9)


def test_a_bomb_does_not_go_off_inside_either() -> None:
    """One piece from the network, 64 KiB, would be 64 MiB."""
    for encoding, bomb in (("gzip", BOMB), ("deflate", zlib.compress(bytes(100_000_000), 9))):
        decoder = Decoder(encoding, LIMIT)
        tracemalloc.start()
        try:
            with pytest.raises(BodyError, match="larger"):
                decoder.decode(bomb[: 64 * 1024])
            assert tracemalloc.get_traced_memory()[1] < 10 * LIMIT
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        pytest.param(
            raw(OK + b"\r\n", b"x" * 1000, forever=True), "larger than 100,000", id="endless"
        ),
        pytest.param(
            raw(OK + b"transfer-encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
            "broke off",
            id="chunks cut short",
        ),
        pytest.param(
            raw(
                OK + b"transfer-encoding: chunked\r\n\r\n",
                b"3e8\r\n" + b"x" * 1000 + b"\r\n",
                forever=True,
            ),
            "larger than 100,000",
            id="endless chunks",
        ),
        pytest.param(
            raw(OK + b"content-length: 99999999999\r\n\r\n"), "larger than 100,000", id="announced"
        ),
        pytest.param(answer(body=b"x" * (LIMIT + 1)), "larger than 100,000", id="one too many"),
        pytest.param(sent_as("gzip", BOMB), "larger than 100,000", id="gzip bomb"),
        pytest.param(
            sent_as("deflate", zlib.compress(bytes(200_000_000), 9)),
            "larger than 100,000",
            id="deflate bomb",
        ),
        pytest.param(
            sent_as("gzip", gzip.compress(bytes(60_000)) * 2),
            "larger than 100,000",
            id="two members",
        ),
        pytest.param(
            raw(OK + b"content-encoding: gzip\r\n\r\n", gzip.compress(b"") * 50, forever=True),
            "larger than 100,000",
            id="endless empty members",
        ),
        pytest.param(sent_as("gzip, gzip", gzip.compress(BOMB)), "not asked for", id="twice"),
        pytest.param(sent_as("br", b"\x8b\x00\x80x\x03"), "not asked for", id="brotli"),
        pytest.param(sent_as("gzip", b"<rss/>"), "damaged", id="no gzip at all"),
        pytest.param(sent_as("deflate", b"\xff\xff<rss/>"), "damaged", id="no deflate at all"),
        pytest.param(
            sent_as("gzip", gzip.compress(bytes(range(256)) * 99)[:-8] + b"\0" * 8),
            "damaged",
            id="checksum",
        ),
        pytest.param(
            sent_as("gzip", gzip.compress(bytes(range(256)) * 99)[:-9]), "cut short", id="gzip cut"
        ),
        pytest.param(raw(OK + b"content-length: 99\r\n\r\nabc"), "broke off", id="length cut"),
        pytest.param(raw(b""), "broke off", id="nothing"),
        pytest.param(raw(OK), "broke off", id="half a head"),
        pytest.param(raw(b"\x15\x03\x01\x00\x02\x02\x0a\r\n\r\n"), "broke off", id="no HTTP"),
        pytest.param(raw(b"<rss></rss>\r\n\r\n"), "broke off", id="HTTP/0.9"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "broke off", id="SSH"),
        pytest.param(
            raw(OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab"), "broke off", id="lengths"
        ),
        pytest.param(raw(OK + b"content-length: -1\r\n\r\nab"), "broke off", id="minus one"),
        pytest.param(
            raw(OK + b"transfer-encoding: chunked\r\n\r\n-5\r\nab"), "broke off", id="odd chunk"
        ),
        pytest.param(
            raw(OK + b"transfer-encoding: chunked\r\n\r\n5;", b"x" * 9999, forever=True),
            "broke off",
            id="endless chunk head",
        ),
        pytest.param(
            raw(OK + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n" * 999, forever=True),
            "broke off",
            id="endless trailers",
        ),
        pytest.param(raw(OK, b"x-a: b\r\n" * 999, forever=True), "broke off", id="header flood"),
        pytest.param(raw(OK + b"x-a: ", b"b" * 9999, forever=True), "broke off", id="long header"),
        pytest.param(
            raw(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99, forever=True), "more than", id="100"
        ),
        pytest.param(
            raw(b"", b"HTTP/1.1 103 Hints\r\na: b\r\n\r\n" * 99, forever=True),
            "more than",
            id="103",
        ),
        pytest.param(raw(b"HTTP/1.1 200 ", b"O" * 9999, forever=True), "broke off", id="long word"),
        pytest.param(raw(OK + b"a\x00b: c\r\n\r\n"), "broke off", id="zero byte in a header"),
        pytest.param(
            raw(b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\n\r\n"), "broke off|101", id="101"
        ),
    ],
)
def test_bodies_and_heads_that_do_harm_are_refused(handler: Handler, words: str) -> None:
    async def test() -> None:
        async with serving({"/": handler}) as server:
            began = time.monotonic()
            error = await refused(server.url(), words)
            assert server.url() in str(error)
            assert time.monotonic() - began < 3, "refused at once, not when time runs out"

    run(test())


def test_chunks_may_take_more_than_what_they_hold() -> None:
    async def test() -> None:
        chunk = b"10\r\n" + b"x" * 16 + b"\r\n"
        chunked = OK + b"transfer-encoding: chunked\r\n\r\n" + chunk * 6_250 + b"0\r\n\r\n"
        async with serving({"/": raw(chunked)}) as server:
            assert (await fetched(server.url())).body == b"x" * LIMIT

    run(test())


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(hang, id="says nothing"),
        pytest.param(raw(OK + b"\r\n", b"x", wait_s=0.01, forever=True), id="slow body"),
        pytest.param(raw(OK + b"x-a: ", b"b", wait_s=0.01, forever=True), id="slow head"),
        pytest.param(raw(b"", b"H", wait_s=0.01, forever=True), id="slow first line"),
        pytest.param(
            raw(b"", b"HTTP/1.1 100 Continue\r\n\r\n", wait_s=0.001, forever=True), id="slow 100"
        ),
        pytest.param(raw(OK + b"content-length: 5\r\n\r\nab", b"", wait_s=9.0), id="stalls"),
        pytest.param(
            raw(OK + b"content-encoding: gzip\r\n\r\n" + BOMB[:100], b"", wait_s=9.0),
            id="stalls in gzip",
        ),
    ],
)
def test_slowness_ends(handler: Handler) -> None:
    async def test() -> None:
        async with serving({"/": handler}) as server:
            began = time.monotonic()
            await refused(server.url(), "longer than|larger than", total_s=0.4)
            assert time.monotonic() - began < 1.5

    run(test())


def test_crumbs_do_not_keep_us_busy() -> None:
    async def test() -> None:
        crumbs = raw(OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9999, forever=True)
        async with serving({"/": crumbs}) as server:
            await refused(server.url(), "crumbs", size_bytes=10_000_000, total_s=20.0)

    run(test())


def test_a_flood_does_not_stop_the_others() -> None:
    """One loop serves all: while a hostile server floods it, another answers within bounds."""

    async def test() -> None:
        flood = raw(b"", b"HTTP/1.1 103 Hints\r\n\r\n" * 999, forever=True)
        async with serving({"/": answer(body=b"news"), "/flood": flood}) as server:
            async with make_fetcher(resolve=Names([HERE]), total_s=2.0) as fetcher:
                floods = [
                    asyncio.create_task(
                        fetcher.fetch(server.url("/flood", f"{n}.test"), accept="*/*")
                    )
                    for n in range(3)
                ]
                await asyncio.sleep(0.2)
                got = await fetcher.fetch(server.url(), accept="*/*")
                assert got.body == b"news"
                await asyncio.gather(*floods, return_exceptions=True)

    run(test())


def tls_server(authority: trustme.CA, name: str, expires: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=expires).configure_cert(context)
    return context


def tls_client(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_tls_is_checked() -> None:
    ours, theirs = trustme.CA(), trustme.CA()
    past = datetime.now(UTC) - timedelta(days=1)
    names = Names([HERE])

    async def attempt(context: ssl.SSLContext, words: str | None) -> None:
        async with serving({"/": answer(body=b"news")}, tls=context) as server:
            url = server.url(host="news.test")
            more = {"resolve": names, "tls": tls_client(ours)}
            if words is None:
                assert (await fetched(url, **more)).body == b"news"
                assert server.requests[0].headers["host"] == f"news.test:{server.port}"
            else:
                await refused(url, words, **more)
                assert not server.requests, "nothing is said to whom we do not trust"

    async def test() -> None:
        await attempt(tls_server(ours, "news.test"), None)
        await attempt(tls_server(theirs, "news.test"), "cannot be reached.*certificate")
        await attempt(tls_server(ours, "other.test"), "cannot be reached.*[Hh]ostname mismatch")
        await attempt(tls_server(ours, "news.test", past), "cannot be reached.*expired")
        old = tls_server(ours, "news.test")
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        await attempt(old, "cannot be reached")

    run(test())


def test_the_systems_authorities_are_the_default() -> None:
    async def test() -> None:
        context = tls_server(trustme.CA(), "news.test")
        async with serving({"/": answer()}, tls=context) as server:
            await refused(server.url(host="news.test"), "certificate", resolve=Names([HERE]))

    run(test())


def test_tls_spoken_to_plain_and_plain_to_tls_is_an_error() -> None:
    async def test() -> None:
        async with serving({"/": answer()}) as server:
            url = server.url().replace("http:", "https:")
            await refused(url, "cannot be reached|longer than", total_s=0.5)
        async with serving({"/": answer()}, tls=tls_server(trustme.CA(), HERE)) as server:
            await refused(server.url().replace("https:", "http:"), "broke off")

    run(test())


def test_a_tls_connection_that_is_cut_is_an_error() -> None:
    async def test() -> None:
        authority = trustme.CA()
        handler = raw(OK + b"content-length: 99\r\n\r\nabc")
        async with serving({"/": handler}, tls=tls_server(authority, "news.test")) as server:
            url = server.url(host="news.test")
            await refused(url, "broke off", resolve=Names([HERE]), tls=tls_client(authority))

    run(test())


def test_a_closed_port_is_an_error() -> None:
    async def test() -> None:
        async with serving({}) as server:
            url = server.url()
        await refused(url, "cannot be reached")

    run(test())


class Flood(NamedTuple):
    fetches: int
    connections: int
    body_bytes: int


async def large(request: Request, send: Send) -> None:
    """Send as many bytes as the query says, slowly enough for others to grow meanwhile."""
    size = int(request.target.partition("?")[2])
    await send(OK + f"content-length: {size}\r\n\r\n".encode())
    piece = b"x" * 64 * 1024
    while size > 0:
        await send(piece[:size])
        size -= len(piece)
        await asyncio.sleep(0)


def grown_by_bytes(port: int, flood: Flood) -> int:
    """Return how much memory many fetches at a time take, at the most."""

    async def test() -> None:
        async with make_fetcher(
            resolve=Names([HERE]),
            size_bytes=10_485_760,
            connections=flood.connections,
            total_s=300.0,
        ) as fetcher:

            async def fetch(number: int) -> None:
                size = flood.body_bytes if number < 2 * flood.connections else 10_000
                url = f"http://{number}.test:{port}/?{size}"
                assert len((await fetcher.fetch(url, accept="*/*")).body) == size

            await asyncio.gather(*(fetch(number) for number in range(flood.fetches)))

    before = peak_bytes()
    asyncio.run(test())
    return peak_bytes() - before


def peak_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_waiting_for_room_does_not_count_as_slowness() -> None:
    async def test() -> None:
        slow = raw(OK + b"\r\n" + b"x" * 300_000, b"x", wait_s=0.05, forever=True)
        async with serving({"/": answer(body=b"x" * 300_000), "/slow": slow}) as server:
            async with make_fetcher(
                resolve=Names([HERE]), size_bytes=400_000, large_bodies=1, total_s=0.6
            ) as fetcher:
                hogs = [
                    asyncio.create_task(fetcher.fetch(server.url("/slow", f"{n}.test"), accept=""))
                    for n in range(2)
                ]
                began = time.monotonic()
                await asyncio.sleep(0.1)
                got = await fetcher.fetch(server.url(), accept="*/*")
                assert len(got.body) == 300_000
                errors = await asyncio.gather(*hogs, return_exceptions=True)
                assert all("longer than" in str(error) for error in errors)
                assert time.monotonic() - began > 1, "each of the two had its 0.6 s"

    run(test())


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_a_thousand_fetches_in_flight_stay_small() -> None:
    async def test() -> int:
        async with serving({"/": large}) as server:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
                return await asyncio.get_running_loop().run_in_executor(
                    alone, grown_by_bytes, server.port, Flood(1000, 100, 1_500_000)
                )

    grown = run(test())
    # 85 MB were measured: 100 bodies of 256 KiB, four whole ones, what the sockets hold, and a
    # thousand tasks. Without the limit on large bodies, 216 MB.
    assert grown < 130_000_000, f"{grown:,} bytes"
