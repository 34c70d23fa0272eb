"""The Faust app, set up so that it commits only what was handed on (docs/decisions/faust.md)."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import Any

import faust
from faust.types import TopicT

from runtime.settings import Settings
from runtime.topics import MAX_DEAD_LETTER_BYTES, Topic, Topics

SETTINGS = Settings()
TOPICS = Topics(SETTINGS.topic_prefix)


def credentials(settings: Settings) -> ssl.SSLContext | faust.SASLCredentials | None:
    """Return what Faust needs to log in to the brokers; None for plain text."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return None
    context = None
    if settings.kafka_security_protocol.endswith("SSL"):
        context = ssl.create_default_context(cafile=settings.kafka_tls_ca)
        if settings.kafka_tls_cert:
            context.load_cert_chain(settings.kafka_tls_cert, settings.kafka_tls_key)
    if settings.kafka_security_protocol == "SSL":
        return context
    return faust.SASLCredentials(
        username=settings.kafka_username,
        password=settings.kafka_password.get_secret_value(),
        ssl_context=context,
        mechanism=settings.kafka_sasl_mechanism,
    )


def create_app(settings: Settings) -> faust.App:
    """Return an app with no state, no web server, no topics of its own."""
    more: dict[str, Any] = {}
    if login := credentials(settings):
        more["broker_credentials"] = login
    return faust.App(
        Topics(settings.topic_prefix).reader_group,
        broker=[f"kafka://{address}" for address in settings.kafka.split(",")],
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=2 * MAX_DEAD_LETTER_BYTES,
        stream_wait_empty=True,
        broker_commit_interval=1.0,
        broker_max_poll_interval=120.0,
        broker_max_poll_records=500,
        broker_session_timeout=settings.worker_session_timeout_s,
        broker_heartbeat_interval=settings.worker_session_timeout_s / 10,
        # runtime/relay.py sends, not Faust; should Faust ever send, then safely.
        producer_acks=-1,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        store="memory://",
        # Faust makes this folder even though nothing is ever put there.
        datadir=Path(tempfile.gettempdir()) / "dealwire-faust",
        worker_redirect_stdouts=False,
        **more,
    )


def raw_topic(app: faust.App, topic: Topic) -> TopicT:
    """Return `topic` as plain bytes: Faust's own decoding drops what it cannot decode."""
    return app.topic(
        topic.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )


app = create_app(SETTINGS)
