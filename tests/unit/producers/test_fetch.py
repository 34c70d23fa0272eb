from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.fetch import FetchError, user_agent
from producers.hosts import Hosts
from producers.retry_after import parse_retry_after
from producers.targets import follow, parse_address
from tests.unit.producers.fetching import HERE, Names, fetched, make_fetcher, refused, run
from tests.web_server import Request, Send, answer, raw, redirect, serving

DATE = "Mon, 06 Jul 2026 08:00:00 GMT"


def test_a_request_says_who_we_are_and_nothing_more() -> None:
    async def test() -> None:
        async with serving({"/feed": answer(body=b"<rss/>", content_type="text/xml")}) as server:
            got = await fetched(server.url("/feed?a=1#top"), user_agent=user_agent("me@e.com"))
            assert got.body == b"<rss/>"
            assert got.url == got.permanent_url == server.url("/feed?a=1")
            assert got.headers["content-type"] == "text/xml"
            (request,) = server.requests
            assert request.target == "/feed?a=1"
            assert request.headers == {
                "host": f"{HERE}:{server.port}",
                "user-agent": "dealwire/0.1.0 (+me@e.com)",
                "accept": "*/*",
                "accept-encoding": "gzip, deflate",
                "connection": "close",
            }

    run(test())


def test_cookies_are_not_kept() -> None:
    async def test() -> None:
        routes = {"/": answer(302, location="/b", set_cookie="id=7"), "/b": answer()}
        async with serving(routes) as server, make_fetcher() as fetcher:
            for _ in range(2):
                await fetcher.fetch(server.url(), accept="*/*")
            assert not any("cookie" in request.headers for request in server.requests)

    run(test())


@pytest.mark.parametrize(
    ("validators", "sent"),
    [
        ({"etag": '"a-1"'}, {"if-none-match": '"a-1"'}),
        ({"etag": 'W/"été"'}, {"if-none-match": 'W/"été"'}),
        ({"last_modified": DATE}, {"if-modified-since": DATE}),
        ({"last_modified": "yesterday"}, {"if-modified-since": "yesterday"}),
        (
            {"etag": '"a"', "last_modified": DATE},
            {"if-none-match": '"a"', "if-modified-since": DATE},
        ),
    ],
)
def test_what_has_not_changed_is_not_sent_again(
    validators: dict[str, str], sent: dict[str, str]
) -> None:
    async def feed(request: Request, send: Send) -> None:
        fresh = any(request.headers.get(name) == value for name, value in sent.items())
        await answer(304 if fresh else 200, b"" if fresh else b"all")(request, send)

    async def test() -> None:
        async with serving({"/": redirect("/feed"), "/feed": feed}) as server:
            got = await fetched(server.url(), **validators)
            assert (got.status, got.body) == (304, b"")
            for request in server.requests:
                for name, value in sent.items():
                    assert request.headers[name] == value
            assert (await fetched(server.url(), etag='"other"')).body == b"all"

    run(test())


def test_validators_go_back_byte_for_byte() -> None:
    async def test() -> None:
        tag = '"\xe9\xa0"'  # no UTF-8
        async with serving({"/": answer(body=b"x", etag=tag)}) as server:
            got = await fetched(server.url())
            await fetched(server.url(), etag=got.headers["etag"])
            assert server.requests[1].headers["if-none-match"] == tag

    run(test())


def test_a_304_that_nobody_asked_for_is_an_error() -> None:
    async def test() -> None:
        async with serving({"/": answer(304)}) as server:
            await refused(server.url(), "304")

    run(test())


@pytest.mark.parametrize(
    ("statuses", "remembered"),
    [
        ((301,), "/1"),
        ((308, 301), "/2"),
        ((302,), "/"),
        ((303,), "/"),
        ((307,), "/"),
        ((301, 302, 301), "/1"),
        ((302, 301), "/"),
    ],
)
def test_only_permanent_redirects_are_remembered(
    statuses: tuple[int, ...], remembered: str
) -> None:
    async def test() -> None:
        paths = ["/", *(f"/{number}" for number in range(1, len(statuses) + 1))]
        routes = {
            path: redirect(then, status)
            for (path, then), status in zip(pairwise(paths), statuses, strict=True)
        }
        async with serving(routes | {paths[-1]: answer(body=b"end")}) as server:
            got = await fetched(server.url())
            assert got.body == b"end"
            assert got.url == server.url(paths[-1])
            assert got.permanent_url == server.url(remembered)

    run(test())


def test_five_redirects_are_followed_and_not_six() -> None:
    async def test() -> None:
        routes = {f"/{n}": redirect(f"/{n + 1}") for n in range(9)} | {"/9": answer(body=b"end")}
        async with serving(routes) as server:
            assert (await fetched(server.url("/4"))).body == b"end"
            await refused(server.url("/3"), "from one address to the next")

    run(test())


