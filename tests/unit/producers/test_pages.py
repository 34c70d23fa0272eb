from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from producers.fetch import FetchError
from producers.hosts import Hosts
from producers.page_reader import PageReader, PageText, ReaderError, UnreadableError
from producers.page_text import read_page
from producers.pages import Access, Page, Pages, tells_of
from producers.robots import Robots
from tests.unit.producers.fetching import HERE, Names, make_fetcher, run
from tests.web_server import Handler, Server, answer, raw, redirect, serving

PARAGRAPH = (
    "<p>IBM a annoncé lundi le rachat de Confluent pour 11 milliards de dollars, soit {} dollars"
    " par action, un montant que le conseil d’administration a jugé « équitable » ; l’opération"
    " doit être bouclée d’ici à la fin de l’année.</p>"
)
ARTICLE = "".join(PARAGRAPH.format(number) for number in range(31, 37))
TITLE = "IBM met la main sur Confluent"


def document(head: str = "", body: str = ARTICLE, title: str = TITLE) -> str:
    return f"""<!DOCTYPE html><html lang="fr"><head><title>{title} | Le Site</title>{head}</head>
    <body><nav><ul><li><a href="/">Accueil</a></li><li><a href="/tech">Tech</a></li></ul></nav>
    <main><article><h1>{title}</h1>{body}</article></main>
    <script>alert("secret script")</script><style>p {{ color: secret }}</style>
    <footer>Mentions légales, cookies, plan du site</footer></body></html>"""


def page(head: str = "", body: str = ARTICLE, title: str = TITLE, **headers: str) -> Handler:
    headers.setdefault("content_type", "text/html; charset=utf-8")
    return answer(body=document(head, body, title).encode(), **headers)


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


def parsed(head: str) -> PageText:
    return read_page(document(head).encode(), "text/html", "https://e.com/a")


class World(NamedTuple):
    server: Server
    pages: Pages
    reader: PageReader


@asynccontextmanager
async def world(routes: Mapping[str, Handler], **limits: object) -> AsyncIterator[World]:
    hosts = Hosts(0)
    async with serving(routes) as server, PageReader() as reader:
        async with make_fetcher(hosts, **{"size_bytes": 10_000_000} | limits) as fetcher:
            yield World(server, Pages(fetcher, Robots(fetcher, hosts), reader), reader)


def read(routes: Mapping[str, Handler], path: str = "/a", title: str = TITLE) -> Page:
    async def test() -> Page:
        async with world(routes) as (server, pages, _):
            return await pages.read(server.url(path), title)

    got = run(test())
    assert isinstance(got, Page)
    return got


def test_the_article_is_read_and_nothing_around_it() -> None:
    got = read({"/a": page()})
    assert got.access == Access.OPEN and not got.reason
    assert got.text.count("11 milliards de dollars") == 6
    assert "« équitable »" in got.text
    for furniture in ("Accueil", "Mentions", "secret", "<", ">", "{"):
        assert furniture not in got.text
    assert got.title == TITLE
    assert got.language == "fr"
    assert got.published_at is None
    assert got.url.endswith("/a")


