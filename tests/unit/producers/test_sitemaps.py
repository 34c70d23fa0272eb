from __future__ import annotations

import gzip
import re
import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from producers.hosts import Hosts
from producers.robots import Robots
from producers.sitemaps import (
    MAX_CHILDREN,
    MAX_ENTRIES,
    SitemapEntry,
    SitemapError,
    Sitemaps,
    parse_sitemap,
)
from tests.unit.producers.fetching import make_fetcher, run
from tests.web_server import answer, redirect, serving

XMLNS = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)


def record(
    url: str = "https://e.com/a", date: str = "2026-07-06T08:00:00Z", title: str = "T"
) -> str:
    return (
        f"<url><loc>{url}</loc><lastmod>{date}</lastmod><news:news><news:publication>"
        f"<news:name>Le Site</news:name><news:language>fr</news:language></news:publication>"
        f"<news:publication_date>{date}</news:publication_date><news:title>{title}</news:title>"
        f"</news:news></url>"
    )


def urlset(*records: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f"{head}<urlset {XMLNS}>{''.join(records)}</urlset>".encode()


def index(*urls: tuple[str, str]) -> bytes:
    children = "".join(
        f"<sitemap><loc>{url}</loc><lastmod>{date}</lastmod></sitemap>" for url, date in urls
    )
    return f"<sitemapindex {XMLNS}>{children}</sitemapindex>".encode()


def test_news_are_read_with_what_is_known_about_them() -> None:
    body = urlset(
        record("https://e.com/a?x=1&amp;y=2", "2026-07-06T10:00:00+02:00", "IBM &amp; Confluent"),
        record("\n  https://e.com/b\n ", "2026-07-07", "<![CDATA[Rachat <b>géant</b>]]>"),
        "<url><loc>https://e.com/about</loc></url>",
        "<url><news:news/></url>",
    )
    one, two = parse_sitemap(body).entries
    assert one == SitemapEntry(
        url="https://e.com/a?x=1&y=2",
        title="IBM & Confluent",
        published_at=datetime(2026, 7, 6, 8, tzinfo=UTC),
        language="fr",
        publication="Le Site",
    )
    assert two.url == "https://e.com/b" and two.title == "Rachat <b>géant</b>"
    assert two.published_at is None, "a day is no moment"


@pytest.mark.parametrize(
    "change",
    [
        lambda body: gzip.compress(body),
        lambda body: body.decode().replace("UTF-8", "iso-8859-1").encode("iso-8859-1"),
        lambda body: body.decode().replace("UTF-8", "utf-16").encode("utf-16"),
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.replace(b"http://www.s", b"https://www.s"),
        lambda body: body.replace(b"xmlns=", b"xmlns:x="),
        lambda body: re.sub(rb"</urlset>", b"", body),
        lambda body: re.sub(rb"</urlset>", b"<url><loc>&nbsp;</loc></url></urlset>", body),
    ],
    ids=["gzip", "latin-1", "utf-16", "BOM", "https", "no namespace", "cut short", "broken end"],
)
def test_sitemaps_are_read_as_sites_write_them(change) -> None:  # type: ignore[no-untyped-def]
    (entry,) = parse_sitemap(change(urlset(record(title="Rachat géant")))).entries
    assert (entry.url, entry.title) == ("https://e.com/a", "Rachat géant")


BILLION = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(
            urlset(record(title="&a9;"), head=f'<!DOCTYPE u [<!ENTITY a0 "ha">{BILLION}]>'),
            "DOCTYPE",
            id="billion laughs",
        ),
        pytest.param(
            urlset(
                record(title="&x;"), head='<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            ),
            "DOCTYPE",
            id="external entity",
        ),
        pytest.param(
            urlset(record(), head='<!DOCTYPE u SYSTEM "http://127.0.0.1/x.dtd">'),
            "DOCTYPE",
            id="external DTD",
        ),
        pytest.param(urlset(record(), head="<!DOCTYPE urlset>"), "DOCTYPE", id="bare DOCTYPE"),
        pytest.param(gzip.compress(bytes(50_000_000)), "larger than", id="gzip bomb"),
        pytest.param(gzip.compress(urlset(record()))[:-20], "cut short", id="gzip cut"),
        pytest.param(b"\x1f\x8b" + b"x" * 99, "damaged", id="no gzip"),
        pytest.param(b"<!doctype html><p>Not found</p>", "no sitemap|DOCTYPE", id="page"),
        pytest.param(b"<rss><channel/></rss>", "'rss'", id="feed"),
        pytest.param(b'{"urls": []}', "no sitemap", id="JSON"),
        pytest.param(b"", "no sitemap", id="empty"),
        pytest.param(b"<?xml version='1.0' encoding='zip'?><urlset/>", "no sitemap", id="encoding"),
        pytest.param(b"<urlset>" + b"<a>" * 900_000, "too many", id="deep"),
        pytest.param(b"<urlset><url>" + b"<a/>" * 900_000, "too many", id="wide"),
        pytest.param(b"<urlset>" + b"<a/>" * 900_000, "too many", id="no records"),
    ],
)
def test_sitemaps_that_do_harm_are_refused(body: bytes, words: str) -> None:
    began = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(SitemapError, match=words):
            parse_sitemap(body)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 60


