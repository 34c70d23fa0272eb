"""`dealwire process`: a Faust worker."""

from __future__ import annotations

import os

import click

from cli.options import KAFKA, lifeline_option, with_settings
from runtime.collector import spare_collector
from runtime.errors import DealwireError
from runtime.kafka import require_topics
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics

log = get_logger(__name__)


@click.command()
@lifeline_option
@with_settings(*KAFKA, "worker_session_timeout_s", "heartbeat")
def command(settings: Settings) -> None:
    """Run a worker: articles in, deal events and tags out.

    Start as many as there are partitions; each may be killed at any time. Stops when its messages
    cannot be delivered: start it again, it takes up where it was.
    """
    topics = Topics(settings.topic_prefix)
    require_topics(
        settings, [topics.articles, topics.tags, topics.deal_events, topics.dead_letters]
    )
    # Faust makes its app at import, from the environment.
    os.environ.update(settings.environ())
    from mode import loop

    loop.use("uvloop")  # before Faust makes one; it makes several tasks a message
    from faust import Worker

    from processors import agents

    worker = Worker(
        agents.app,
        loglevel=settings.log_level,
        override_logging=False,
        redirect_stdouts=False,
        quiet=True,
    )
    worker.spinner = None  # it would write its control characters between the log's lines
    spare_collector()
    log.info("worker started", group=topics.reader_group)
    try:
        worker.execute_from_commandline()
    except SystemExit as exit_:
        if exit_.code:
            raise DealwireError(
                "the worker stopped: what it was working on is not committed; start it again"
            ) from None
    log.info("worker stopped")