def test_what_the_page_says_of_itself_is_kept() -> None:
    about = {"@type": "NewsArticle", "headline": "IBM  rachète\nConfluent", "datePublished": "DATE"}
    for date, expected in (
        ("2026-07-06T08:00:00+02:00", datetime(2026, 7, 6, 6, tzinfo=UTC)),
        ("2026-07-06T08:00:00Z", datetime(2026, 7, 6, 8, tzinfo=UTC)),
        ("2026-07-06", None),
        ("soon", None),
    ):
        found = parsed(ld({"@graph": [about | {"datePublished": date}]}))
        assert found.title == "IBM rachète Confluent"
        assert found.published_at == (expected and expected.isoformat())
    got = read({"/a": page('<meta property="article:published_time" content="2026-07-06T08Z">')})
    assert got.published_at == datetime(2026, 7, 6, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("encoding", "header", "meta"),
    [
        ("cp1252", "text/html; charset=utf-8", "utf-8"),
        ("cp1252", "text/html", "iso-8859-1"),
        ("utf-8", "text/html; charset=iso-8859-1", "iso-8859-1"),
        ("utf-16", "text/html", ""),
        ("utf-8", "TEXT/HTML;charset=unicode_escape", ""),
        ("utf-8", "", ""),
    ],
)
def test_the_charset_is_found_out(encoding: str, header: str, meta: str) -> None:
    body = document(f'<meta charset="{meta}">' if meta else "").encode(encoding)
    got = read_page(body, header, "https://e.com/a")
    assert "annoncé" in got.text and "l’année" in got.text and "« équitable »" in got.text


def test_xhtml_that_declares_an_encoding_is_read() -> None:
    body = ('<?xml version="1.0" encoding="iso-8859-1"?>' + document()).encode("cp1252")
    got = read({"/a": answer(body=body, content_type="application/xhtml+xml; charset=utf-8")})
    assert "annoncé" in got.text


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(ld({"@type": "NewsArticle", "isAccessibleForFree": False}), id="false"),
        pytest.param(ld({"@type": "NewsArticle", "isAccessibleForFree": "False"}), id="text"),
        pytest.param(ld([{"@type": "Org"}, {"isAccessibleForFree": False}]), id="list"),
        pytest.param(ld({"@graph": [{"isAccessibleForFree": "false"}]}), id="graph"),
        pytest.param(ld({"mainEntity": {"isAccessibleForFree": False}}), id="nested"),
        pytest.param(
            ld({"isAccessibleForFree": "http://schema.org/False"}), id="schema.org's own false"
        ),
        pytest.param(
            ld({"@type": "NewsArticle", "hasPart": {"isAccessibleForFree": False}}), id="part"
        ),
        pytest.param(
            ld({"@type": "NewsArticle", "hasPart": [1, {"isAccessibleForFree": False}]}), id="parts"
        ),
        pytest.param('<meta itemprop="isAccessibleForFree" content="false">', id="microdata"),
        pytest.param('<meta property="article:content_tier" content="locked">', id="tier"),
        pytest.param(ld("x" * 9) + ld({"isAccessibleForFree": False}), id="second block"),
        pytest.param(
            ld({"a": "b~", "isAccessibleForFree": False}).replace("~", "\n"),
            id="line break in JSON",
        ),
    ],
)
def test_what_is_for_subscribers_is_known(head: str) -> None:
    assert not parsed(head).is_free


def test_what_is_for_subscribers_is_marked_and_left_alone() -> None:
    locked = page(ld({"@type": "NewsArticle", "isAccessibleForFree": False}))
    got = read({"/r": redirect("/a"), "/a": locked}, "/r")
    assert got.access == Access.PAYWALLED
    assert "subscribers" in got.reason
    assert got.text == ""
    assert got.url.endswith("/a"), "it is the article all the same"


@pytest.mark.parametrize(
    "head",
    [
        ld({"@type": "NewsArticle", "isAccessibleForFree": True}),
        ld({"@type": "NewsArticle", "isAccessibleForFree": "True"}),
        ld({"itemListElement": [{"@type": "NewsArticle", "isAccessibleForFree": False}]}),
        '<meta property="article:content_tier" content="metered">',
        '<meta property="article:content_tier" content="free">',
        '<script type="application/ld+json">{"isAccessibleForFree": false</script>',
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        '<script type="application/ld+json"></script>' * 100,
    ],
)
def test_what_is_free_is_read(head: str) -> None:
    found = parsed(head)
    assert found.is_free and "11 milliards" in found.text