def test_of_too_many_the_newest_are_kept() -> None:
    hours = [
        f"2026-{month:02}-{day:02}T08:00:00Z" for month in range(1, 13) for day in range(1, 29)
    ]
    records = [
        record(f"https://e.com/{number}", hours[number % len(hours)]) for number in range(3000)
    ]
    entries = parse_sitemap(urlset(*records)).entries
    assert len(entries) == MAX_ENTRIES
    kept = [entry.published_at for entry in entries if entry.published_at]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == datetime(2026, 12, 28, 8, tzinfo=UTC)


def test_more_addresses_than_the_protocol_allows_are_cut() -> None:
    records = ["<url><loc>https://e.com/x</loc></url>"] * 60_000
    entries = parse_sitemap(urlset(record(), *records, record("https://e.com/late"))).entries
    assert [entry.url for entry in entries] == ["https://e.com/a"]


def test_sites_are_read_through_their_robots_and_indexes() -> None:
    async def test() -> None:
        hosts = Hosts(0)
        async with serving({}) as server, make_fetcher(hosts) as fetcher:
            url = server.url
            children = [(url(f"/{n}.xml.gz"), f"2026-07-{n + 1:02}T00:00:00Z") for n in range(9)]
            children += [(url("/news.xml"), "2020-01-01T00:00:00Z")]
            children += [("https://other.com/s.xml", "2030-01-01T00:00:00Z")]
            server.routes |= {
                f"/{n}.xml.gz": answer(body=gzip.compress(urlset(record(url(f"/a{n}")))))
                for n in range(9)
            }
            server.routes |= {
                "/robots.txt": answer(
                    body=f"Sitemap: {url('/s.xml')}\nSitemap: {url('/index-news.xml')}\n"
                    "Sitemap: https://other.com/news.xml\nUser-agent: *\nDisallow: /8".encode()
                ),
                "/index-news.xml": redirect("/index.xml"),
                "/index.xml": answer(body=index(*children)),
                "/7.xml.gz": answer(body=b"<html>"),
                "/news.xml": answer(
                    body=urlset(
                        record(url("/new"), "2026-07-08T08:00:00Z"),
                        record(url("/new"), "2026-07-08T08:00:00Z"),
                        record("https://other.com/stolen"),
                    )
                ),
            }
            sitemaps = Sitemaps(fetcher, Robots(fetcher, hosts))
            found = await sitemaps.find(url("/whatever"))
            assert found == [url("/index-news.xml"), url("/s.xml")]
            problems: list[str] = []
            entries = await sitemaps.read(
                found[0], on_problem=lambda place, error: problems.append(f"{place} {error}")
            )
            asked = [target for target in server.targets if target.endswith((".gz", "s.xml"))]
            assert len(asked) - 1 <= MAX_CHILDREN
            assert [entry.url for entry in entries] == [url("/new"), url("/a6")]
            assert len(problems) == 2
            assert "robots.txt" in problems[0] and "no sitemap" in problems[1]

    run(test())


def test_an_index_that_names_itself_ends() -> None:
    async def test() -> None:
        hosts = Hosts(0)
        async with serving({}) as server, make_fetcher(hosts) as fetcher:
            server.routes["/s.xml"] = answer(body=index((server.url("/s.xml"), "2026-07-06")))
            sitemaps = Sitemaps(fetcher, Robots(fetcher, hosts))
            assert await sitemaps.read(server.url("/s.xml")) == []
            assert server.targets.count("/s.xml") == 2

    run(test())
