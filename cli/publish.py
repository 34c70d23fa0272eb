"""`dealwire publish`: articles from standard input and from files."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.options import KAFKA, with_settings
from cli.publishing import SKIPPED_EXIT_CODE, find_or_complain, say_skipped
from producers.documents import Document, read_documents
from producers.publish import publish, read_stream
from runtime.kafka import Publisher, require_topics
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics

log = get_logger(__name__)


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@with_settings(*KAFKA)
def command(settings: Settings, paths: tuple[Path, ...]) -> None:
    """Publish articles from standard input, or from files and folders; - is standard input.

    Standard input has JSON lines, which are published as they come, or one JSON document, or one
    text, whose first line is the headline when it looks like one. For large files and archives,
    `dealwire replay` goes on where it was interrupted.
    """
    sources = [None if path == Path("-") else path for path in paths] or [None]
    files = {path: find_or_complain((path,)) for path in sources if path}
    as_json = settings.log_format == "json"
    topic = Topics(settings.topic_prefix).articles
    require_topics(settings, [topic])
    # As Ctrl-C: what was read is delivered first. A flag would not end the wait for input.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def documents() -> Iterator[Document]:
        for path in sources:
            if path is None:
                yield from read_stream(sys.stdin.buffer, datetime.now(UTC))
            else:
                for file in files[path]:
                    yield from read_documents(file)

    def show(document: Document) -> None:
        if document.problem:
            say_skipped(document, as_json=as_json)

    done = publish(documents(), topic.name, Publisher(settings), show)
    if as_json:
        log.info("published", articles=done.articles, skipped=done.skipped)
    else:
        skipped = f", {done.skipped:,} skipped" if done.skipped else ""
        click.echo(f"{done.articles:,} articles published{skipped}", err=True)
    if done.skipped:
        sys.exit(SKIPPED_EXIT_CODE)
