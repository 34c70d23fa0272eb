from __future__ import annotations

import asyncio
import time

import pytest

from producers.fetch import FetchError
from producers.hosts import Hosts
from producers.robots import FAILURE_KEPT_S, KEPT_S, Robots, RobotsError
from tests.unit.producers.fetching import HERE, Names, make_fetcher, run
from tests.unit.producers.test_hosts import Clock
from tests.web_server import Handler, Request, Send, Server, answer, hang, raw, redirect, serving

RULES = b"""
User-agent: *
Disallow: /private/
Allow: /private/press

User-agent: dealwire
Disallow: /no-robots
Disallow: /*?print=
Crawl-delay: 7

Sitemap: https://e.com/news.xml
"""

HASTY = RULES.replace(b"Crawl-delay: 7", b"")
LONG = b"User-agent: *\nDisallow: /a\n" + b"#" * 600_000 + b"\nAllow: /a"
CROWD = b"".join(b"User-agent: a%d\n" % number for number in range(6_000))
CROWD += b"".join(b"Disallow: /%d\n" % number for number in range(6_000))
UNKNOWN = b"User-agent: dealwire\n\n# no\nFoo: x\nSitemap: /s\nUser-agent: a\nDisallow: /a"
AFTER = b"User-agent: *\nDisallow: /a\nUser-agent: b\nDisallow: /"
BEFORE = b"User-agent: a\nDisallow: /b\nUser-agent: *\nUser-agent: c\nDisallow: /a"
STARS = b"User-agent: *\nDisallow: /" + b"*a" * 2000 + b"b"


async def allowed(server: Server, path: str, **more: object) -> bool:
    hosts = Hosts(0)
    async with make_fetcher(hosts, **more) as fetcher:
        return await permits(Robots(fetcher, hosts), server.url(path))


async def permits(robots: Robots, url: str) -> bool:
    try:
        await robots.check(url)
    except FetchError:
        return False
    return True


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", True),
        ("/private/a", True),  # the rules for all are not for us: there is a group of our own
        ("/no-robots", False),
        ("/no-robots/a", False),
        ("/NO-robots", True),
        ("/%6eo-robots", False),
        ("/a?print=1", False),
        ("/a?x=1", True),
    ],
)
def test_the_rules_are_obeyed(path: str, expected: bool) -> None:
    async def test() -> None:
        async with serving({"/robots.txt": answer(body=RULES)}) as server:
            assert await allowed(server, path) is expected
            assert server.targets == ["/robots.txt"], "the page itself is not fetched"

    run(test())


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        pytest.param(b"User-agent: *\nDisallow: /", "/a", False, id="all"),
        pytest.param(b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /", "/a", False, id="BOM and CRLF"),
        pytest.param(b"User-Agent: DealWire\nDisallow: /", "/a", False, id="case"),
        pytest.param(b"User-agent: *\nDisallow:", "/a", True, id="empty rule"),
        pytest.param(b"User-agent: *\nDisallow: /p\nAllow: /p/q", "/p/q", True, id="longest wins"),
        pytest.param(b"User-agent: other\nDisallow: /", "/a", True, id="for others"),
        pytest.param(b"<!DOCTYPE html><title>Not found</title>", "/a", True, id="a page"),
        pytest.param(bytes(range(256)) * 50, "/a", True, id="binary"),
        pytest.param(b"", "/a", True, id="empty"),
        pytest.param(LONG, "/a", False, id="long"),
        pytest.param(STARS, "/" + "a" * 4000, True, id="stars"),
        pytest.param(CROWD, "/7", True, id="many robots, many rules"),
        pytest.param(CROWD.replace(b"a9\n", b"*\n"), "/7", False, id="and we are one of them"),
        pytest.param(b"User-agent: *\n" * 30_000 + b"Disallow: /a", "/a", False, id="once more"),
        pytest.param(b"user agent dealwire\nDisallow /a", "/a", False, id="no colons"),
        pytest.param(UNKNOWN, "/a", False, id="what is unknown does not end the names"),
        pytest.param(AFTER, "/b", True, id="group after ours"),
        pytest.param(BEFORE, "/b", True, id="group before ours"),
        pytest.param(BEFORE, "/a", False, id="ours"),
    ],
)
def test_files_as_they_are_found(rules: bytes, path: str, expected: bool) -> None:
    async def test() -> None:
        async with serving({"/robots.txt": answer(body=rules)}) as server:
            began = time.monotonic()
            assert await allowed(server, path, size_bytes=10_000_000) is expected
            assert time.monotonic() - began < 3

    run(test())


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        *(
            pytest.param(answer(status), True, id=str(status))
            for status in (400, 401, 403, 404, 410)
        ),
        *(pytest.param(answer(status), False, id=str(status)) for status in (429, 500, 503, 504)),
        pytest.param(hang, False, id="no answer"),
        pytest.param(raw(b""), False, id="hangs up"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 9999, forever=True), False, id="endless"
        ),
        pytest.param(redirect("/rules"), False, id="redirect"),
        pytest.param(redirect("/nowhere"), True, id="redirect to nothing"),
        pytest.param(redirect("/robots.txt"), False, id="redirect to itself"),
        pytest.param(redirect("http://10.0.0.1/robots.txt"), False, id="redirect inside"),
    ],
)
def test_without_a_file_all_is_allowed_and_without_an_answer_nothing(
    handler: Handler, expected: bool
) -> None:
    async def test() -> None:
        everything = answer(body=b"User-agent: *\nDisallow: /")
        async with serving({"/robots.txt": handler, "/rules": everything}) as server:
            assert await allowed(server, "/a", total_s=0.5) is expected

    run(test())