def test_redirect_loops_end() -> None:
    async def test() -> None:
        async with serving({"/a": redirect("/b"), "/b": redirect("/a", 301)}) as server:
            await refused(server.url("/a"), "from one address to the next")
            assert len(server.requests) == 6

    run(test())


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("next?x=1#part", "/a/next?x=1"),
        ("../b", "/b"),
        ("//HOST/c", "/c"),
        ("?page=2", "/a/b?page=2"),
        ("/caf\xc3\xa9", "/caf%C3%A9"),
        ("/caf\xe9", "/caf%C3%A9"),
        ("/two words", "/two%20words"),
    ],
)
def test_redirects_are_understood_as_servers_write_them(location: str, target: str) -> None:
    async def test() -> None:
        async with serving({target.partition("?")[0]: answer(body=b"end")}) as server:
            here = f"{HERE}:{server.port}"
            server.routes["/a/b"] = redirect(location.replace("HOST", here))
            await fetched(server.url("/a/b"))
            assert server.targets == ["/a/b", target] or location == "?page=2"

    async def query_only() -> None:
        async def page(request: Request, send: Send) -> None:
            more = "?" in request.target
            await (answer(body=b"end") if more else redirect(location))(request, send)

        async with serving({"/a/b": page}) as server:
            await fetched(server.url("/a/b"))
            assert server.targets == ["/a/b", target]

    run(query_only() if location.startswith("?") else test())


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "FILE:///etc/passwd", "ftp://e.com/feed", "gopher://e.com/_x"),
        *("data:text/xml,<rss/>", "javascript:alert(1)", "unix:///run/docker.sock", "ws://e.com/"),
        *("http://", "http:///etc/passwd", "https:", "http://user:pass@127.0.0.1/"),
        *("http://127.0.0.1:22/", "http://127.0.0.1:25/", "https://127.0.0.1:0/"),
        *("http://127.0.0.1:6x/", "http://127.0.0.1:99999/", "http://[::1/", "http://a b/"),
        *("http://\x00/", "http://e.com\r\nX: y/", "", "/etc/passwd", "feed.xml", "http://.test/"),
        *("http://" + "a" * 64 + ".test/", "http://e.com/" + "a" * 5000, "http://-/", "http://%/"),
    ],
)
def test_other_schemes_and_broken_addresses_are_refused(url: str) -> None:
    names = Names([HERE])  # whatever the name is: what saves us is not that it is unknown

    async def test() -> None:
        await refused(url, ".")
        location = url.encode("unicode_escape").decode()
        async with serving({"/": redirect(location)}) as server:
            if "://" in url:
                await refused(server.url(), ".", resolve=names)

    run(test())


def test_passwords_are_not_sent_anywhere() -> None:
    async def test() -> None:
        async with serving({"/": redirect("/b")}) as server:
            secret = server.url().replace("//", "//user:secret@")
            error = await refused(secret, "password")
            assert "secret" not in str(error)
            server.routes["/"] = redirect(secret)
            await refused(server.url(), "password")
            assert server.targets == ["/"]

    run(test())


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_address_or_a_clear_refusal(host: str, location: str) -> None:
    base = httpx.URL("https://e.com/a/b")
    for attempt in (
        lambda: parse_address(f"https://{host}/"),
        lambda: parse_address(location),
        lambda: follow(base, location.encode("utf-8").decode("latin-1")),
    ):
        try:
            address = attempt()
        except FetchError as error:
            assert str(error)  # noqa: PT017 (both ends are fine)
        else:
            assert address.scheme in ("http", "https") and address.host and not address.fragment
            str(address).encode("ascii")


def test_a_redirect_to_nowhere_is_an_error() -> None:
    async def test() -> None:
        async with serving({"/": answer(302)}) as server:
            assert (await refused(server.url(), "302")).status == 302

    run(test())


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "understand"),
        (401, "password"),
        (402, "money"),
        (403, "refuses"),
        (404, "nothing"),
        (410, "gone"),
        (418, "no article"),
        (451, "legal"),
        (500, "failed"),
        (503, "overloaded"),
        (204, "no article"),
        (206, "no article"),
        (999, "no article"),
    ],
)
def test_errors_come_in_words(status: int, words: str) -> None:
    async def test() -> None:
        async with serving({"/": answer(status)}) as server:
            error = await refused(server.url(), words)
            assert error.status == status
            assert error.gone == (status == 410)
            assert server.url() in str(error)

    run(test())


