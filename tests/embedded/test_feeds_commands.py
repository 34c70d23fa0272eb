"""`dealwire feeds` as users type it, against a site on loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from runtime.embedded import embedded_broker
from runtime.settings import Settings
from tests.conftest import Dealwire
from tests.embedded.feeds import published
from tests.feed_site import Feed, FeedSite, Story, feed_site

Feeds = Callable[..., CompletedProcess[str]]
HOME = b"""<!DOCTYPE html><html><head><title>The Site</title>
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">
<link rel="alternate" type="application/rss+xml" title="The Site" href="/feed">
<link rel="alternate" hreflang="fr" href="/fr"></head><body>Welcome</body></html>"""


@pytest.fixture
def site() -> Iterator[FeedSite]:
    with feed_site() as running:
        stories = [Story(f"Story {n}", "Some words.", running.url(f"/{n}")) for n in range(3)]
        running.feeds["/feed"] = Feed(stories=stories)
        running.feeds["/comments/feed"] = Feed()
        running.feeds["/"] = Feed(body=HOME, content_type="text/html")
        yield running


@pytest.fixture
def feeds(dealwire: Dealwire) -> Feeds:
    env = os.environ | {"DEALWIRE_FETCH_ALLOW": "127.0.0.1", "DEALWIRE_FETCH_GAP_S": "0"}

    def run(*arguments: object, **more: str) -> CompletedProcess[str]:
        return dealwire("feeds", *arguments, env=env | more)

    return run


def rows(done: CompletedProcess[str]) -> list[dict]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_feed_of_a_site_is_found_from_its_front_page(feeds: Feeds, site: FeedSite) -> None:
    done = feeds("add", site.url("/"))
    assert done.returncode == 0, done.stderr
    assert "added Test feed" in done.stderr
    assert "RSS 2.0, 3 entries; it gives a few lines only" in done.stderr
    (row,) = rows(feeds("list"))
    assert (row["url"], row["name"], row["on"]) == (site.url("/feed"), "Test feed", True)
    assert site.asked("/comments/feed") == []


def test_the_feed_of_a_site_is_found_where_feeds_usually_are(feeds: Feeds, site: FeedSite) -> None:
    site.feeds["/"] = Feed(body=b"<html><body>No links", content_type="text/html")
    site.feeds["/rss.xml"] = site.feeds.pop("/feed")
    assert feeds("add", site.url("/"), "--name", "Mine", "--language", "fr").returncode == 0
    (row,) = rows(feeds("list"))
    assert (row["url"], row["name"], row["language"]) == (site.url("/rss.xml"), "Mine", "fr")


def test_adding_a_feed_again_changes_only_what_is_given(feeds: Feeds, site: FeedSite) -> None:
    more = ("--name", "Mine", "--language", "fr", "--text", "page", "--interval-minutes", "15")
    assert feeds("add", site.url("/feed"), *more).returncode == 0
    done = feeds("add", site.url("/"), "--language", "en", "--off")
    assert "changed Mine" in done.stderr
    (row,) = [row for row in rows(feeds("list", "--all")) if row["url"] == site.url("/feed")]
    assert (row["name"], row["language"], row["text"]) == ("Mine", "en", "page")
    assert (row["interval_minutes"], row["on"]) == (15, False)
    bad = feeds("add", site.url("/feed"), "--language", "French")
    assert bad.returncode == 1
    assert "language" in bad.stderr
    assert "Traceback" not in bad.stderr + feeds("check", "ftp://e.com/").stderr


def test_a_site_without_a_feed_may_have_a_news_sitemap(feeds: Feeds, site: FeedSite) -> None:
    site.feeds = {"/": Feed(body=b"<html><body>No links", content_type="text/html")}
    robots = f"User-agent: *\nAllow: /\nSitemap: {site.url('/news.xml')}\n"
    site.feeds["/robots.txt"] = Feed(body=robots.encode(), content_type="text/plain")
    sitemap = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">'
        f"<url><loc>{site.url('/a')}</loc><n:news><n:title>Kelbex buys</n:title></n:news></url>"
        "</urlset>"
    )
    site.feeds["/news.xml"] = Feed(body=sitemap.encode(), content_type="application/xml")
    assert feeds("add", site.url("/")).returncode == 0
    (row,) = rows(feeds("list"))
    assert (row["url"], row["kind"]) == (site.url("/news.xml"), "sitemap")
    assert rows(feeds("check"))[0]["titles"] == ["Kelbex buys"]


def test_what_has_no_feed_is_not_added_and_the_others_are(feeds: Feeds, site: FeedSite) -> None:
    with feed_site() as other:
        other.feeds["/"] = Feed(body=b"<html><body>No links", content_type="text/html")
        done = feeds("add", other.url("/"), site.url("/feed"), "http://127.0.0.1:9999/x")
        assert done.returncode == 1
        assert "no feed of the site was found (tried 7 addresses)" in done.stderr
        assert "cannot be reached" in done.stderr
        assert "2 of 3 not added" in done.stderr
    assert [row["url"] for row in rows(feeds("list"))] == [site.url("/feed")]


def test_what_is_not_on_the_public_internet_is_not_fetched(dealwire: Dealwire) -> None:
    with feed_site() as inside:
        inside.feeds["/feed"] = Feed()
        done = dealwire("feeds", "add", inside.url("/feed"))
        assert done.returncode == 1
        assert "not on the public internet" in done.stderr
        assert inside.requests == []


def test_check_tells_what_feeds_give(feeds: Feeds, site: FeedSite) -> None:
    site.feeds["/broken"] = Feed(status=500)
    done = feeds("check", site.url("/feed"), site.url("/broken"))
    assert done.returncode == 1
    good, broken = [json.loads(line) for line in done.stdout.splitlines()]
    assert (good["kind"], good["entries"], good["is_short"]) == ("RSS 2.0", 3, True)
    assert good["titles"] == ["Story 0", "Story 1", "Story 2"]
    assert "answered 500" in broken["error"]
    table = feeds("check", site.url("/feed"), "--table")
    assert table.returncode == 0
    assert "Test feed" in table.stdout


def test_feeds_are_turned_on_and_off_removed_exported_and_imported(
    feeds: Feeds, tmp_path: Path
) -> None:
    assert rows(feeds("list")) == []
    assert "no feed of feeds.toml is on" in feeds("list").stderr
    shipped = rows(feeds("list", "--all"))
    assert feeds("on", "les echos", "techcrunch").returncode == 0
    assert [row["name"] for row in rows(feeds("list"))] == ["Les Echos", "TechCrunch"]
    assert feeds("off", "Les Echos").returncode == 0
    assert feeds("export", "on.opml").returncode == 0
    assert feeds("export", "--all").stdout.count("<outline") == len(shipped)
    assert feeds("remove", "TechCrunch").returncode == 0
    assert rows(feeds("list")) == []
    done = feeds("import", "on.opml")
    assert "1 added, 0 were there" in done.stderr
    assert "0 added, 1 were there" in feeds("import", "on.opml").stderr
    assert [row["name"] for row in rows(feeds("list"))] == ["TechCrunch"]
    assert feeds("remove", "nobody").returncode == 1
    assert "no feed is called 'nobody'" in feeds("remove", "nobody").stderr
    (tmp_path / "no.opml").write_text("words", "utf-8")
    assert "this is no OPML document" in feeds("import", "no.opml").stderr


def test_five_feeds_in_two_commands_and_what_is_broken_is_named(
    feeds: Feeds, dealwire: Dealwire, site: FeedSite
) -> None:
    urls = [site.url(f"/feed/{number}") for number in range(5)]
    for number in range(5):
        story = Story(f"News {number}", "Words.", site.url(f"/article/{number}"))
        site.feeds[f"/feed/{number}"] = Feed(stories=[story])
    assert feeds("add", *urls).returncode == 0
    site.feeds["/feed/4"].status = 404
    with embedded_broker("news") as address:
        settings = Settings(**address, fetch_allow="127.0.0.1", fetch_gap_s=0)  # type: ignore[arg-type]
        done = feeds("once", **settings.environ())
        assert done.returncode == 0, done.stderr
        assert "5 feeds polled, 1 failed, 4 articles published" in done.stderr
        assert "0 feeds polled" in feeds("once", **settings.environ()).stderr
        assert {article.title for article in published(settings)} == {f"News {n}" for n in range(4)}
        health = {row["url"]: row for row in rows(feeds("list"))}
        assert health[urls[0]]["articles_a_day"] == 1
        assert health[urls[0]]["last_success_at"]
        assert health[urls[4]]["failures"] == 1
        assert "there is nothing at this address" in health[urls[4]]["error"]
        assert "ago" in feeds("list", "--table").stdout
        done = dealwire("status", env=os.environ | settings.environ())
        assert done.returncode == 0, done.stderr
        status = json.loads(done.stdout)["feeds"]
        assert (status["on"], [feed["url"] for feed in status["broken"]]) == (5, [urls[4]])
        table = dealwire("status", "--table", env=os.environ | settings.environ()).stdout
        assert "answered 404" in table