def test_reasons_come_in_words() -> None:
    async def test() -> None:
        async with serving({"/robots.txt": answer(503)}) as down, serving({}) as up:
            up.routes["/robots.txt"] = answer(body=RULES)
            hosts = Hosts(0)
            async with make_fetcher(hosts) as fetcher:
                robots = Robots(fetcher, hosts)
                with pytest.raises(FetchError, match="rules for robots cannot be had") as now:
                    await robots.check(down.url("/a"))
                assert not now.value.final
                with pytest.raises(RobotsError, match="forbids"):
                    await robots.check(up.url("/no-robots"))

    run(test())


def test_rules_are_fetched_once_a_day() -> None:
    async def test() -> None:
        clock, hosts = Clock(), Hosts(0)
        async with serving({"/robots.txt": answer(body=HASTY)}) as server:
            async with make_fetcher(hosts) as fetcher:
                robots = Robots(fetcher, hosts, clock=clock)
                urls = [server.url(f"/{number}") for number in range(20)]
                await asyncio.gather(*map(robots.check, urls))
                assert await robots.sitemaps(server.url("/b")) == ["https://e.com/news.xml"]
                assert len(server.requests) == 1
                clock.now += KEPT_S + 1
                await robots.check(server.url("/a"))
                assert len(server.requests) == 2

    run(test())


def test_known_rules_outlive_a_failure_and_are_asked_for_again() -> None:
    async def test() -> None:
        clock, hosts = Clock(), Hosts(0)
        async with serving({"/robots.txt": answer(body=HASTY)}) as server:
            async with make_fetcher(hosts) as fetcher:
                robots = Robots(fetcher, hosts, clock=clock)
                assert await permits(robots, server.url("/a"))
                clock.now += KEPT_S + 1
                server.routes["/robots.txt"] = answer(500)
                assert await permits(robots, server.url("/a"))
                assert not await permits(robots, server.url("/no-robots"))
                clock.now += FAILURE_KEPT_S + 1
                server.routes["/robots.txt"] = answer(body=b"User-agent: *\nDisallow: /")
                assert not await permits(robots, server.url("/a"))

    run(test())


def test_a_site_slows_us_down_with_crawl_delay() -> None:
    async def test() -> None:
        clock = Clock()
        hosts = Hosts(5.0, clock=clock, sleep=clock.sleep)
        async with serving({"/robots.txt": answer(body=RULES), "/a": answer()}) as server:
            async with make_fetcher(hosts) as fetcher:
                await Robots(fetcher, hosts).check(server.url("/a"))
                began = clock()
                await fetcher.fetch(server.url("/a"), accept="*/*")
                assert clock() == began + 7

    run(test())


def test_who_gives_up_waiting_does_not_take_the_rules_from_the_others() -> None:
    async def rules(request: Request, send: Send) -> None:
        await asyncio.sleep(0.1)
        await answer(body=RULES)(request, send)

    async def test() -> None:
        hosts = Hosts(0)
        async with serving({"/robots.txt": rules}) as server, make_fetcher(hosts) as fetcher:
            robots = Robots(fetcher, hosts)
            first = asyncio.create_task(robots.check(server.url("/a")))
            await asyncio.sleep(0.02)
            second = asyncio.create_task(robots.check(server.url("/b")))
            await asyncio.sleep(0.02)
            first.cancel()
            await second
            assert len(server.requests) == 1

    run(test())


def test_large_files_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.robots.KEPT_BYTES", 200_000)

    async def test() -> None:
        hosts = Hosts(0)
        async with serving({"/robots.txt": answer(body=b"#" * 60_000)}) as server:
            async with make_fetcher(hosts, resolve=Names([HERE])) as fetcher:
                robots = Robots(fetcher, hosts)
                for number in range(6):
                    await robots.check(server.url(host=f"{number}.test"))
                assert robots.remembered == 3

    run(test())


def test_a_million_sites_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.robots.KEPT_SITES", 50)

    async def test() -> None:
        hosts = Hosts(0)
        async with serving({"/robots.txt": answer(404)}) as server:
            async with make_fetcher(hosts, resolve=Names([HERE])) as fetcher:
                robots = Robots(fetcher, hosts)
                for number in range(120):
                    await robots.check(server.url(host=f"{number}.test"))
                assert robots.remembered == 50

    run(test())


def test_robots_are_asked_about_every_address_on_the_way() -> None:
    async def test() -> None:
        hosts = Hosts(0)
        async with serving({"/robots.txt": answer(body=HASTY)}) as server:
            server.routes |= {"/a": redirect("/no-robots"), "/no-robots": answer(body=b"secret")}
            async with make_fetcher(hosts) as fetcher:
                robots = Robots(fetcher, hosts)
                with pytest.raises(RobotsError, match="no-robots"):
                    await fetcher.fetch(server.url("/a"), accept="*/*", permit=robots.check)
                assert server.targets == ["/robots.txt", "/a"]

    run(test())
