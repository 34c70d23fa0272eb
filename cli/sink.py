"""`dealwire sink`: topics into the SQLite file."""

from __future__ import annotations

import click

from cli.options import DB, KAFKA, lifeline_option, stopping_on_signals, with_settings
from runtime.settings import Settings
from sinks.run import run_sink


@click.command()
@click.option(
    "--reread",
    metavar="TOPIC",
    multiple=True,
    help="forget how far this topic was read and read all that it has; rows do not change",
)
@lifeline_option
@with_settings(*KAFKA, *DB, "sink_batch", "heartbeat")
def command(settings: Settings, reread: tuple[str, ...]) -> None:
    """Run the sink: topics into the SQLite file, exactly once.

    One sink a file; a second one is refused. It may be killed at any time.
    """
    run_sink(settings, stopping_on_signals(), reread)
