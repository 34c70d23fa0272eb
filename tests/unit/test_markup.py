"""Nothing but text: what becomes of markup in what people send."""

from __future__ import annotations

import time

import pytest

from producers.markup import plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param(
            "A buys B.\n\n  It does.\n", "A buys B.\n\n  It does.\n", id="text as it came"
        ),
        pytest.param("3 < 4 > 2, A&B, AT&amp;T", "3 < 4 > 2, A&B, AT&amp;T", id="signs"),
        pytest.param(
            "<a@e.com> <https://e.com/?a=b>", "<a@e.com> <https://e.com/?a=b>", id="links"
        ),
        pytest.param("a List<String>", "a List<String>", id="program text"),
        pytest.param("<p>A &amp; B</p>\n   <p>C</p>", "A & B\n\nC", id="paragraphs"),
        pytest.param("A <b>bold</b> word\n\nNext", "A bold word\n\nNext", id="inline keeps lines"),
        pytest.param("a<br>b<br/>c", "a\nb\nc", id="line breaks"),
        pytest.param("<ul><li>one</li><li>two</li></ul>", "one\ntwo", id="list"),
        pytest.param("<h1>T</h1><p>a\nb</p>c", "T\n\na b\n\nc", id="heading and tail"),
        pytest.param("x<script>alert(1)</script>y", "xy", id="script"),
        pytest.param("x<!-- hidden -->y", "xy", id="comment"),
        pytest.param("x<style>p {color: red}</style>y", "xy", id="style"),
        pytest.param("x <svg/onload=alert(1)> y", "x", id="svg takes its contents along"),
        pytest.param("x<tag onclick=alert(1)>y", "xy", id="unknown element"),
        pytest.param('x<img src=a onerror="alert(1)"//', "x", id="never closed"),
        pytest.param("<p>&lt;script&gt;alert(1)&lt;/script&gt; y</p>", "y", id="escaped once"),
        pytest.param("<p>&amp;lt;b&amp;gt;y</p>", "&lt;b&gt;y", id="an entity is text"),
        pytest.param("<![CDATA[x]]><p>y</p>", "y", id="CDATA"),
        pytest.param(
            "<!DOCTYPE a><p>y &a; &eacute;</p>", "y &a; é", id="an entity that HTML lacks"
        ),
        pytest.param("a\x00b\x1b[31mc\td\r\n", "ab[31mc\td\r\n", id="control characters"),
        pytest.param("é<i>à</i> 日本", "éà 日本", id="not ASCII"),
        pytest.param("<div>" * 1500 + "deep", "deep", id="deep"),
    ],
)
def test_only_text_remains(markup: str, text: str) -> None:
    assert plain_text(markup) == text
    assert plain_text(text) == text


def test_what_would_be_left_out_is_refused() -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        plain_text("<div>" * 5000 + "deep")
    escaped = "<p>y</p>"
    for _ in range(6):
        escaped = f"<p>{escaped.replace('&', '&amp;').replace('<', '&lt;')}</p>"
    with pytest.raises(ValueError, match="HTML within HTML"):
        plain_text(escaped)


@pytest.mark.parametrize("hostile", ["<a " * 300_000, "<" * 1_000_000, "<x " * 300_000 + "="])
def test_a_megabyte_of_open_brackets_takes_no_longer_than_text(hostile: str) -> None:
    started = time.process_time()
    try:
        plain_text(hostile)
    except ValueError:
        pass
    assert time.process_time() - started < 20
