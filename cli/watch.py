"""`dealwire watch`: publish what is put into a folder."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import KAFKA, lifeline_option, stopping_on_signals, with_settings
from producers.documents import Document
from producers.publish import Published
from producers.state import open_state
from producers.watch import Watch
from runtime.heartbeat import beat
from runtime.kafka import Publisher, cluster_id, require_topics
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics

log = get_logger(__name__)


@click.command()
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER"
)
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    help="seconds without a change after which a file counts as written",
)
@lifeline_option
@with_settings(*KAFKA, "state", "heartbeat")
def command(settings: Settings, folder: Path, settle_s: float) -> None:
    """Publish the files that are in a folder and those that come, each once, until interrupted.

    A file that changes is published again. What cannot be read is named and stays where it is;
    names that begin with a dot or end in .tmp or .part are left alone.
    """
    stopping = stopping_on_signals()
    topic = Topics(settings.topic_prefix).articles
    require_topics(settings, [topic])
    publisher = Publisher(settings)

    def say_problem(document: Document) -> None:
        if document.problem:
            log.warning("skipped", place=document.place, problem=document.problem)

    def say_done(path: Path, done: Published) -> None:
        log.info("published", file=str(path), articles=done.articles, skipped=done.skipped)

    with open_state(settings.state, cluster_id(settings, publisher.client)) as state:
        log.info("watching", folder=str(folder.absolute()))
        Watch(folder, topic.name, settle_s).run(
            publisher,
            state,
            stopping=stopping,
            on_document=say_problem,
            on_file=say_done,
            on_problem=lambda error: log.warning("cannot look", problem=str(error)),
            beat=lambda: beat(settings.heartbeat),
        )
    log.info("stopped")