@pytest.mark.parametrize(
    ("status", "access"),
    [
        (401, Access.BLOCKED),
        (402, Access.PAYWALLED),
        (403, Access.BLOCKED),
        (451, Access.BLOCKED),
        (410, Access.UNREADABLE),
    ],
)
def test_refusals_are_marked(status: int, access: Access) -> None:
    got = read({"/a": answer(status, document().encode(), content_type="text/html")})
    assert got.access == access
    assert str(status) in got.reason
    assert got.text == "" and got.url.endswith("/a")


@pytest.mark.parametrize("status", [404, 408, 429, 500, 503])
def test_what_may_be_better_later_is_an_error(status: int) -> None:
    with pytest.raises(FetchError) as caught:
        read({"/a": answer(status)})
    assert caught.value.status == status


def test_robots_that_are_not_wanted_stay_away() -> None:
    routes = {"/robots.txt": answer(body=b"User-agent: *\nDisallow: /a"), "/a": page()}

    async def test() -> None:
        async with world(routes | {"/b": redirect("/a")}) as (server, pages, _):
            for path in ("/a", "/b"):
                got = await pages.read(server.url(path))
                assert got.access == Access.BLOCKED
                assert "robots.txt" in got.reason
            assert "/a" not in server.targets

    run(test())


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        pytest.param(page(body="<p>Veuillez activer JavaScript.</p>"), "no article", id="shell"),
        pytest.param(page(body=""), "no article", id="empty"),
        pytest.param(answer(body=b"", content_type="text/html"), "cannot be read", id="nothing"),
        pytest.param(
            answer(body=b"%PDF-1.7", content_type="application/pdf"), "application/pdf", id="PDF"
        ),
        pytest.param(
            page(content_type="application/json; charset=utf-8"), "application/json", id="JSON"
        ),
        pytest.param(
            answer(body=bytes(range(256)) * 999, content_type="text/html"), ".", id="noise"
        ),
        pytest.param(redirect("/"), "front page", id="front page"),
        pytest.param(redirect("http://10.0.0.1/"), "not on the public", id="inside"),
        pytest.param(redirect("file:///etc/passwd"), "neither http", id="file"),
        pytest.param(page(body="<p>" + "x " * 600_000 + "</p>"), "limit is 1,000,000", id="long"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 99999, forever=True), "larger", id="big"
        ),
    ],
)
def test_what_is_no_article_is_marked(handler: Handler, words: str) -> None:
    got = read({"/a": handler, "/": page()}, title="")
    assert got.access == Access.UNREADABLE
    assert words in got.reason
    assert got.text == ""


CONSENT = "".join(
    f"<p>Avec nos {number} partenaires, nous utilisons des traceurs pour stocker et lire des"
    " informations comme votre visite sur ce site, et mesurer les audiences.</p>"
    for number in range(800, 810)
)


def test_an_error_page_with_status_200_is_not_taken_for_the_article() -> None:
    consent = page(body=CONSENT, title="Bienvenue")
    got = read({"/a": consent})
    assert got.access == Access.UNREADABLE and "something else" in got.reason
    assert got.text == ""
    assert read({"/a": consent}, title="").access == Access.OPEN, "nothing to compare with"


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("IBM rachète Confluent", "IBM achète Confluent pour 11 milliards", True),
        ("IBM RACHÈTE CONFLUENT", "ibm rachète confluent", True),
        ("OK", "Nous utilisons des cookies", True),
        ("", "Nous utilisons des cookies", True),
        ("IBM rachète Confluent", "Page not found, try our search", False),
        ("L'ogre américain dévore sa proie", "IBM a mis la main sur Confluent, sa proie", True),
    ],
)
def test_a_title_tells_the_article_from_something_else(
    title: str, text: str, expected: bool
) -> None:
    assert tells_of(title, text) is expected


