"""`dealwire feeds`: the list of feeds, and how they are."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.table import Table
from rich.text import Text

from cli.feed_polling import once, run
from cli.feed_rows import age, check_row, list_rows, status_style
from cli.fetching import make_fetcher
from cli.options import FETCH, with_settings
from cli.output import json_option, print_rows
from producers.feeds.discovery import FoundFeed, find_feed
from producers.feeds.entries import NotAFeedError
from producers.feeds.opml import OpmlError, format_opml, parse_opml
from producers.feeds.reading import Reading
from producers.feeds.sources import (
    MAX_INTERVAL_MINUTES,
    MIN_INTERVAL_MINUTES,
    FeedList,
    FeedListError,
    Source,
    make_source,
)
from producers.feeds.state import FeedState
from producers.fetch import Fetcher, FetchError
from producers.hosts import Hosts
from producers.robots import Robots
from producers.sitemaps import Sitemaps
from runtime.errors import DealwireError
from runtime.settings import Settings

Result = TypeVar("Result")


@click.group()
def command() -> None:
    """Follow feeds: list, add, check and poll them.

    The list is a TOML file; what is known of each feed is in the producers' SQLite file.
    """


command.add_command(run)
command.add_command(once)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def fetching(settings: Settings, work: Callable[[Fetcher, Sitemaps], Awaitable[Result]]) -> Result:
    """Run `work` with what fetches."""

    async def inside() -> Result:
        hosts = Hosts(settings.fetch_gap_s)
        async with make_fetcher(settings, hosts) as fetcher:
            return await work(fetcher, Sitemaps(fetcher, Robots(fetcher, hosts)))

    return asyncio.run(inside())


@command.command()
@click.argument("urls", nargs=-1, required=True)
@click.option("--name", help="the source of its articles that name none; default: the feed's title")
@click.option("--language", help="of all its articles, such as fr; default: what the feed says")
@click.option("--text", type=click.Choice(("feed", "page")), help="whose words; default: feed")
@click.option("--kind", type=click.Choice(("feed", "sitemap")), help="default: feed")
@click.option(
    "--interval-minutes",
    type=click.IntRange(MIN_INTERVAL_MINUTES, MAX_INTERVAL_MINUTES),
    help="between two polls; default: follows how often the feed changes",
)
@click.option("--off", is_flag=True, help="add it, but do not poll it")
@click.option("--no-check", is_flag=True, help="add the address as it is, without fetching it")
@with_settings("feeds", *FETCH)
def add(settings: Settings, urls: tuple[str, ...], **options: Any) -> None:
    """Add feeds, or the feeds of sites, to the list; change those that are there.

    URLS are addresses of feeds or of pages of sites.
    """
    if options["name"] and len(urls) > 1:
        raise click.UsageError("--name goes with one URL")
    feeds = FeedList.load_or_shipped(settings.feeds)
    is_on = not options.pop("off")
    as_it_is = options.pop("no_check") or options["kind"] == "sitemap"
    given = {name: value for name, value in options.items() if value is not None} | {"on": is_on}

    async def work(fetcher: Fetcher, sitemaps: Sitemaps) -> int:
        failed = 0
        for url in (url if "://" in url else f"https://{url}" for url in urls):
            try:
                found = None if as_it_is else await find_feed(fetcher, sitemaps, url, now, _tell)
                source = _added(feeds, url, found, given)
            except DealwireError as error:
                click.echo(f"not added: {error}", err=True)
                failed += 1
                continue
            is_new = feeds.put(source)
            feeds.save()
            about = _about(found, source) if found else ""
            click.echo(f"{'added' if is_new else 'changed'} {source.label}{about}", err=True)
        return failed

    if failed := fetching(settings, work):
        raise FeedListError(f"{failed} of {len(urls)} not added")
    click.echo(f"the list is {settings.feeds}; `dealwire feeds run` polls it", err=True)


def _tell(candidate: str) -> None:
    click.echo(f"trying {candidate}", err=True)


def _added(feeds: FeedList, url: str, found: FoundFeed | None, given: dict[str, Any]) -> Source:
    """Return the feed as it is to be in the list. What is not given stays as it is there."""
    url = found.url if found else url
    there = next((source for source in feeds.sources if source.url == url), None)
    if there:
        return make_source(**there.model_dump() | given)
    default = {"name": found.feed.title, "kind": found.kind} if found else {}
    return make_source(**{"url": url} | default | given)


def _about(found: FoundFeed, source: Source) -> str:
    about = f" <{found.url}>: {found.feed.kind}, {len(found.feed.entries)} entries"
    if not source.wants_pages and check_row(found.feed)["is_short"]:
        about += "; it gives a few lines only, `--text page` would fetch the articles' pages"
    return about


@command.command()
@click.argument("names", nargs=-1, required=True)
@with_settings("feeds")
def remove(settings: Settings, names: tuple[str, ...]) -> None:
    """Take feeds out of the list, by name or address; what they published stays."""
    feeds = FeedList.load(settings.feeds)
    for name in names:
        source = feeds.find(name)
        feeds.remove(source.url)
        feeds.save()
        click.echo(f"removed {source.label}", err=True)


def _switch(settings: Settings, names: tuple[str, ...], on: bool) -> None:
    feeds = FeedList.load_or_shipped(settings.feeds)
    for name in names:
        source = feeds.find(name)
        feeds.put(source.model_copy(update={"on": on}))
        feeds.save()
        click.echo(f"{source.label} is {'on' if on else 'off'}", err=True)


@command.command("on")
@click.argument("names", nargs=-1, required=True)
@with_settings("feeds")
def on_(settings: Settings, names: tuple[str, ...]) -> None:
    """Turn feeds of the list on, by name or address."""
    _switch(settings, names, True)


@command.command("off")
@click.argument("names", nargs=-1, required=True)
@with_settings("feeds")
def off_(settings: Settings, names: tuple[str, ...]) -> None:
    """Turn feeds of the list off, by name or address."""
    _switch(settings, names, False)


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="those that are off, too")
@json_option
@with_settings("feeds", "state")
def list_(settings: Settings, everything: bool, as_json: bool | None) -> None:
    """Show the feeds that are on, and how they are: errors, articles a day, next poll."""
    sources = [s for s in FeedList.load_or_shipped(settings.feeds).sources if s.on or everything]
    rows = list_rows(sources, settings.state)
    at = now()

    def table() -> Table:
        grid = Table("feed", "last success", "articles a day", "next poll", "problem")
        for row in rows:
            grid.add_row(
                Text(row["name"] or row["url"], style="" if row["on"] else "dim"),
                age(row["last_success_at"], at),
                "" if row["articles_a_day"] is None else f"{row['articles_a_day']:g}",
                age(row["next_poll_at"], at) if row["on"] else "off",
                Text(row["error"] or row["warning"], style=status_style(row)),
            )
        return grid

    print_rows(rows, as_json, table)
    if not rows:
        click.echo(f"no feed of {settings.feeds} is on; --all shows those that are off", err=True)


@command.command()
@click.argument("names", nargs=-1)
@json_option
@with_settings("feeds", *FETCH)
def check(settings: Settings, names: tuple[str, ...], as_json: bool | None) -> None:
    """Fetch feeds and tell what they give now; nothing is published.

    NAMES are names of the list or addresses; default: all that are on.
    """
    feeds = FeedList.load_or_shipped(settings.feeds)
    there = {source.url: source for source in feeds.sources}
    sources = [
        there.get(name) or (make_source(url=name) if "://" in name else feeds.find(name))
        for name in names
    ] or [source for source in feeds.sources if source.on]

    async def work(fetcher: Fetcher, sitemaps: Sitemaps) -> list[dict[str, Any]]:
        reading = Reading(fetcher, sitemaps, now)
        return list(await asyncio.gather(*(_check(reading, source) for source in sources)))

    rows = fetching(settings, work)

    def table() -> Table:
        grid = Table("feed", "kind", "language", "entries", "newest", "words each", "problem")
        for row in rows:
            grid.add_row(
                Text(row["title"] or row["url"]),
                *(row["kind"], row["language"] or "", str(row["entries"])),
                *(age(row["newest_at"], now()), str(row["words_median"])),
                Text(row["error"] or "; ".join(row["problems"]), style=status_style(row)),
            )
        return grid

    print_rows(rows, as_json, table)
    if any(row["error"] for row in rows):
        sys.exit(1)


async def _check(reading: Reading, source: Source) -> dict[str, Any]:
    try:
        got = await reading.read(source, FeedState.unknown(source.url, now()))
    except (FetchError, NotAFeedError) as error:
        return {"url": source.url, "error": str(error), **check_row(None)}
    return {"url": got.permanent_url, "error": "", **check_row(got.feed)}


@command.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--off", is_flag=True, help="add them, but do not poll them")
@with_settings("feeds")
def import_(settings: Settings, path: Path, off: bool) -> None:
    """Add the feeds of an OPML file, as other feed readers write it, to the list."""
    try:
        found = parse_opml(path.read_bytes())
    except (OSError, OpmlError) as error:
        raise FeedListError(f"{path}: {error}") from error
    feeds = FeedList.load_or_shipped(settings.feeds)
    there = {source.url for source in feeds.sources}
    new = [source for source in found if source.url not in there]
    for source in new:
        feeds.put(source.model_copy(update={"on": not off}))
    feeds.save()
    click.echo(f"{len(new)} added, {len(found) - len(new)} were there", err=True)


@command.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), default="-")
@click.option("--all", "everything", is_flag=True, help="those that are off, too")
@with_settings("feeds")
def export(settings: Settings, path: Path, everything: bool) -> None:
    """Write the feeds that are on to an OPML file, default standard output."""
    sources = FeedList.load_or_shipped(settings.feeds).sources
    document = format_opml(source for source in sources if source.on or everything)
    if str(path) == "-":
        click.echo(document, nl=False)
    else:
        path.write_text(document, "utf-8")
