"""`dealwire replay`: publish articles from files and archives."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path

import click

from cli.options import KAFKA, stopping_on_signals, with_settings
from cli.publishing import SKIPPED_EXIT_CODE, find_or_complain, progress_bar, say_skipped
from producers.documents import Document
from producers.replay import Progress as Done
from producers.replay import Replay
from producers.state import open_state
from runtime.kafka import Publisher, cluster_id, require_topics
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics

SAY_EVERY_S = 30.0
"""Where no terminal shows a bar."""

log = get_logger(__name__)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="articles a second")
@click.option("--loop", is_flag=True, help="begin again at the end, until interrupted")
@click.option("--as-new", is_flag=True, help="publish each article as one never seen before")
@click.option("--once", is_flag=True, help="what was published before is not published again")
@click.option("--restart", is_flag=True, help="from the beginning, whatever was published before")
@with_settings(*KAFKA, "state")
def command(
    settings: Settings,
    paths: tuple[Path, ...],
    rate: float | None,
    loop: bool,
    as_new: bool,
    once: bool,
    restart: bool,
) -> None:
    """Publish the articles of files, folders and archives.

    Texts (.txt), JSON (.json, .jsonl), web archives (.warc) and wiki dumps (.xml), the last three
    also compressed (.gz, .bz2, .zst). What cannot be read is named and skipped. An interrupted
    replay goes on where it stopped; publishing an article twice changes nothing.
    """
    if once and (loop or as_new):
        raise click.UsageError("--once goes with neither --loop nor --as-new")
    files = find_or_complain(paths)
    as_json = settings.log_format == "json"  # as in containers: what we say is part of the log
    stopping = stopping_on_signals()
    topic = Topics(settings.topic_prefix).articles
    require_topics(settings, [topic])
    publisher = Publisher(settings)
    replay = Replay(files, topic.name, rate=rate, loop=loop, new=as_new, once=once)
    said_at = time.monotonic()
    with open_state(settings.state, cluster_id(settings, publisher.client)) as state:
        if restart:
            replay.restart(state)
        with progress_bar() as bar:
            task = bar.add_task("replay", total=None)

            def show(document: Document, done: Done) -> None:
                nonlocal said_at
                if document.problem:
                    say_skipped(document, as_json=as_json, console=bar.console)
                bar.update(
                    task,
                    completed=done.read_bytes,
                    total=None if loop else done.total_bytes,
                    description=f"{done.published:,} articles",
                )
                if as_json and time.monotonic() - said_at >= SAY_EVERY_S:
                    said_at = time.monotonic()
                    log.info("replaying", **asdict(done))

            done = replay.run(publisher, state, stopping=stopping, on_document=show)
    if as_json:
        log.info("replayed", **asdict(done))
    else:
        click.echo(summary(done), err=True)
    if done.skipped:
        sys.exit(SKIPPED_EXIT_CODE)


def summary(done: Done) -> str:
    """Return in one line what a replay did."""
    parts = [f"{done.published:,} articles published"]
    if done.resumed:
        parts.append(f"{done.resumed:,} were published before")
    if done.skipped:
        parts.append(f"{done.skipped:,} skipped")
    return ", ".join(parts)
