"""Replaying archives onto Kafka, beside a bare read of the same file."""

from __future__ import annotations

import bz2
import gzip
import html
import io
import json
import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from backports import zstd
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks.articles import make_articles
from benchmarks.measure import Figure, race, timed
from benchmarks.processes import topics_of_its_own
from producers.replay import Replay
from producers.state import open_state
from producers.streams import BUFFER_BYTES, open_stream
from runtime.kafka import Publisher
from runtime.topics import Topics
from schemas import Article

MB = 1e6
ROUNDS = 3
WORDS = ("menu", "home", "news", "markets", "opinion", "culture", "sport", "weather", "log in")
LINKS = 120
"""Of a page: menus, other articles, the footer. They make it ten times its article."""


def archives(address: str, quick: bool) -> list[Figure]:
    """Every kind of archive, 3 KB an article; MB are of the contents, decompressed."""
    count = 2_000 if quick else 20_000
    figures = []
    with tempfile.TemporaryDirectory(prefix="dealwire-bench-") as folder:
        articles = list(make_articles(count, 0.1))
        lines = _json_lines(articles)
        some = articles[: count // 10]
        contents: dict[str, tuple[int, bytes]] = {
            "a.jsonl": (count, lines),
            "a.jsonl.gz": (count, gzip.compress(lines, 6)),
            "a.jsonl.zst": (count, zstd.compress(lines)),
            "a.warc.gz": (len(some), _web_archive(some)),
            "a.xml.bz2": (len(some), bz2.compress(_wiki(some))),
        }
        for name, (number, data) in contents.items():
            path = Path(folder) / name
            path.write_bytes(data)
            figures.append(_replay(address, path, number))
    return figures


def _replay(address: str, path: Path, count: int) -> Figure:
    with topics_of_its_own(address) as settings, open_state(settings.state, "bench") as state:
        topic = Topics(settings.topic_prefix).articles.name
        publisher = Publisher(settings)
        size = _drain(path)

        def ours() -> None:
            done = Replay([path], topic).run(
                publisher, state, stopping=lambda: False, on_document=lambda *_: None
            )
            assert (done.published, done.skipped) == (count, 0), done

        busy: list[float] = []
        rate, bare = race(
            ROUNDS, lambda: _timed(size, ours, busy), lambda: timed(size, _bare(path))
        )
    return Figure(
        f"archive, {path.name[1:]}",
        f"{rate / MB:,.1f} MB/s ({rate / size * count:,.0f} articles/s); of processor time, "
        f"{size / MB / median(busy):,.1f} MB/s ({count / median(busy):,.0f})",
        f"bare read: {bare / MB:,.0f} MB/s",
        rate / bare,
    )


def _timed(size: int, work: Callable[[], None], busy: list[float]) -> tuple[int, float]:
    """Time the work; note the processor time that it takes, in processes that it starts too."""
    before = os.times()
    done = timed(size, work)
    busy.append(sum(os.times()[:4]) - sum(before[:4]))
    return done


def _bare(path: Path) -> Callable[[], int]:
    return lambda: _drain(path)


def _drain(path: Path) -> int:
    """Read the file, decompress it, return how many bytes that were."""
    with open_stream(path) as stream:
        return sum(len(block) for block in iter(lambda: stream.data.read(BUFFER_BYTES), b""))


def _json_lines(articles: list[Article]) -> bytes:
    names = {"url", "title", "text", "source", "language", "published_at"}
    rows = (json.loads(article.model_dump_json(include=names)) for article in articles)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _page(article: Article, chance: random.Random) -> bytes:
    """Return the article as a site shows it, among much else."""
    links = "".join(
        f'<li class="item item-{number}"><a href="/{number}" data-track="nav:{number}">'
        f'<span class="label">{" ".join(chance.choices(WORDS, k=4))}</span></a></li>'
        for number in range(LINKS)
    )
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in article.text.split("\n\n")[1:])
    title = html.escape(article.title)
    return f"""<!DOCTYPE html><html lang="{article.language}"><head><title>{title}</title>
<meta property="og:site_name" content="{article.source}"></head><body>
<nav><ul>{links}</ul></nav><article><h1>{title}</h1>{paragraphs}</article>
<footer><ul>{links}</ul></footer></body></html>""".encode()


def _web_archive(articles: list[Article]) -> bytes:
    chance = random.Random(1)  # noqa: S311 - nothing secret
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    headers = [("Content-Type", "text/html; charset=utf-8")]
    for article in articles:
        http = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")
        payload = io.BytesIO(_page(article, chance))
        record = writer.create_warc_record(
            article.url, "response", payload=payload, http_headers=http
        )
        writer.write_record(record)
    return out.getvalue()


def _wiki(articles: list[Article]) -> bytes:
    """Return the articles as a dump: links, bold words, a template, a category."""
    pages = []
    for number, article in enumerate(articles):
        text = " ".join(
            f"[[{word}]]" if place % 25 == 0 else f"'''{word}'''" if place % 40 == 0 else word
            for place, word in enumerate(article.text.split(" "))
        )
        text = html.escape(f"{{{{date|January 5, 2026}}}}\n{text}\n\n[[Category:Economy]]")
        pages.append(
            f"<page><title>{html.escape(article.title)} {number}</title><ns>0</ns><revision>"
            f"<timestamp>2026-01-05T08:00:00Z</timestamp><text>{text}</text></revision></page>"
        )
    head = (
        "<siteinfo><sitename>Wiki</sitename><base>https://wiki.example/wiki/Main</base></siteinfo>"
    )
    return f'<mediawiki xml:lang="en">{head}{"".join(pages)}</mediawiki>'.encode()
