"""What polls publish, and what they remember."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from producers.feeds.outbox import Item
from producers.feeds.schedule import MAX_S, MIN_S
from producers.feeds.sources import Source
from producers.feeds.tables import open_feed_state
from runtime.settings import Settings
from schemas import Article, digest
from tests.embedded.feeds import START, Polling, polling, published
from tests.feed_site import Feed, FeedSite, Story, feed_site


@pytest.fixture
def site() -> Iterator[FeedSite]:
    with feed_site() as running:
        running.feeds["/feed"] = Feed()
        yield running


def story(site: FeedSite, number: int, text: str = "", **more: str) -> Story:
    link = site.url(f"/a/{number}")
    return Story(f"Story {number}", text or f"Text of {number}.", link, **more)


def versions(poller: Polling, site: FeedSite) -> list[tuple[str, str]]:
    """What the topic has of the site, in the order of publishing."""
    found = sorted(
        published(poller.settings, site.url("")), key=lambda a: (a.fetched_at, str(a.url))
    )
    return [(str(a.url).removeprefix(site.url("")), a.text.split("\n\n")[-1]) for a in found]


def test_an_entry_is_published_once_with_all_that_the_feed_says(
    poller: Polling, site: FeedSite
) -> None:
    feed = site.feeds["/feed"]
    feed.stories = [story(site, 1, "<p>Déjà <b>vu</b></p>", date="Mon, 02 Mar 2026 09:00:00 GMT")]
    state = poller.poll(Source(url=site.url(), name="The Site"))
    poller.clock.move(minutes=30)
    poller.poll(Source(url=site.url(), name="The Site"))
    (article,) = published(poller.settings, site.url(""))
    assert article.text == "Story 1\n\nDéjà vu"
    assert (article.title, article.source, article.language) == ("Story 1", "The Site", "en")
    assert article.url == site.url("/a/1")
    assert article.article_id == digest(site.url("/a/1"))
    assert article.published_at == START - timedelta(hours=3)
    assert article.fetched_at == START
    assert (state.title, state.error, state.failures) == ("Test feed", "", 0)
    assert site.answers == {200: 1, 304: 1}


def test_an_edit_is_a_new_version_of_the_same_article_whatever_the_guid_does(
    poller: Polling, site: FeedSite
) -> None:
    source, feed = Source(url=site.url()), site.feeds["/feed"]
    for guid, text in (("a", "One."), ("b", "Two."), ("b", "Two."), ("c", "Two."), ("a", "One.")):
        feed.stories = [story(site, 1, text, guid=guid)]
        poller.poll(source)
        poller.clock.move(minutes=10)
    assert versions(poller, site) == [("/a/1", "One."), ("/a/1", "Two."), ("/a/1", "One.")]
    assert len({a.article_id for a in published(poller.settings, site.url(""))}) == 1


def test_tracking_parameters_do_not_make_another_article(poller: Polling, site: FeedSite) -> None:
    source, feed = Source(url=site.url()), site.feeds["/feed"]
    for campaign in ("x", "y"):
        one = story(site, 1)
        one.link = f"{one.link}?utm_source={campaign}"
        feed.stories = [one]
        poller.poll(source)
        poller.clock.move(minutes=10)
    assert versions(poller, site) == [("/a/1", "Text of 1.")]


def test_duplicate_guids_lose_nothing(poller: Polling, site: FeedSite) -> None:
    site.feeds["/feed"].stories = [story(site, n, guid="same") for n in range(5)]
    poller.poll(Source(url=site.url()))
    assert sorted(versions(poller, site)) == [(f"/a/{n}", f"Text of {n}.") for n in range(5)]


def test_an_article_of_two_feeds_is_published_once(poller: Polling, site: FeedSite) -> None:
    site.feeds["/feed"].stories = [story(site, n) for n in range(10)]
    site.feeds["/other"] = Feed(stories=[story(site, n) for n in range(5, 15)])
    sources = [Source(url=site.url(path)) for path in ("/feed", "/other")]
    poller.poll(*sources)
    poller.clock.move(minutes=10)
    poller.poll(*sources)
    assert sorted(versions(poller, site)) == sorted((f"/a/{n}", f"Text of {n}.") for n in range(15))


def test_two_feeds_that_word_an_article_differently_do_not_take_turns(
    poller: Polling, site: FeedSite
) -> None:
    site.feeds["/feed"].stories = [story(site, 1, "Long words.")]
    site.feeds["/other"] = Feed(stories=[story(site, 1, "Short.")], validators=())
    site.feeds["/feed"].validators = ()
    for _ in range(4):
        for path in ("/feed", "/other"):
            poller.poll(Source(url=site.url(path)))
            poller.clock.move(minutes=10)
    assert versions(poller, site) == [("/a/1", "Long words."), ("/a/1", "Short.")]


def test_entries_without_an_address_are_told_apart_by_their_words(
    poller: Polling, site: FeedSite
) -> None:
    mark = site.url("").rpartition(":")[2]
    site.feeds["/feed"].stories = [Story(f"{mark} one", "a", guid="g"), Story(f"{mark} two", "b")]
    for _ in range(2):
        poller.poll(Source(url=site.url()))
        site.feeds["/feed"].validators = ()
    found = published(poller.settings, mark)
    assert sorted(article.title for article in found) == [f"{mark} one", f"{mark} two"]
    assert {article.url for article in found} == {None}


@pytest.mark.parametrize("first", [("etag", "last-modified"), ("etag",), ("last-modified",), ()])
@pytest.mark.parametrize("second", [("etag", "last-modified"), ("etag",), ("last-modified",), ()])
def test_a_200_replaces_both_validators_even_by_none(
    poller: Polling, site: FeedSite, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    feed, source = site.feeds["/feed"], Source(url=site.url())
    for number, validators in enumerate((first, second)):
        feed.stories.insert(0, story(site, number))
        feed.validators = validators
        feed.changed += 60
        poller.poll(source)
    poller.poll(source)
    asked = site.asked("/feed")
    assert "if-none-match" not in asked[0]
    assert ("if-none-match" in asked[1], "if-modified-since" in asked[1]) == (
        "etag" in first,
        "last-modified" in first,
    )
    assert ("if-none-match" in asked[2], "if-modified-since" in asked[2]) == (
        "etag" in second,
        "last-modified" in second,
    )
    assert site.answers[304] == (1 if second else 0)
    assert len(versions(poller, site)) == 2


def test_what_does_not_change_is_polled_ever_less_and_what_does_often(
    poller: Polling, site: FeedSite
) -> None:
    site.feeds["/feed"].stories = [story(site, n) for n in range(400)]
    site.feeds["/still"] = Feed()
    busy = poller.poll(Source(url=site.url("/feed")))
    still = poller.poll(Source(url=site.url("/still")))
    assert timedelta(seconds=MIN_S) <= busy.next_poll_at - START <= timedelta(seconds=MIN_S * 1.1)
    assert timedelta(hours=21) <= still.next_poll_at - START <= timedelta(seconds=MAX_S)


@pytest.mark.parametrize(
    ("headers", "ttl", "least"),
    [
        pytest.param({"Cache-Control": "public, max-age=7200"}, "", 7200, id="max-age"),
        pytest.param({"Cache-Control": "max-age=7200", "Age": "1200"}, "", 6000, id="age"),
        pytest.param({}, "90", 5400, id="ttl"),
        pytest.param({"Cache-Control": "max-age=999999"}, "", MAX_S, id="a day at most"),
    ],
)
def test_the_site_is_left_alone_as_long_as_it_asks(
    poller: Polling, site: FeedSite, headers: dict[str, str], ttl: str, least: float
) -> None:
    feed = site.feeds["/feed"]
    feed.headers, feed.ttl = headers, ttl
    feed.stories = [story(site, n) for n in range(400)]
    source = Source(url=site.url(), interval_minutes=5)
    state = poller.poll(source)
    assert (state.next_poll_at - START).total_seconds() == pytest.approx(least)
    again = poller.poll(source)
    assert site.answers[304] == 1
    assert (again.next_poll_at - START).total_seconds() == pytest.approx(least)


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        pytest.param(Feed(status=500), "answered 500: the server has failed", id="500"),
        pytest.param(Feed(status=404), "answered 404: there is nothing", id="404"),
        pytest.param(Feed(status=410), "dealwire feeds remove http", id="410"),
        pytest.param(
            Feed(body=b"<!DOCTYPE html><html><body>Sorry", content_type="text/html"),
            "is a web page, not a feed",
            id="error page",
        ),
        pytest.param(Feed(body=b""), "is an empty document", id="empty"),
        pytest.param(Feed(body=b"<feed"), "nothing can be read of it", id="cut off"),
        pytest.param(Feed(body=b"x" * 11_000_000), "is larger than", id="too large"),
    ],
)
def test_a_broken_feed_says_why_and_is_tried_less_and_less(
    poller: Polling, site: FeedSite, feed: Feed, words: str
) -> None:
    site.feeds["/feed"].stories = [story(site, 1)]
    source = Source(url=site.url())
    before = poller.poll(source)
    site.feeds["/feed"] = feed
    waits = []
    for failures in range(1, 5):
        state = poller.poll(source)
        assert words in state.error
        assert (state.failures, state.succeeded_at) == (failures, before.succeeded_at)
        waits.append((state.next_poll_at - poller.clock.now).total_seconds())
    assert waits == sorted(waits)
    assert waits[0] >= MIN_S
    assert waits[3] <= MAX_S
    site.feeds["/feed"] = Feed(stories=[story(site, 2)])
    assert poller.poll(source).error == ""
    assert versions(poller, site) == [("/a/1", "Text of 1."), ("/a/2", "Text of 2.")]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_heard(poller: Polling, site: FeedSite, status: int) -> None:
    site.feeds["/feed"] = Feed(status=status, headers={"Retry-After": "7200"})
    state = poller.poll(Source(url=site.url()))
    assert timedelta(hours=2) <= state.next_poll_at - START < timedelta(hours=2, minutes=30)


def test_a_feed_that_has_moved_for_good_is_asked_for_at_its_new_place(
    poller: Polling, site: FeedSite
) -> None:
    site.feeds["/feed"] = Feed(status=301, headers={"Location": "/new"})
    site.feeds["/new"] = Feed(stories=[story(site, 1)])
    for _ in range(2):
        state = poller.poll(Source(url=site.url()))
    assert state.fetch_url == site.url("/new")
    assert (len(site.asked("/feed")), len(site.asked("/new"))) == (1, 2)
    site.feeds["/new"] = Feed(status=404)
    site.feeds["/feed"] = Feed(stories=[story(site, 2)])
    for _ in range(4):
        state = poller.poll(Source(url=site.url()))
    assert (state.fetch_url, state.error) == (None, "")
    assert len(versions(poller, site)) == 2


def test_what_cannot_be_an_article_is_named_and_the_rest_goes_on(
    poller: Polling, site: FeedSite
) -> None:
    site.feeds["/feed"].stories = [
        story(site, 1, "long " * 250_000),
        Story("", "", site.url("/a/2")),
        story(site, 3),
    ]
    state = poller.poll(Source(url=site.url()))
    assert "the text has 1,250,0" in state.warning
    assert state.error == ""
    assert versions(poller, site) == [("/a/3", "Text of 3.")]


def test_what_a_killed_run_left_is_sent_unless_it_arrived(
    broker: Settings, site: FeedSite, tmp_path: Path
) -> None:
    """The outbox as it is after a kill: before the send, and between send and confirmation."""
    articles = [
        Article.of(f"Text {n}", url=site.url(f"/a/{n}"), fetched_at=START) for n in range(40)
    ]
    items = [Item(site.url(), a.article_id, "f", a) for a in articles]
    with polling(broker, tmp_path / "state.db") as killed:
        killed.sender.recover(broker)
        killed.outbox.begin(items)
        killed.sender.publish(items[:25])
    for sent in (15, 0):
        with polling(broker, tmp_path / "state.db") as next_run:
            assert next_run.sender.recover(broker) == sent
            assert next_run.outbox.pending() == []
            known = next_run.states.known(site.url(), [a.article_id for a in articles])
            assert {key: k.version for key, k in known.items()} == {
                a.article_id: a.version for a in articles
            }
    found = published(broker, site.url(""))
    assert sorted(a.text for a in found) == sorted(a.text for a in articles)


def test_each_cluster_has_a_state_of_its_own(
    poller: Polling, site: FeedSite, tmp_path: Path
) -> None:
    site.feeds["/feed"].stories = [story(site, 1)]
    poller.poll(Source(url=site.url()))
    with open_feed_state(tmp_path / "state.db", "another") as (states, _):
        assert states.feeds() == {}
        assert states.known(site.url(), [digest(site.url("/a/1"))]) == {}


def test_entries_that_left_the_feed_are_forgotten_after_two_months(
    poller: Polling, site: FeedSite
) -> None:
    source, key = Source(url=site.url()), digest(site.url("/a/1"))
    site.feeds["/feed"].stories = [story(site, 1), story(site, 2)]
    poller.poll(source)
    for _ in range(3):
        poller.clock.move(days=25)
        site.feeds["/feed"].stories = [story(site, 2)]
        site.feeds["/feed"].validators = ()
        poller.poll(source)
    assert poller.states.known(source.url, [key]) == {}
    assert poller.states.known(source.url, [digest(site.url("/a/2"))]) != {}
    assert len(versions(poller, site)) == 2
