"""The list of feeds: comments stay, mistakes are named, OPML goes in and out."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.feeds.opml import OpmlError, format_opml, parse_opml
from producers.feeds.sources import FeedList, FeedListError, Source

LIST = """\
# Mine, and nobody else's.

[[feeds]]
url = "https://a.example/rss"   # the good one
name = 'A'
text = "page"

# off while they repair it
[[feeds]]
url = "https://b.example/rss"
on = false
"""


def write(tmp_path: Path, text: str = LIST) -> Path:
    path = tmp_path / "feeds.toml"
    path.write_text(text, "utf-8")
    return path


def test_commands_leave_everything_else_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path)
    feeds = FeedList.load(path)
    assert feeds.put(Source(url="https://c.example/rss", name="C & D", language="fr"))
    feeds.put(feeds.find("https://b.example/rss").model_copy(update={"on": True}))
    feeds.save()
    text = path.read_text("utf-8")
    assert text.startswith(LIST.replace("on = false", "on = true"))
    assert [source.label for source in FeedList.load(path).sources] == [
        "A",
        "https://b.example/rss",
        "C & D",
    ]
    feeds.remove("https://c.example/rss")
    feeds.save()
    assert path.read_text("utf-8").strip() == LIST.replace("on = false", "on = true").strip()


def test_a_feed_is_changed_where_it_stands(tmp_path: Path) -> None:
    feeds = FeedList.load(write(tmp_path))
    assert not feeds.put(Source(url="https://a.example/rss", name="A", interval_minutes=15))
    feeds.save()
    assert "# the good one\nname = 'A'\ninterval_minutes = 15" in feeds.path.read_text("utf-8")
    assert FeedList.load(feeds.path).sources[0].text == "feed"


def test_a_comment_stays_when_the_feed_above_it_goes(tmp_path: Path) -> None:
    feeds = FeedList.load(write(tmp_path))
    feeds.remove("https://a.example/rss")
    feeds.save()
    text = feeds.path.read_text("utf-8")
    assert '# off while they repair it\n[[feeds]]\nurl = "https://b.example/rss"' in text
    assert text.startswith("# Mine, and nobody else's.")
    feeds.remove("https://b.example/rss")
    assert feeds.sources == ()


def test_a_feed_is_found_by_name_in_any_case_or_by_address(tmp_path: Path) -> None:
    feeds = FeedList.load(write(tmp_path))
    assert feeds.find(" a ") == feeds.find("HTTPS://a.example/rss")
    with pytest.raises(FeedListError, match="no feed is called 'z'"):
        feeds.find("z")
    feeds.put(Source(url="https://c.example/", name="a"))
    with pytest.raises(FeedListError, match="several feeds are called 'A'"):
        feeds.find("A")


def test_without_a_file_the_list_is_empty_and_a_new_one_has_the_shipped_feeds_off(
    tmp_path: Path,
) -> None:
    path = tmp_path / "feeds.toml"
    assert FeedList.load(path).sources == ()
    shipped = FeedList.load_or_shipped(path)
    assert {source.language for source in shipped.sources} == {"fr", "en"}
    assert not any(source.on for source in shipped.sources)
    assert all(source.url.startswith("https://") for source in shipped.sources)
    assert len(shipped.sources) >= 15
    shipped.save()
    assert FeedList.load(path).sources == shipped.sources


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("[[feeds]", "is no TOML file", id="no TOML"),
        pytest.param("[[feeds]]\nname = 'x'\n", r"feed 1 \(x\): url: ", id="no address"),
        pytest.param("[[feeds]]\nurl = 'ftp://x'\n", "is no http or https address", id="scheme"),
        pytest.param(
            "[[feeds]]\nurl = 'http://x/'\ninterval_minutes = 1\n",
            "interval_minutes: .*greater than or equal to 5",
            id="too often",
        ),
        pytest.param("[[feeds]]\nurl = 'http://x/'\nlang = 'fr'\n", "lang: ", id="unknown key"),
        pytest.param("feeds = 7\n", r"each feed is a table \[\[feeds\]\]", id="no tables"),
        pytest.param("[feed]\nurl = 'http://x/'\n", "feed means nothing here", id="misspelt"),
        pytest.param("[[feeds]]\nurl='http://x/'\n" * 2, "http://x/ is there twice", id="twice"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(FeedListError, match=words) as caught:
        FeedList.load(path)
    assert str(path) in str(caught.value)


def test_a_list_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    feeds = FeedList.load(tmp_path / "no" / "folder" / "feeds.toml")
    feeds.put(Source(url="https://a.example/"))
    with pytest.raises(FeedListError, match="DEALWIRE_FEEDS"):
        feeds.save()


def test_opml_goes_out_and_comes_back() -> None:
    sources = [
        Source(url="https://a.example/rss?x=1&y=2", name='Kelbex & "Fenra" <sons>', language="fr"),
        Source(url="https://b.example/feed"),
    ]
    back = parse_opml(format_opml(sources).encode())
    assert [(s.url, s.language) for s in back] == [(s.url, s.language) for s in sources]
    assert [s.name for s in back] == ['Kelbex & "Fenra" <sons>', "https://b.example/feed"]


def test_opml_of_other_readers_is_read_folders_and_all() -> None:
    document = """<?xml version="1.0" encoding="ISO-8859-1"?>
        <!DOCTYPE opml [<!ENTITY e SYSTEM "file:///etc/passwd">]>
        <opml version="1.1"><head/><body>
        <outline text="Économie"><outline text="&lt;b&gt;A&lt;/b&gt;" xmlurl="https://a.example/"/>
        <outline title="Twice" text="no" type="rss" xmlUrl="https://a.example/"/>
        <outline text="local" xmlUrl="file:///etc/passwd"/><outline text="a note &e;"/>
        <outline text="B" type="rss" xmlUrl=" https://b.example/rss " language="fr-FR"/>
        </outline></body></opml>""".encode("latin-1")
    found = parse_opml(document)
    assert [(s.url, s.name, s.language) for s in found] == [
        ("https://a.example/", "A", None),
        ("https://b.example/rss", "B", "fr"),
    ]


@pytest.mark.parametrize("document", [b"", b"<rss/>", b"words", b"\xff\xfe\x00"])
def test_what_is_no_opml_is_refused(document: bytes) -> None:
    with pytest.raises(OpmlError):
        parse_opml(document)
