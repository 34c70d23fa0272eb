"""`dealwire replay`: publish articles from files."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.options import KAFKA, stopping_on_signals, with_settings
from producers.documents import Document, find_files
from producers.replay import Progress as Done
from producers.replay import Replay
from producers.state import open_state
from runtime.kafka import Publisher, cluster_id, require_topics
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics

SKIPPED_EXIT_CODE = 8

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
    """Publish the articles of files and folders: .txt, .json, .jsonl.

    What cannot be read is named and skipped. An interrupted replay goes on where it stopped;
    publishing an article twice changes nothing.
    """
    if once and (loop or as_new):
        raise click.UsageError("--once goes with neither --loop nor --as-new")
    try:
        files = find_files(paths)
    except FileNotFoundError as error:
        raise click.UsageError(f"{error}") from error
    if not files:
        raise click.UsageError(f"no .txt, .json or .jsonl files in {', '.join(map(str, paths))}")
    as_json = settings.log_format == "json"  # as in containers: what we say is part of the log
    stopping = stopping_on_signals()
    topic = Topics(settings.topic_prefix).articles
    require_topics(settings, [topic])
    publisher = Publisher(settings)
    replay = Replay(files, topic.name, rate=rate, loop=loop, new=as_new, once=once)
    with open_state(settings.state, cluster_id(settings, publisher.client)) as state:
        if restart:
            state.finish_replay(replay.name)
        with progress_bar() as bar:
            task = bar.add_task("replay", total=None if loop else len(files))

            def show(document: Document, done: Done) -> None:
                if document.problem and as_json:
                    log.warning("skipped", place=document.place, problem=document.problem)
                elif document.problem:
                    bar.console.print(
                        f"skipped {document.place}: {document.problem}", style="yellow"
                    )
                bar.update(task, completed=done.files, description=f"{done.published:,} articles")

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


def progress_bar() -> Progress:
    """Return a bar that shows on a terminal only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeRemainingColumn(),
        console=Console(stderr=True, soft_wrap=True),
        disable=not sys.stderr.isatty(),
    )