def test_retry_after_is_understood_in_both_forms() -> None:
    now = datetime(2026, 7, 6, 8, 0, 0, tzinfo=UTC)
    assert parse_retry_after("120") == 120
    assert parse_retry_after(" 0 ") == 0
    assert parse_retry_after(format_datetime(now + timedelta(hours=1), usegmt=True), now) == 3600
    assert parse_retry_after("Monday, 06-Jul-26 08:01:00 GMT", now) == 60
    assert parse_retry_after(format_datetime(now - timedelta(hours=1), usegmt=True), now) == 0
    for nonsense in ("", "soon", "-5", "1.5", "1e9", "٣", "Mon, 99 Jul 2026 08:00:00 GMT"):
        assert parse_retry_after(nonsense) is None, nonsense
    patience = parse_retry_after("9" * 4000)
    assert patience is not None and patience > 1e6


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_for_patience_is_left_alone_all_of_it(status: int) -> None:
    async def test() -> None:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        routes = {"/a": answer(status, retry_after="600"), "/b": answer(status, retry_after=later)}
        for path, most in (("/a", 600.0), ("/b", 91.0)):
            async with serving(routes | {"/c": answer()}) as server, make_fetcher() as fetcher:
                with pytest.raises(FetchError) as caught:
                    await fetcher.fetch(server.url(path), accept="*/*")
                assert caught.value.retry_after_s is not None
                assert most - 5 < caught.value.retry_after_s <= most
                with pytest.raises(FetchError, match="left alone") as second:
                    await fetcher.fetch(server.url("/c"), accept="*/*")
                assert second.value.status is None
                assert most - 5 < (second.value.retry_after_s or 0) <= most
                assert server.targets == [path]

    run(test())


def test_those_who_wait_already_are_told_too() -> None:
    async def test() -> None:
        async with serving({"/": answer(429, retry_after="600")}) as server:
            async with make_fetcher() as fetcher:
                fetches = (fetcher.fetch(server.url(), accept="*/*") for _ in range(20))
                errors = await asyncio.gather(*fetches, return_exceptions=True)
            assert all(isinstance(error, FetchError) for error in errors)
            assert len(server.requests) == 1

    run(test())


def test_one_request_at_a_time_per_host_and_apart_redirects_included() -> None:
    async def test() -> None:
        gap_s = 0.1
        routes = {"/": redirect("/b"), "/b": answer()}
        async with serving(routes) as one, serving(routes) as two:
            async with make_fetcher(Hosts(gap_s), resolve=Names([HERE])) as fetcher:
                # "A.test." is the same host, and so is another port of it.
                urls = [one.url(host="a.test"), two.url(host="A.test."), one.url(host="b.test")]
                await asyncio.gather(*(fetcher.fetch(url, accept="*/*") for url in urls))
            times: dict[str, list[float]] = {}
            for request in one.requests + two.requests:
                host = request.headers["host"].partition(":")[0].rstrip(".")
                times.setdefault(host, []).append(request.at)
            assert {host: len(at) for host, at in times.items()} == {"a.test": 4, "b.test": 2}
            for at in times.values():
                at.sort()
                gaps = [b - a for a, b in pairwise(at)]
                assert min(gaps) >= gap_s, gaps
            assert min(times["b.test"]) < sorted(times["a.test"])[1], "hosts do not wait in line"

    run(test())


def test_waiting_for_a_turn_does_not_count_as_slowness() -> None:
    async def test() -> None:
        async with serving({"/": redirect("/b"), "/b": answer(body=b"end")}) as server:
            async with make_fetcher(Hosts(0.5), total_s=0.4) as fetcher:
                assert (await fetcher.fetch(server.url(), accept="*/*")).body == b"end"

    run(test())


def test_the_time_runs_over_all_redirects_together() -> None:
    async def test() -> None:
        async def slow(request: Request, send: Send) -> None:
            await asyncio.sleep(0.2)
            await redirect(request.target + "x")(request, send)

        routes = {f"/{'x' * n}": slow for n in range(6)}
        async with serving(routes) as server:
            await refused(server.url(), "longer than", total_s=0.5)
            assert len(server.requests) <= 3

    run(test())


def test_connections_have_a_limit() -> None:
    async def test() -> None:
        open_now = most = 0

        async def busy(request: Request, send: Send) -> None:
            nonlocal open_now, most
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0.02)
            open_now -= 1
            await answer()(request, send)

        async with serving({"/": busy}) as server:
            async with make_fetcher(resolve=Names([HERE]), connections=3) as fetcher:
                urls = [server.url(host=f"{n}.test") for n in range(12)]
                await asyncio.gather(*(fetcher.fetch(url, accept="*/*") for url in urls))
        assert most == 3

    run(test())


def test_a_fetch_that_is_given_up_leaves_no_trace() -> None:
    async def test() -> None:
        slow = raw(b"HTTP/1.1 200 OK\r\n\r\n", b"x", wait_s=0.01, forever=True)
        async with serving({"/slow": slow, "/": answer(body=b"news")}) as server:
            async with make_fetcher(connections=1) as fetcher:
                task = asyncio.create_task(fetcher.fetch(server.url("/slow"), accept="*/*"))
                await asyncio.sleep(0.1)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                async with asyncio.timeout(1):
                    assert (await fetcher.fetch(server.url(), accept="*/*")).body == b"news"

    run(test())
