"""`dealwire subscribe`: what a downstream service does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

import click

from cli.options import KAFKA, stopping_on_signals, with_settings
from cli.output import STATUS_STYLE, console, json_option, money_text, wants_json
from producers.documents import parse_time
from runtime.logs import get_logger
from runtime.settings import Settings
from runtime.subscription import Start, Subscription
from runtime.topics import Topics
from schemas import Deal, DealEvent, DealStatus, DealType

log = get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """Which deals to print; None or empty: all."""

    types: tuple[str, ...]
    statuses: tuple[str, ...]
    party: str | None
    currency: str | None
    least_amount: float | None
    least_confidence: float | None

    def __call__(self, deal: DealEvent | Deal) -> bool:
        amount = deal.amount
        highest = (amount.low if amount.high is None else amount.high) if amount else None
        return (
            (not self.types or deal.type in self.types)
            and (not self.statuses or deal.status in self.statuses)
            and deal.confidence >= (self.least_confidence or 0.0)
            and (not self.party or any(_contains(p.name, self.party) for p in deal.parties))
            and (
                not self.currency
                or (amount is not None and amount.currency == self.currency.upper())
            )
            and (
                self.least_amount is None or (highest is not None and highest >= self.least_amount)
            )
        )


def _contains(name: str, part: str) -> bool:
    return part.casefold() in name.casefold()


def _start(_ctx: click.Context, _param: click.Parameter, value: str) -> Start:
    if value in ("beginning", "now"):
        return value  # type: ignore[return-value]
    try:
        return parse_time(value)
    except ValueError as error:
        raise click.BadParameter(f"neither `beginning` nor `now`, and {error}") from error


@click.command()
@click.option(
    "--from",
    "start",
    default="now",
    callback=_start,
    metavar="beginning|now|TIME",
    help="where to begin; TIME such as 2025-12-08T09:30 (UTC) [default: now]",
)
@click.option("--group", help="consumer group: its members share the events, Kafka keeps its place")
@click.option("--settled", is_flag=True, help="settled deals instead of deal events")
@click.option("--type", "types", multiple=True, type=click.Choice(get_args(DealType)))
@click.option("--status", "statuses", multiple=True, type=click.Choice(get_args(DealStatus)))
@click.option("--party", help="a part of a party's name")
@click.option("--currency", help="ISO 4217, such as EUR")
@click.option("--min-amount", "least_amount", type=float, help="least amount")
@click.option("--min-confidence", "least_confidence", type=click.FloatRange(0, 1))
@click.option("--count", type=click.IntRange(min=1), help="stop after so many")
@click.option("--until-end", is_flag=True, help="stop at the end of what is there")
@json_option
@with_settings(*KAFKA)
def command(
    settings: Settings,
    start: Start,
    group: str | None,
    settled: bool,
    count: int | None,
    until_end: bool,
    as_json: bool | None,
    **which: Any,
) -> None:
    """Print deal events as they come, until interrupted."""
    topics = Topics(settings.topic_prefix)
    topic = topics.deals if settled else topics.deal_events
    model: type[Deal | DealEvent] = Deal if settled else DealEvent
    wanted = Wanted(**which)
    interrupted = stopping_on_signals()
    subscription = Subscription(settings, topic.name, start, group)
    shown = 0

    def stopping() -> bool:
        return interrupted() or shown == count

    try:
        for message in subscription.messages(stopping, until_end=until_end):
            value = message.value()
            if value is None:
                continue  # a deal that was withdrawn
            try:
                deal = model.model_validate_json(value)
            except ValueError:
                log.warning("not a deal", partition=message.partition(), offset=message.offset())
                continue
            if not wanted(deal):
                continue
            _print(deal, value, as_json)
            shown += 1
    finally:
        subscription.close()


def _print(deal: DealEvent | Deal, value: bytes, as_json: bool | None) -> None:
    if wants_json(as_json):
        print(value.decode(), flush=True)
        return
    parties = ", ".join(f"{party.role} [bold]{_plain(party.name)}[/]" for party in deal.parties)
    quote = deal.quote if isinstance(deal, Deal) else next((e.text for e in deal.evidence), "")
    style = STATUS_STYLE[deal.status]
    when = deal.ce_time() if isinstance(deal, Deal) else deal.published_at or deal.ce_time()
    console().print(
        f"[dim]{_time(when)}[/] {deal.type} [{style}]{deal.status}[/] {parties} "
        f"[bold]{money_text(deal.amount)}[/]\n    [dim]{_plain(' '.join(quote.split()))}[/]"
    )


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
