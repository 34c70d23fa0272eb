from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.charsets import decode_text, find_codec

TEXT = "<p>Le Crédit mutuel a racheté « Cœur » pour 5 €, annonce l’été.</p>"
META = '<meta charset="{}">'


@pytest.mark.parametrize(
    ("encoding", "header", "declared"),
    [
        ("utf-8", "", ""),
        ("utf-8", "text/html; charset=utf-8", "utf-8"),
        ("utf-8", "text/html; charset=iso-8859-1", "iso-8859-1"),
        ("utf-8", "text/html; charset=windows-1252", ""),
        ("utf-8-sig", "text/html; charset=iso-8859-1", ""),
        ("cp1252", "text/html; charset=iso-8859-1", ""),
        ("cp1252", "text/html", "iso-8859-1"),
        ("cp1252", "text/html; charset=UTF-8", "utf-8"),
        ("cp1252", "", ""),
        ("cp1252", "text/html; charset=nonsense", "windows-1252"),
        ("iso8859-15", 'text/html; charset="ISO-8859-15"', ""),
        ("utf-16", "", ""),
        ("utf-16-le", "text/html; charset=utf-16le", ""),
    ],
)
def test_text_is_read_whatever_is_said_about_it(encoding: str, header: str, declared: str) -> None:
    text = (META.format(declared) if declared else "") + TEXT
    if encoding == "iso8859-15":
        text = text.replace("«", "").replace("»", "").replace("’", "'")
    assert decode_text(text.encode(encoding), header) == text


def test_encodings_that_look_like_utf8_are_told_apart() -> None:
    for label in ("utf-16le", "iso-2022-jp"):
        body = "IBM 日本 IBM".encode(label)
        assert decode_text(body, f"text/html; charset={label}") == "IBM 日本 IBM"
    assert decode_text("IBM".encode("utf-16-le"), "text/html; charset=utf-16le") == "IBM"


def test_a_broken_byte_does_not_change_the_encoding() -> None:
    body = TEXT.encode()
    text = decode_text(body + b"\xe9 " + body, "text/html; charset=utf-8")
    assert text == f"{TEXT}\ufffd {TEXT}"


@pytest.mark.parametrize("label", ["shift_jis", "euc-jp", "gb2312", "big5", "euc-kr", "koi8-r"])
def test_other_scripts_are_read(label: str) -> None:
    codec = find_codec(label)
    assert codec
    word = "Россия" if label == "koi8-r" else "日本"
    assert decode_text(word.encode(codec) * 3, f"text/html; charset={label}") == word * 3


@pytest.mark.parametrize(
    "label",
    ["zip", "rot13", "hex", "idna", "punycode", "unicode_escape", "utf-7", "raw_unicode_escape"],
)
def test_names_of_what_is_no_text_are_not_believed(label: str) -> None:
    assert find_codec(label) is None
    assert decode_text(b"\\u0041 +AGE- \xe9", f"text/html; charset={label}") == "\\u0041 +AGE- é"


@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_bytes_become_text(body: bytes, header: str) -> None:
    for charset in (header, "utf-16", "utf-8", "iso2022_jp"):
        for mark in (b"", codecs.BOM_UTF8, codecs.BOM_UTF16_BE):
            decode_text(mark + body, f"text/html; charset={charset}").encode()
