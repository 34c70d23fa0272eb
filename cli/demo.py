"""`dealwire demo`: the whole pipeline on this machine, with nothing to install."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from cli.deals import table_rows
from cli.options import DB, stopping_on_signals, with_settings
from cli.output import deals_table, json_option, print_rows
from cli.publishing import progress_bar, say_skipped
from cli.replay import summary
from producers.documents import Document, find_files
from producers.replay import Progress, Replay
from producers.state import open_state
from runtime.embedded import embedded_broker
from runtime.errors import DealwireError
from runtime.kafka import Publisher
from runtime.settings import Settings
from runtime.topics import Topics
from schemas import Article
from sinks.deals import Filter, read_deals
from sinks.lag import LagMeter
from sinks.store import open_for_reading
from sinks.summary import count_rows

SEEDS = Path(__file__).parent.parent / "seeds"
WINDOW_BYTES = 1024 * 1024
"""Published before we wait for the sink to have stored it all: tags may be as large as their
article again, all of it may fall into one partition, and that keeps 5 MB."""
DRAIN_TIMEOUT_S = 120.0
READABLE_RATE = 4.0


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=READABLE_RATE,
    show_default=True,
    help="articles a second",
)
@json_option
@with_settings(*DB)
def command(settings: Settings, paths: tuple[Path, ...], rate: float, as_json: bool | None) -> None:
    """Try it: an embedded broker, a worker and the sink, and articles replayed through them.

    PATHS are files or folders of articles; default: the seeds.
    """
    files = find_files(paths or [SEEDS])
    stopping = stopping_on_signals()
    with (
        tempfile.TemporaryDirectory(prefix="dealwire-demo-") as folder,
        embedded(settings, Path(folder)) as pipeline,
    ):
        click.echo("broker, worker and sink are up", err=True)
        done = pipeline.replay(files, rate, stopping)
        if stopping():
            raise click.Abort
        pipeline.wait_until_stored(stopping)
    with open_for_reading(settings.db) as db:
        rows = table_rows(read_deals(db, Filter(), 1000))
        counts = count_rows(db)
    title = f"{counts['deals']} deals in {counts['articles']} articles"
    print_rows(rows, as_json, lambda: deals_table(rows, title))
    click.echo(summary(done), err=True)
    click.echo(_next_steps(settings.db), err=True)


def _next_steps(db: Path) -> str:
    # As the user can type it: the virtual environment need not be active.
    dealwire = "dealwire" if shutil.which("dealwire") else os.path.relpath(sys.argv[0])
    return f"""
All of it is in {db.absolute()}. What to try next:

  {dealwire} deals --type acquisition --min-amount 1e9
  {dealwire} demo YOUR-ARTICLES/      your own .txt, .json or .jsonl files, the same way
  {dealwire} extract ARTICLE.txt      one article, no broker at all
  docker compose up                        the same on Apache Kafka, for good
"""


class Pipeline:
    """A broker, a worker and a sink, each a process of its own."""

    def __init__(
        self, settings: Settings, folder: Path, children: dict[str, subprocess.Popen[bytes]]
    ) -> None:
        self.settings = settings
        self._folder = folder
        self._children = children

    def replay(
        self, files: list[Path], rate: float | None, stopping: Callable[[], bool]
    ) -> Progress:
        """Publish the articles no faster than the sink stores them."""
        topic = Topics(self.settings.topic_prefix).articles.name
        published = 0

        def make_room(article: Article) -> None:
            nonlocal published
            size = len(article.text.encode())
            if published and published + size > WINDOW_BYTES:
                publisher.flush()
                self.wait_until_stored(stopping)
                published = 0
            published += size

        publisher = Publisher(self.settings)
        state = self._folder / "state.db"
        with open_state(state, "embedded") as cursors, progress_bar() as bar:
            task = bar.add_task("replay", total=None)

            def show(document: Document, done: Progress) -> None:
                if document.problem:
                    say_skipped(document, as_json=False, console=bar.console)
                bar.update(
                    task,
                    completed=done.read_bytes,
                    total=done.total_bytes,
                    description=f"{done.published:,} articles",
                )

            return Replay(files, topic, rate=rate).run(
                publisher, cursors, stopping=stopping, on_document=show, before=make_room
            )

    def wait_until_stored(self, stopping: Callable[[], bool]) -> None:
        """Wait until the worker has read, and the sink has stored, all that was published.

        Raises DealwireError when one of them ended, or after two minutes without progress.
        """
        meter = LagMeter(self.settings)
        try:
            before, deadline = -1, time.monotonic() + DRAIN_TIMEOUT_S
            while not stopping():
                self.check()
                with open_for_reading(self.settings.db) as db:
                    behind = sum(lag.behind for lag in meter.read(db))
                if behind == 0:
                    return
                if behind != before:
                    before, deadline = behind, time.monotonic() + DRAIN_TIMEOUT_S
                if time.monotonic() > deadline:
                    raise DealwireError(f"no progress for two minutes:\n{self.log_tail()}")
                time.sleep(0.1)
        finally:
            meter.close()

    def check(self) -> None:
        """Raise DealwireError when the worker or the sink has ended."""
        for name, child in self._children.items():
            if child.poll() is not None:
                raise DealwireError(f"`dealwire {name}` ended:\n{self.log_tail()}")

    def log_tail(self) -> str:
        lines = (self._folder / "log").read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-15:])


@contextmanager
def embedded(settings: Settings, folder: Path) -> Iterator[Pipeline]:
    """Run broker, worker and sink; yield them once the sink writes its file. None outlives us."""
    with embedded_broker(settings.topic_prefix) as address, (folder / "log").open("wb") as log:
        settings = settings.model_copy(update=address)
        children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name in ("sink", "process"):
                children[name] = _start(settings, name, log)
            pipeline = Pipeline(settings, folder, children)
            _wait_for_sink(pipeline)
            yield pipeline
        finally:
            _stop(list(children.values()))


def _start(settings: Settings, name: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", name, "--with-parent"],
        env=os.environ | settings.environ(),
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for_sink(pipeline: Pipeline) -> None:
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while time.monotonic() < deadline:
        pipeline.check()
        try:
            with open_for_reading(pipeline.settings.db):
                return
        except DealwireError:
            time.sleep(0.05)
    raise DealwireError(f"the sink does not start:\n{pipeline.log_tail()}")
