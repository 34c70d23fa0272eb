"""Settings as options: an environment variable each, and an option where it matters."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click
from pydantic import SecretStr, ValidationError

from runtime.dead_letters import explain
from runtime.lifeline import end_with_parent
from runtime.logs import configure_logs
from runtime.settings import ENV_PREFIX, Settings

Command = TypeVar("Command", bound=Callable[..., Any])

LOGS = ("log_format", "log_level")
KAFKA = (
    "kafka",
    "kafka_security_protocol",
    "kafka_sasl_mechanism",
    "kafka_username",
    "kafka_password",
    "kafka_tls_ca",
    "kafka_tls_cert",
    "kafka_tls_key",
    "kafka_cluster_id",
    "kafka_timeout_s",
    "topic_prefix",
)
PUSH = (
    "push_host",
    "push_port",
    "push_token",
    "push_max_body_bytes",
    "push_max_articles",
    "push_max_requests",
    "push_timeout_s",
)
FETCH = (
    "fetch_contact",
    "fetch_allow",
    "fetch_timeout_s",
    "fetch_max_bytes",
    "fetch_gap_s",
    "fetch_connections",
)
DB = ("db", "db_busy_timeout_s")


def _option(name: str) -> Callable[[Command], Command]:
    field = Settings.model_fields[name]
    default = "" if field.default in (None, "") else f"; default {field.default}"
    if isinstance(field.default, SecretStr):
        default = "; better set in the environment"
    return click.option(
        f"--{name.replace('_', '-')}",
        name,
        default=None,
        metavar="VALUE",
        help=f"{field.description or name.replace('_', ' ')} [{ENV_PREFIX}{name.upper()}{default}]",
    )


def read_settings(**given: Any) -> Settings:
    """Return the settings: options first, then the environment. Raises click.UsageError."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise click.UsageError(f"settings: {explain(error)}") from error


def with_settings(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command these settings as options, and hand it a `Settings`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(*args: Any, **kwargs: Any) -> Any:
            given = {name: kwargs.pop(name) for name in (*names, *LOGS)}
            settings = read_settings(**given)
            configure_logs(settings.log_format, settings.log_level)
            return command(settings, *args, **kwargs)

        for name in reversed((*names, *LOGS)):
            run = _option(name)(run)
        return run

    return decorate


lifeline_option = click.option(
    "--with-parent",
    is_flag=True,
    hidden=True,
    expose_value=False,
    callback=lambda _ctx, _param, wanted: end_with_parent() if wanted else None,
    help="end when standard input is closed",
)
"""For components that another program starts, such as the demo."""


def stopping_on_signals() -> Callable[[], bool]:
    """Return a function that tells whether SIGINT or SIGTERM has asked us to stop."""
    import signal

    asked = False

    def ask(_signal: int, _frame: object) -> None:
        nonlocal asked
        if asked:  # asked twice: at once
            raise KeyboardInterrupt
        asked = True

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return lambda: asked
