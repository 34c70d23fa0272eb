from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.urls import canonical_of_page, canonical_url, site_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.com/a?utm_source=x&id=7&utm_medium=rss", "https://e.com/a?id=7"),
        ("https://e.com/a?xtor=RSS-1#xtor=RSS-1", "https://e.com/a"),
        ("https://e.com/a?at_medium=rss&at_campaign=k&CMP=rss&mod=rss_markets", "https://e.com/a"),
        ("https://e.com/a?id=1&amp;fbclid=2", "https://e.com/a?id=1"),
        ("https://e.com/a;jsessionid=AB12?x=1", "https://e.com/a?x=1"),
        ("https://e.com/a?from=rss&ref=twitter_share&source=newsletter-12", "https://e.com/a"),
        ("HTTP://E.com:80/b/../a", "http://e.com/a"),
        ("https://e.com:443", "https://e.com/"),
        ("https://e.com./caf%c3%a9?", "https://e.com/caf%C3%A9"),
        ("https://e.com/café", "https://e.com/caf%C3%A9"),
        ("https://exämple.com/a", "https://xn--exmple-cua.com/a"),
        ("https://user:word@e.com/a", "https://e.com/a"),
        ("https://e.com/two words", "https://e.com/two%20words"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
    ],
)
def test_how_an_article_was_found_is_no_part_of_its_address(url: str, expected: str) -> None:
    assert canonical_url(url) == expected
    assert canonical_url(expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://e.com/spip.php?article123",
        "https://e.com/spip.php?article123&lang=fr",
        "https://e.com/a?cid=12",
        "https://e.com/a?eid=12&uid=7",
        "https://e.com/a?ref=20260706",
        "https://e.com/a?reference=x1",
        "https://e.com/a?source=afp&keyword=ibm",
        "https://e.com/a?amp=2",
        "https://e.com/a?x=&y",
        "https://e.com/camp/example",
        "https://e.com/ampere/a",
        "https://m.fr/a",
        "https://mmm.e.com/a",
        "https://www.google.com/amplify/s/e.com/a",
        "https://e.com/c/s/e.com/a",
        "https://e.com/redirect?to=https://x.com/y",
    ],
)
def test_what_may_tell_articles_apart_stays(url: str) -> None:
    assert canonical_url(url) == url


@pytest.mark.parametrize(
    "twin",
    [
        "https://www.e.com/news/a/amp",
        "https://www.e.com/news/a/amp/",
        "https://www.e.com/news/a.amp",
        "https://www.e.com/amp/news/a",
        "https://www.e.com/news/a?amp",
        "https://www.e.com/news/a?amp=1",
        "https://www.e.com/news/a?outputType=amp",
        "https://amp.e.com/news/a",
        "https://m.e.com/news/a",
        "https://mobile.e.com/news/a",
        "https://www.m.e.com/news/a",
        "https://m.e.com/news/a/amp?utm_source=x",
        "https://www-e-com.cdn.ampproject.org/c/s/www.e.com/news/a?usqp=mq",
        "https://www-e-com.cdn.ampproject.org/v/s/www.e.com/amp/news/a",
        "https://www.google.com/amp/s/www.e.com/news/a/amp/",
        "https://www.bing.com/amp/s/amp.e.com/news/a",
        "https://www.google.com/amp/s/m.e.com/news/a?amp=1#share",
    ],
)
def test_amp_and_mobile_twins_have_one_address(twin: str) -> None:
    assert canonical_url(twin) == "https://www.e.com/news/a"


def test_twins_keep_what_else_their_names_say() -> None:
    assert canonical_url("https://en.m.wikipedia.org/wiki/A") == "https://en.wikipedia.org/wiki/A"
    assert canonical_url("https://m.e.co.uk/a.amp.html") == "https://www.e.co.uk/a.html"
    assert canonical_url("https://www.google.com/amp/e.com/a") == "http://e.com/a"


@pytest.mark.parametrize(
    "url",
    [
        *("", "e.com/a", "ftp://e.com/a", "https:///a", "javascript:1", "data:,x", "https://["),
        *("https://e.com:port/", "https://?a", "https://e.com/" + "a" * 5000),
        "https://www.google.com/amp/s/" + "www.google.com/amp/s/" * 30 + "e.com/a",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        canonical_url(url)


PARTS = st.sampled_from(
    [
        *("/", "?", "&", "=", "#", ";", ":", ".", "@", "%", "[", " ", "é", "\x00", "..", "%41"),
        *("http", "https://", "e.com", "m.", "amp", "/amp/", ".amp.html", "utm_x=1", "ref=rss"),
        *("www.google.com/amp/s/", "x.cdn.ampproject.org/c/s/"),
    ]
)


@given(st.lists(PARTS, max_size=9).map("".join) | st.text(max_size=30))
@settings(max_examples=1000, deadline=None)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    for url in (text, f"https://{text}", f"https://e.com/{text}"):
        try:
            cleaned = canonical_url(url)
        except ValueError as error:
            assert "address" in str(error)  # noqa: PT017 (both ends are fine)
        else:
            assert canonical_url(cleaned) == cleaned
            assert cleaned.isascii()


@pytest.mark.parametrize(
    ("url", "declared", "expected"),
    [
        pytest.param("https://e.com/a", None, "https://e.com/a", id="none"),
        pytest.param("https://e.com/a?s=2", "https://e.com/a", "https://e.com/a", id="query"),
        pytest.param("https://e.com/a?s=2", " /a ", "https://e.com/a", id="relative"),
        pytest.param("https://e.com/a?s=2", "//e.com/a", "https://e.com/a", id="no scheme"),
        pytest.param("https://e.com/a", "https://www.e.com/b", "https://www.e.com/b", id="www"),
        pytest.param("https://m.e.com/1", "https://news.e.com/1", "https://news.e.com/1", id="m"),
        pytest.param("https://e.com/a", "http://e.com/a", "https://e.com/a", id="stays safe"),
        pytest.param("http://e.com/a", "https://e.com/a", "https://e.com/a", id="becomes safe"),
        pytest.param("https://e.com/a?p=2", "/a?utm_x=1", "https://e.com/a", id="tracking"),
        pytest.param("https://e.com/ibm-buys/2", "/ibm-buys", "https://e.com/ibm-buys", id="pages"),
        pytest.param("https://e.com/a", "https://evil.com/b", "https://e.com/a", id="other site"),
        pytest.param("https://a.co.uk/a", "https://b.co.uk/b", "https://a.co.uk/a", id="co.uk"),
        pytest.param(
            "https://e.com/news/ibm-buys", "/", "https://e.com/news/ibm-buys", id="front page"
        ),
        pytest.param(
            "https://e.com/news/ibm-buys",
            "/news/",
            "https://e.com/news/ibm-buys",
            id="section",
        ),
        pytest.param("https://e.com/a", "javascript:1", "https://e.com/a", id="no address"),
        pytest.param("https://e.com/a", "https://[", "https://e.com/a", id="broken"),
        pytest.param("https://e.com/a", "", "https://e.com/a", id="empty"),
        pytest.param("https://e.com/?p=12", "/", "https://e.com/?p=12", id="front page, query"),
    ],
)
def test_a_page_may_say_its_own_address(url: str, declared: str | None, expected: str) -> None:
    assert canonical_of_page(url, declared) == expected


def test_a_site_is_who_registered_its_name() -> None:
    assert site_of("https://news.bbc.co.uk/a") == "bbc.co.uk"
    assert site_of("https://one.github.io/a") != site_of("https://two.github.io/a")
    assert site_of("http://127.0.0.1:80/") == "127.0.0.1"