def test_redirects_and_twins_lead_to_one_address() -> None:
    async def test() -> None:
        hosts = Hosts(0)
        canonical = '<link rel="canonical" href="http://www.e-news.com/ibm-confluent">'
        routes = {
            "/ibm-confluent": page(canonical),
            "/amp/ibm-confluent": page(canonical),
            "/mobile": page(canonical),
            "/r": redirect("/ibm-confluent?utm_source=rss"),
        }
        async with serving(routes) as server, PageReader() as reader:
            async with make_fetcher(hosts, resolve=Names([HERE]), size_bytes=1_000_000) as fetcher:
                pages = Pages(fetcher, Robots(fetcher, hosts), reader)
                seen = [
                    await pages.read(server.url(path, host), TITLE)
                    for host in ("www.e-news.com", "m.e-news.com", "e-news.com")
                    for path in [*routes, "/ibm-confluent?xtor=RSS-1", "/ibm-confluent#top"]
                ]
                assert {got.access for got in seen} == {Access.OPEN}
                assert {got.url for got in seen} == {"http://www.e-news.com/ibm-confluent"}
                stolen = await pages.read(server.url("/ibm-confluent", "evil.net"), TITLE)
                assert stolen.url == server.url("/ibm-confluent", "evil.net")

    run(test())


def test_where_redirects_lead_to_no_address_of_an_article_the_link_counts() -> None:
    async def test() -> None:
        hosts = Hosts(0)
        viewers = "/amp/s/www.google.com" * 9 + "/amp/s/e.com/a"
        async with serving({viewers: page()}) as server, PageReader() as reader:
            server.routes["/r"] = redirect(server.url(viewers, "www.google.com"))
            async with make_fetcher(hosts, resolve=Names([HERE])) as fetcher:
                pages = Pages(fetcher, Robots(fetcher, hosts), reader)
                got = await pages.read(server.url("/r", "e.com"), TITLE)
                assert got.access == Access.OPEN
                assert got.url == server.url("/r", "e.com")

    run(test())


def test_what_is_no_address_is_a_value_error() -> None:
    async def test() -> None:
        async with world({}) as (_, pages, _reader):
            for link in ("", "/a", "file:///etc/passwd", "javascript:alert(1)"):
                with pytest.raises(ValueError, match="address"):
                    await pages.read(link)

    run(test())


ONE = "<p>IBM a annoncé lundi le rachat de Confluent pour {} milliards de dollars.</p>"
SLOW = "".join(ONE.format(number) for number in range(100_000))
SMALL = document().encode()


def alive(pid: int | None) -> bool:
    try:
        os.kill(pid or 0, 0)
    except ProcessLookupError:
        return False
    return pid is not None


def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_read() -> None:
    async def test() -> None:
        async with PageReader(timeout_s=5) as reader:
            assert (await reader.read(SMALL, "text/html", "https://e.com/a")).text
            first = reader.pid
            began = time.monotonic()
            with pytest.raises(UnreadableError, match="over 5 s"):
                await reader.read(SLOW.encode(), "text/html", "https://e.com/a")
            assert time.monotonic() - began < 9
            assert not alive(first)
            assert (await reader.read(SMALL, "text/html", "https://e.com/a")).text
            last = reader.pid
        assert not alive(last)

    run(test())


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space")
def test_a_page_that_takes_too_much_memory_is_given_up_and_the_next_is_read() -> None:
    async def test() -> None:
        big = "".join(ONE.format(number) for number in range(10_000)).encode()
        async with PageReader(timeout_s=40) as reader:
            await reader.read(SMALL, "text/html", "https://e.com/a")
            status = Path(f"/proc/{reader.pid}/status").read_text()
            usual_bytes = int(status.partition("VmPeak:")[2].split()[0]) * 1024
            assert (await reader.read(big, "text/html", "https://e.com/a")).text
        memory_bytes = usual_bytes + 20_000_000
        async with PageReader(timeout_s=40, memory_bytes=memory_bytes) as reader:
            with pytest.raises(UnreadableError) as caught:
                await reader.read(big, "text/html", "https://e.com/a")
            assert "over" not in str(caught.value)
            assert (await reader.read(SMALL, "text/html", "https://e.com/a")).text

    run(test())


