"""Articles out of archives: web pages, wikis, and JSON lines, compressed or damaged."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from backports import zstd
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from producers.documents import MAX_FILE_BYTES, Document, find_files, read_documents
from producers.mediawiki import read_wiki_pages
from producers.warc import read_pages

DATA = Path(__file__).parent.parent / "data" / "archives"
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": zstd.compress,
}


def read(path: Path, after: int = 0) -> list[Document]:
    return list(read_documents(path, after))


def problems(path: Path) -> dict[int, str]:
    return {document.line: document.problem for document in read(path) if document.problem}


def test_a_web_archive_gives_the_articles_of_its_pages() -> None:
    found = read(DATA / "pages.warc.gz")
    assert [document.line for document in found] == [2, 5, 6], "a logo and a 404 are no pages"
    french, english = (document.article for document in found[:2])
    assert french and english
    assert french.url == "https://courrier.example/fenmont"
    assert french.title == "Fenmont lève 40 millions d'euros"
    assert french.text.startswith("Fenmont lève 40 millions d'euros\nLa jeune société lyonnaise")
    assert french.text.endswith("première ligne de production.")
    assert not {"Accueil", "Mentions légales", "suivi"} & set(french.text.split())
    assert (french.source, french.language) == ("Le Courrier d'essai", "fr")
    assert french.published_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert french.fetched_at == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert (english.source, english.language) == ("The Test Ledger", "en")
    assert found[2].problem == "no article on this page"
    assert found[2].place.endswith("pages.warc.gz:6")


def test_a_wiki_gives_the_newest_text_of_its_articles() -> None:
    found = read(DATA / "wiki.xml")
    assert [document.line for document in found] == [1, 4, 5, 6], "talk and redirects are none"
    article = found[0].article
    assert article
    assert article.text == (
        "Beldyne rachète Corvance pour 2 milliards d'euros\n\n"
        "Beldyne a annoncé lundi le rachat de Corvance pour 2\xa0milliards d'euros.\n\n"
        "La transaction doit être bouclée avant l'été.\n\n"
        "Réactions\n"
        "Les syndicats demandent des garanties.\n"
        "Beldyne promet de garder les 300 emplois."
    )
    assert article.url and article.url.startswith("https://fr.nouvelles.example/wiki/Beldyne_rach")
    assert (article.source, article.language) == ("Nouvelles d'essai", "fr")
    assert article.published_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert article.fetched_at == datetime(2026, 1, 6, 9, 30, tzinfo=UTC), "the revision's time"
    assert "no text" in found[1].problem
    assert "nothing but templates" in found[2].problem
    assert found[3].article and "Fenmont et Galvia ont signé" in found[3].article.text


@pytest.mark.parametrize("ending", COMPRESS)
def test_archives_are_the_same_compressed_or_not(tmp_path: Path, ending: str) -> None:
    compress = COMPRESS[ending]
    lines = b"".join(json.dumps({"text": f"Text {n}."}).encode() + b"\n" for n in range(100))
    jsonl = tmp_path / f"a.jsonl{ending}"
    # Two in one, as `cat a.gz b.gz` makes them.
    jsonl.write_bytes(compress(lines) + compress(lines))
    texts = [document.article.text for document in read(jsonl) if document.article]
    assert texts == [f"Text {n}." for n in range(100)] * 2
    wiki = tmp_path / f"a.xml{ending}"
    wiki.write_bytes(compress((DATA / "wiki.xml").read_bytes()))
    assert len([d for d in read(wiki) if d.article]) == 2
    warc = tmp_path / f"a.warc{ending}"
    warc.write_bytes(compress(gzip.decompress((DATA / "pages.warc.gz").read_bytes())))
    assert len([d for d in read(warc) if d.article]) == 2
    assert find_files([tmp_path]) == sorted([jsonl, wiki, warc])


@pytest.mark.parametrize(
    ("name", "after", "left"), [("pages.warc.gz", 2, [5, 6]), ("wiki.xml", 4, [5, 6])]
)
def test_what_was_read_before_is_passed_over(name: str, after: int, left: list[int]) -> None:
    assert [document.line for document in read(DATA / name, after)] == left


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".zst"])
def test_a_compressed_file_that_is_cut_off_says_so_after_what_it_has(
    tmp_path: Path, ending: str
) -> None:
    noise = [json.dumps({"text": f"{n} {hash((n, 'salt'))}"}).encode() for n in range(60_000)]
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(COMPRESS[ending](b"\n".join(noise))[:-1000])
    *good, last = read(path)
    assert len(good) > 10_000
    assert all(document.article for document in good)
    assert "cut off or damaged" in last.problem
    assert last.line == good[-1].line + 1


def damaged_warc(change: Callable[[bytes], bytes]) -> bytes:
    return change(gzip.decompress((DATA / "pages.warc.gz").read_bytes()))


@pytest.mark.parametrize(
    ("content", "articles", "problem"),
    [
        pytest.param(b"", 0, "none of its 0 records is a web page", id="empty"),
        pytest.param(b"<html>" * 100, 0, "no WARC, or damaged, after record 0", id="HTML"),
        pytest.param(
            damaged_warc(lambda data: data.replace(b"WARC/1.0", b"XXXX/1.0").replace(
                b"XXXX/1.0", b"WARC/1.0", 2)), 1, "damaged, after record 2", id="garbage inside",
        ),
        pytest.param(damaged_warc(lambda data: data[:-600]), 1, "cut off in record 5", id="cut"),
        pytest.param(
            damaged_warc(lambda data: data.replace(b"Content-Length: ", b"Content-Length: 99")),
            0, "cut off in record 1", id="wrong lengths",
        ),
    ],
)  # fmt: skip
def test_a_damaged_web_archive_says_so_after_what_it_has(
    tmp_path: Path, content: bytes, articles: int, problem: str
) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(content)
    *good, last = read(path)
    assert len([document for document in good if document.article]) == articles
    assert any(words in last.problem for words in problem.split("|")), last.problem


def a_warc(*pages: tuple[str, bytes, dict[str, str]]) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False)
    for url, body, headers in pages:
        http = StatusAndHeaders("200 OK", list(headers.items()), protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=http)
        )
    return out.getvalue()


def test_hostile_pages_cost_themselves_alone(tmp_path: Path) -> None:
    html = {"Content-Type": "text/html"}
    words = "The company said on Monday that it buys another company for a good price. " * 5
    page = f"<html><body><article><p>{words}</p></article></body></html>".encode()
    bomb = gzip.compress(b"<p>x</p>" * 10_000_000)
    path = tmp_path / "a.warc"
    path.write_bytes(
        a_warc(
            ("https://e.com/1", b"<div>" * 100_000 + b"deep", html),
            ("https://e.com/2", b"<p>" * 50_000, html),
            ("https://e.com/3", b"\xff\xfe\x00<html>" + b"\x00" * 10_000, html),
            ("https://e.com/4", bomb, {**html, "Content-Encoding": "gzip"}),
            ("https://e.com/5", page, {"Content-Type": "text/html; charset=no-such-charset"}),
            ("ftp://e.com/6", page, html),
            (
                "https://e.com/7",
                page.replace(b"buys", b"b\xfcys"),
                {"Content-Type": "text/html; charset=utf-8"},
            ),
            (
                "https://e.com/8",
                page.replace(b"said", b"&lt;script&gt;alert(1)&lt;/script&gt; said"),
                html,
            ),
        )
    )
    found = {document.line: document for document in read(path)}
    assert sorted(found) == [1, 2, 3, 4, 5, 7, 8], "each web page is an article or has its problem"
    assert "has more than 8,000,000 bytes" in found[4].problem
    for number in (5, 7, 8):
        article = found[number].article
        assert article, found[number].problem
        assert "another company" in article.text
        assert "script" not in article.text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(
            b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><mediawiki>&c;</mediawiki>',
            "document type",
            id="entities",
        ),
        pytest.param(
            b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><mediawiki></mediawiki>',
            "document type",
            id="a file of this machine",
        ),
        pytest.param(b"<rss></rss>", "no MediaWiki XML export", id="other XML"),
        pytest.param(b"<mediawiki></mediawiki>", "none of its 0 pages is an article", id="empty"),
        pytest.param(b"", "damaged after page 0", id="nothing"),
        pytest.param(b"<mediawiki>" + b"<a>" * 100_000, "damaged after page 0", id="deep"),
    ],
)
def test_what_is_no_wiki_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    assert problem in problems(path)[1]


def test_a_wiki_that_is_cut_off_says_so_after_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes((DATA / "wiki.xml").read_bytes()[:-200])
    found = read(path)
    assert found[0].article
    assert "damaged after page 5" in found[-1].problem


def test_a_line_without_end_is_named_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"text": "One."}\n')
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b'\n{"text": "Two."}')
    one, long, two = read(path)
    assert one.article and two.article
    assert f"more than {MAX_FILE_BYTES:,} bytes" in long.problem
    assert (long.line, two.line) == (2, 3)


def test_whatever_the_damage_everything_has_an_article_or_a_problem() -> None:
    """Bytes changed, moved and taken out at random: no other error comes through."""
    dice = random.Random(1)
    warc = gzip.decompress((DATA / "pages.warc.gz").read_bytes())
    wiki = (DATA / "wiki.xml").read_bytes()
    pieces = [
        b"Content-Length: ",
        b"\r\n",
        b"WARC/1.0",
        b"Content-Encoding: gzip\r\n",
        b"-1",
        b"\0",
    ]
    pieces += [
        b"Transfer-Encoding: chunked\r\n",
        b"<page>",
        b"</page>",
        b"<!DOCTYPE",
        b"&a;",
        b"{{",
    ]
    seen = Counter[str]()
    for _ in range(1500):
        for kind, content in ((".warc", warc), (".xml", wiki)):
            data = bytearray(content)
            for _ in range(dice.randint(1, 6)):
                at = dice.randrange(len(data))
                what = dice.random()
                if what < 0.3:
                    data[at] = dice.randrange(256)
                elif what < 0.6:
                    data[at:at] = dice.choice(pieces)
                elif what < 0.8:
                    del data[at : at + dice.randint(1, 200)]
                else:
                    data[at:at] = data[dice.randrange(len(data)) :][: dice.randint(1, 300)]
            found = read_pages if kind == ".warc" else read_wiki_pages
            try:
                for _, page in found(io.BytesIO(bytes(data))):
                    seen[f"{kind} {type(page).__name__}"] += 1
            except ValueError:
                seen[f"{kind} damaged"] += 1
    assert min(seen.values()) > 20
    assert len(seen) == 6, seen
