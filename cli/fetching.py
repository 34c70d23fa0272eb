"""The fetcher as the settings want it."""

from __future__ import annotations

import click

from producers.addresses import parse_networks
from producers.fetch import Fetcher, FetchLimits, user_agent
from producers.hosts import Hosts
from runtime.settings import Settings


def make_fetcher(settings: Settings, hosts: Hosts) -> Fetcher:
    """Return a fetcher, to be entered. Raises click.UsageError when a network is none."""
    try:
        allowed = parse_networks(settings.fetch_allow)
    except ValueError as error:
        raise click.UsageError(f"DEALWIRE_FETCH_ALLOW: {error}") from error
    limits = FetchLimits(
        user_agent=user_agent(settings.fetch_contact),
        size_bytes=settings.fetch_max_bytes,
        total_s=settings.fetch_timeout_s,
        connections=settings.fetch_connections,
        allowed=allowed,
    )
    return Fetcher(limits, hosts)