def test_a_reader_that_is_killed_is_started_again() -> None:
    async def test() -> None:
        async with PageReader() as reader:
            await reader.read(SMALL, "text/html", "https://e.com/a")
            assert reader.pid
            os.kill(reader.pid, signal.SIGKILL)
            with pytest.raises(UnreadableError):
                await reader.read(SMALL, "text/html", "https://e.com/a")
            assert (await reader.read(SMALL, "text/html", "https://e.com/a")).text

    run(test())


def test_answers_are_never_for_the_page_before() -> None:
    async def test() -> None:
        other = document(title="Un tout autre titre").encode()
        async with PageReader() as reader:
            await reader.read(SMALL, "text/html", "https://e.com/a")
            slow = "".join(ONE.format(number) for number in range(10_000)).encode()
            task = asyncio.create_task(reader.read(slow, "text/html", "https://e.com/a"))
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            got = await reader.read(other, "text/html", "https://e.com/b")
            assert got.title == "Un tout autre titre"
            both = [reader.read(body, "text/html", "https://e.com/") for body in (SMALL, other)]
            titles = [found.title for found in await asyncio.gather(*both)]
            assert titles == [TITLE, "Un tout autre titre"]

    run(test())


@pytest.mark.parametrize("python", ["false", "/nowhere/python"])
def test_a_reader_that_does_not_start_is_no_fault_of_the_page(
    monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    monkeypatch.setattr("sys.executable", python)

    async def test() -> None:
        async with PageReader() as reader:
            with pytest.raises(ReaderError, match=r"producers\.page_text"):
                await reader.read(SMALL, "text/html", "https://e.com/a")

    run(test())


def test_the_reader_is_renewed_now_and_then() -> None:
    async def test() -> None:
        pids = set()
        async with PageReader(max_pages=2) as reader:
            for _ in range(4):
                await reader.read(SMALL, "text/html", "https://e.com/a")
                pids.add(reader.pid)
        assert len(pids - {None}) == 2

    run(test())


PARENT = """
import asyncio, sys
from producers.page_reader import PageReader

async def main():
    reader = PageReader(timeout_s=2)
    await reader._start()
    print(reader.pid, flush=True)
    body = b"<p>IBM buys Confluent, 11 billion dollars.</p>" * int(sys.argv[1])
    await reader._ask(body, "text/html", "https://e.com/a")
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "paragraphs", [pytest.param(1, id="idle"), pytest.param(200_000, id="busy")]
)
def test_the_reader_ends_with_whoever_started_it(paragraphs: int) -> None:
    command = [sys.executable, "-c", PARENT, str(paragraphs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        time.sleep(1)
        assert alive(pid)
        parent.kill()
    until = time.monotonic() + 30
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(pid)


def test_the_parent_does_without_the_libraries() -> None:
    code = "import sys, producers.pages; sys.exit('trafilatura' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<", b"<!DOCTYPE", b"<!--" + b"-" * 99999, b"\0" * 999, b"<p>" * 9999),
        *(b"<div>" * 50_000, b"<table>" * 5_000, b"<a href='" * 9999, b"<title>" + b"- | " * 9999),
        b'<!DOCTYPE html [<!ENTITY a "&b;&b;"><!ENTITY b "&a;&a;">]><p>&a;</p>',
        b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>',
        b'<html lang="' + b"x" * 99999 + b'"><p>a</p>',
        b'<link rel="canonical" href="javascript:alert(1)"><p>a</p>',
    ],
)
def test_no_page_breaks_reading(body: bytes) -> None:
    try:
        found = read_page(body, "text/html", "https://e.com/a")
    except ValueError:
        return
    assert "root:" not in found.text
    assert len(found.text) < 1000 and len(found.language or "") <= 16
