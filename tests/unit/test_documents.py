"""Articles out of files: what people have on their disks."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.documents import find_files, headline, read_documents
from producers.urls import canonical_url

SEEDS = Path(__file__).parent.parent.parent / "seeds"


def the_article(path: Path):
    (document,) = read_documents(path)
    assert document.article, document.problem
    return document.article


def test_a_plain_text_has_its_first_line_for_a_headline(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("A buys B\n\nA said on Monday that it buys B.", "utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    article = the_article(path)
    assert article.title == "A buys B"
    assert article.text.startswith("A buys B\n\nA said"), "offsets count from the headline"
    assert article.fetched_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (article.url, article.source, article.published_at) == (None, "", None)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        pytest.param("Headline\nBody.", "Headline", id="headline"),
        pytest.param("A sentence of the body.\nMore.", "", id="sentence"),
        pytest.param("Alone", "", id="nothing below"),
        pytest.param("x" * 201 + "\nBody.", "", id="too long"),
        pytest.param("\n\n  Headline ?  \nBody.", "Headline ?", id="blank lines above"),
    ],
)
def test_headline(text: str, title: str) -> None:
    assert headline(text) == title


def test_front_matter_and_sidecar_say_more(tmp_path: Path) -> None:
    (tmp_path / "a.meta.json").write_text('{"source": "Sidecar", "lang": "fr"}', "utf-8")
    path = tmp_path / "a.txt"
    path.write_text(
        "\ufeff---\nURL: https://e.com/a?utm_source=x#top\nsource: Front\n"
        "published: 2025-12-08T10:30:00+01:00\n---\nA buys B\n\nText.",
        "utf-8",
    )
    article = the_article(path)
    assert article.url == "https://e.com/a"
    assert (article.source, article.language) == ("Front", "fr")
    assert article.published_at == datetime(2025, 12, 8, 9, 30, tzinfo=UTC)
    assert article.text == "A buys B\n\nText."


def test_dashes_that_are_no_front_matter_stay_in_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("---\nJust a line\n---\nText.", "utf-8")
    assert the_article(path).text == "---\nJust a line\n---\nText."


def test_json_lines_are_read_one_by_one_and_bad_ones_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [
        json.dumps({"title": "A buys B", "body": "It does.", "link": "https://e.com/1"}),
        "{",
        "",
        json.dumps({"title": "no text"}),
        json.dumps({"text": 7}),
        json.dumps({"text": "x", "date": "someday"}),
        json.dumps({"text": "x", "url": "file:///etc/passwd"}),
        "[" * 100_000,
        json.dumps({"text": "Fine."}),
    ]
    path.write_bytes("\n".join(lines).encode() + b'\n{"text": "\xff"}\n')
    documents = list(read_documents(path))
    assert [d.article.text for d in documents if d.article] == ["A buys B\n\nIt does.", "Fine."]
    problems = [(document.line, document.problem) for document in documents if document.problem]
    for (line, problem), (number, words) in zip(
        problems,
        [
            (2, "not JSON"),
            (4, "there is no `text`"),
            (5, "`text` is int, not text"),
            (6, "'someday' is no date such as"),
            (7, "no http or https address"),
            (8, "nested too deep"),
            (10, "not UTF-8 text"),
        ],
        strict=True,
    ):
        assert line == number
        assert words in problem
    assert documents[1].place == f"{path}:2"


def test_a_json_file_holds_one_article_or_a_list(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"text": "One."}, {"text": "Two."}]', "utf-8")
    assert [d.article.text for d in read_documents(path) if d.article] == ["One.", "Two."]
    path.write_text('{"text": "One."}', "utf-8")
    assert the_article(path).text == "One."


def test_an_article_event_in_a_file_keeps_its_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("A buys B\n\nText.", "utf-8")
    article = the_article(path)
    events = tmp_path / "b.jsonl"
    events.write_text(article.model_dump_json(), "utf-8")
    assert the_article(events) == article


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        pytest.param(
            "a.txt", b"caf\xe9", "not UTF-8 text (byte 3): save it as UTF-8", id="latin-1"
        ),
        pytest.param("a.txt", b"", "there is no `text`", id="empty"),
        pytest.param("a.txt", b" \n ", "blank", id="blank"),
        pytest.param("a.txt", b"x" * 1_000_001, "the limit is 1,000,000", id="a megabyte"),
        pytest.param("a.txt", b"x" * 10_000_000, "10,000,000 bytes and the limit", id="10 MB"),
        pytest.param("a.pdf", b"%PDF", "unknown kind of file", id="pdf"),
        pytest.param("a.json", b"[" * 100_000, "nested too deep", id="nested"),
        pytest.param("a.json", b'"text"', "an article is a JSON object", id="no object"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (document,) = read_documents(path)
    assert document.article is None
    assert problem in document.problem


def test_folders_are_read_in_order_and_other_files_in_them_left_alone(tmp_path: Path) -> None:
    for name in ("b/2.txt", "a/1.jsonl", "README.md", "b/2.meta.json", "c.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path])]
    assert found == ["a/1.jsonl", "b/2.txt", "c.json"]
    with pytest.raises(FileNotFoundError, match="there is no"):
        find_files([tmp_path / "nowhere"])


@pytest.mark.parametrize("path", find_files([SEEDS]), ids=lambda path: path.stem)
def test_every_seed_has_what_readers_want_to_know(path: Path) -> None:
    article = the_article(path)
    assert article.title
    assert article.url
    assert article.source
    assert article.published_at
    assert article.language in ("fr", "en")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://e.com/a?utm_source=x&id=7", "https://e.com/a?id=7", id="tracking"),
        pytest.param("https://e.com/a#top", "https://e.com/a", id="fragment"),
        pytest.param(" HTTPS://E.com/a ", "https://e.com/a", id="case of scheme and host"),
        pytest.param("https://e.com/?p=12&fbclid=z", "https://e.com/?p=12", id="content kept"),
    ],
)
def test_canonical_url(url: str, expected: str) -> None:
    assert canonical_url(url) == expected
    assert canonical_url(expected) == expected


@pytest.mark.parametrize("url", ["", "e.com/a", "ftp://e.com/a", "https:///a", "javascript:1"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        canonical_url(url)
