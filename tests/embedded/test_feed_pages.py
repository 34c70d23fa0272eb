"""Feeds of a few lines: the text is taken from the articles' pages, where that is allowed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from producers.feeds.news import PAGE_TRIES
from producers.feeds.sources import Source
from schemas import Article
from tests.embedded.feeds import Polling, published
from tests.feed_site import Feed, FeedSite, Story, feed_site

SENTENCE = "Kelbex said on Monday that it would buy its rival Fenra for thirty million euros. "


def page(title: str, words: str = SENTENCE, head: str = "") -> Feed:
    body = f"<h1>{title}</h1>" + "".join(f"<p>{words * 4}</p>" for _ in range(5))
    document = (
        f"<!DOCTYPE html><html lang='en'><head><title>{title}</title>{head}</head><body>"
        f"<nav><a href='/'>Home</a> <a href='/news'>News</a></nav><article>{body}</article>"
        "<footer>About us. Terms. Privacy.</footer></body></html>"
    )
    return Feed(body=document.encode(), content_type="text/html; charset=utf-8")


@pytest.fixture
def site() -> Iterator[FeedSite]:
    with feed_site() as running:
        running.feeds["/feed"] = Feed(
            stories=[Story("Kelbex buys rival Fenra", "A summary.", running.url("/a?utm_source=x"))]
        )
        running.feeds["/a?utm_source=x"] = page("Kelbex buys rival Fenra")
        yield running


def articles(poller: Polling, site: FeedSite) -> list[Article]:
    return sorted(published(poller.settings, site.url("")), key=lambda a: a.fetched_at)


def poll(poller: Polling, site: FeedSite, times: int = 1) -> None:
    for _ in range(times):
        poller.poll(Source(url=site.url(), text="page"))
        poller.clock.move(minutes=10)


def test_the_text_is_that_of_the_page_and_the_page_is_fetched_once(
    poller: Polling, site: FeedSite
) -> None:
    poll(poller, site, 3)
    (article,) = articles(poller, site)
    first, second = article.text.split("\n")[:2]
    assert (first, second) == ("Kelbex buys rival Fenra", (SENTENCE * 4).strip())
    assert "Privacy" not in article.text
    assert (article.url, article.access) == (site.url("/a"), "open")
    assert len(site.asked("/a?utm_source=x")) == 1


def test_another_tracking_parameter_does_not_fetch_the_page_again(
    poller: Polling, site: FeedSite
) -> None:
    poll(poller, site)
    site.feeds["/feed"].stories[0].link = site.url("/a?utm_source=y")
    poll(poller, site)
    assert len(articles(poller, site)) == 1
    assert site.asked("/a?utm_source=y") == []


def test_an_edit_in_the_feed_fetches_the_page_again(poller: Polling, site: FeedSite) -> None:
    poll(poller, site)
    site.feeds["/feed"].stories[0].text = "A better summary."
    site.feeds["/a?utm_source=x"] = page("Kelbex buys rival Fenra", SENTENCE + "Updated. ")
    poll(poller, site, 2)
    first, second = articles(poller, site)
    assert first.article_id == second.article_id
    assert "Updated." in second.text


@pytest.mark.parametrize(
    ("change", "access"),
    [
        pytest.param({"/robots.txt": "User-agent: *\nDisallow: /a"}, "blocked", id="robots.txt"),
        pytest.param({"/a?utm_source=x": Feed(status=403)}, "blocked", id="403"),
        pytest.param({"/a?utm_source=x": Feed(status=402)}, "paywalled", id="402"),
        pytest.param(
            {
                "/a?utm_source=x": page(
                    "Kelbex buys rival Fenra",
                    head='<script type="application/ld+json">{"@type": "NewsArticle", '
                    '"isAccessibleForFree": false}</script>',
                )
            },
            "paywalled",
            id="says so itself",
        ),
        pytest.param(
            {"/a?utm_source=x": Feed(body=b"%PDF-1.7", content_type="application/pdf")},
            "unreadable",
            id="PDF",
        ),
    ],
)
def test_where_the_page_is_closed_the_feeds_own_words_are_kept_and_marked(
    poller: Polling, site: FeedSite, change: dict[str, Feed | str], access: str
) -> None:
    for path, feed in change.items():
        is_text = isinstance(feed, str)
        site.feeds[path] = Feed(body=feed.encode(), content_type="text/plain") if is_text else feed  # type: ignore[union-attr,assignment]
    poll(poller, site, 3)
    (article,) = articles(poller, site)
    assert article.text == "Kelbex buys rival Fenra\n\nA summary."
    assert (article.url, article.access) == (site.url("/a"), access)
    if access == "blocked" and "/robots.txt" in change:
        assert site.asked("/a?utm_source=x") == []


def test_a_page_that_cannot_be_had_today_is_tried_again_and_the_summary_does_not_wait(
    poller: Polling, site: FeedSite
) -> None:
    good = site.feeds["/a?utm_source=x"]
    site.feeds["/a?utm_source=x"] = Feed(status=500)
    poll(poller, site)
    assert [a.text for a in articles(poller, site)] == ["Kelbex buys rival Fenra\n\nA summary."]
    site.feeds["/a?utm_source=x"] = good
    poll(poller, site)
    first, second = articles(poller, site)
    assert first.article_id == second.article_id
    assert SENTENCE.strip() in second.text


def test_a_page_that_never_comes_is_given_up(poller: Polling, site: FeedSite) -> None:
    site.feeds["/a?utm_source=x"] = Feed(status=500)
    poll(poller, site, PAGE_TRIES + 2)
    assert len(site.asked("/a?utm_source=x")) == PAGE_TRIES
    assert [article.access for article in articles(poller, site)] == ["unreadable"]
    assert site.answers[304] >= 1, "the feed is asked conditionally again"


def test_an_article_keeps_the_address_that_it_was_published_with(
    poller: Polling, site: FeedSite
) -> None:
    good = page(
        "Kelbex buys rival Fenra", head=f'<link rel="canonical" href="{site.url("/other")}">'
    )
    site.feeds["/a?utm_source=x"] = Feed(status=500)
    poll(poller, site)
    site.feeds["/a?utm_source=x"] = good
    poll(poller, site)
    assert {a.url for a in articles(poller, site)} == {site.url("/a")}
    assert len(articles(poller, site)) == 2


def test_a_news_sitemap_is_a_source_too(poller: Polling, site: FeedSite) -> None:
    site.feeds["/b"] = page(
        "Lumnova raises money", SENTENCE + "Lumnova has raised twelve million dollars. "
    )
    news = "".join(
        f"<url><loc>{site.url(path)}</loc><news:news><news:publication><news:name>The Site"
        "</news:name><news:language>en</news:language></news:publication>"
        f"<news:publication_date>2026-03-02T08:00:00Z</news:publication_date>"
        f"<news:title>{title}</news:title></news:news></url>"
        for path, title in (("/b", "Lumnova raises money"), ("/closed", "Kelbex &amp; Fenra merge"))
    )
    document = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{news}</urlset>'
    )
    site.feeds["/news.xml"] = Feed(body=document.encode(), content_type="application/xml")
    site.feeds["/closed"] = Feed(status=403)
    for _ in range(2):
        state = poller.poll(Source(url=site.url("/news.xml"), kind="sitemap"))
        poller.clock.move(minutes=10)
    assert (state.error, state.title) == ("", "The Site")
    full, closed = sorted(articles(poller, site), key=lambda article: str(article.url))
    assert (full.title, full.access, full.source) == ("Lumnova raises money", "open", "The Site")
    assert "twelve million dollars" in full.text
    assert (closed.text, closed.access) == ("Kelbex & Fenra merge", "blocked")
    assert len(site.asked("/b")) == len(site.asked("/closed")) == 1
    site.feeds["/news.xml"] = Feed(body=b"<html>", content_type="application/xml")
    state = poller.poll(Source(url=site.url("/news.xml"), kind="sitemap"))
    assert "is no sitemap" in state.error
