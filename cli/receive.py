"""`dealwire receive`: a server that articles are pushed to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import click

from cli.options import KAFKA, PUSH, lifeline_option, stopping_on_signals, with_settings
from runtime.errors import DealwireError, KafkaUnavailableError
from runtime.heartbeat import beat
from runtime.kafka import require_topics
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.topics import Topics

IDLE_TIMEOUT_S = 30.0
"""For the headers of a request, and between two requests on a connection."""
LINGER_S = 2.0
"""How long the rest of a refused body is read, so that the client sees the answer."""

log = get_logger(__name__)


@click.command()
@lifeline_option
@with_settings(*KAFKA, *PUSH, "heartbeat")
def command(settings: Settings) -> None:
    """Run a server that articles are pushed to: POST /articles, GET /health.

    It answers once Kafka has confirmed the articles. On an address that other machines reach it
    needs a token, DEALWIRE_PUSH_TOKEN.
    """
    from producers.receive import is_loopback

    if not settings.push_token.get_secret_value() and not is_loopback(settings.push_host):
        raise click.UsageError(
            f"other machines reach {settings.push_host}: set DEALWIRE_PUSH_TOKEN, which they must "
            "send, or listen at 127.0.0.1"
        )
    stopping = stopping_on_signals()
    require_topics(settings, [Topics(settings.topic_prefix).articles])
    asyncio.run(serve(settings, stopping))


async def serve(settings: Settings, stopping: Callable[[], bool]) -> None:
    """Serve until `stopping()`; requests under way are answered first.

    Raises DealwireError when the address is taken, KafkaUnavailableError when our producer can
    send nothing any more.
    """
    from aiohttp import web

    from producers.deliveries import Deliveries
    from producers.receive import Limits, Receiver

    limits = Limits(
        settings.push_max_body_bytes,
        settings.push_max_articles,
        settings.push_max_requests,
        settings.push_timeout_s,
    )
    deliveries = Deliveries(settings, settings.push_timeout_s)
    topic = Topics(settings.topic_prefix).articles.name
    receiver = Receiver(deliveries, topic, settings.push_token.get_secret_value(), limits)
    runner = web.AppRunner(
        receiver.app(),
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=IDLE_TIMEOUT_S,
        lingering_time=LINGER_S,
        shutdown_timeout=2 * settings.push_timeout_s,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.push_host, settings.push_port)
        try:
            await site.start()
        except OSError as error:
            raise DealwireError(
                f"cannot listen at {settings.push_host}:{settings.push_port} "
                f"({error.strerror or error}): name another with --push-port"
            ) from error
        host, port = runner.addresses[0][:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        log.info("listening", url=url)
        while not stopping():
            if deliveries.fatal:
                raise KafkaUnavailableError(
                    f"the producer cannot go on: {deliveries.fatal.str()}; start the server again"
                )
            beat(settings.heartbeat)
            await asyncio.sleep(0.2)
    finally:
        receiver.stop()
        await runner.cleanup()
    log.info("stopped")
