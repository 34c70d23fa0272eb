"""`dealwire status`: how the pipeline is."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from cli.feed_rows import list_rows
from cli.options import DB, KAFKA, with_settings
from cli.output import console, json_option, print_json, wants_json
from producers.feeds.sources import FeedList, FeedListError
from runtime.errors import StoreError
from runtime.kafka import cluster_id, consumer, metadata
from runtime.settings import Settings
from runtime.topics import Topics
from sinks.lag import LagMeter
from sinks.store import open_for_reading
from sinks.summary import count_rows, count_unsent_letters, newest_article_at


@click.command()
@json_option
@with_settings(*KAFKA, *DB, "state", "feeds")
def command(settings: Settings, as_json: bool | None) -> None:
    """Topics, how far each reader is behind, rows, dead letters, newest article, broken feeds."""
    with ExitStack() as stack:
        try:
            db: sqlite3.Connection | None = stack.enter_context(
                open_for_reading(settings.db, settings.db_busy_timeout_s)
            )
            problem = None
        except StoreError as error:
            db, problem = None, str(error)
        status = read_status(settings, db)
    if problem:
        status["db_problem"] = problem
    if settings.feeds.exists():
        status["feeds"] = feeds_status(settings)
    if wants_json(as_json):
        print_json(status)
    else:
        for table in _tables(status):
            console().print(table)
            console().print()
        if problem:
            click.echo(problem)


def read_status(settings: Settings, db: sqlite3.Connection | None) -> dict[str, Any]:
    """Return the state of topics, readers and rows. Raises KafkaUnavailableError."""
    meter = LagMeter(settings)
    try:
        lags = meter.read(db)
    finally:
        meter.close()
    client = consumer(settings, f"{settings.topic_prefix}.status")
    try:
        there = metadata(settings, client).topics
        status: dict[str, Any] = {
            "cluster": cluster_id(settings, client),
            "topics": [
                {
                    "topic": topic.name,
                    "partitions": len(there[topic.name].partitions) if topic.name in there else 0,
                }
                for topic in Topics(settings.topic_prefix).all()
            ],
            "lag": [lag._asdict() for lag in lags],
            "db": str(settings.db),
        }
    finally:
        client.close()
    if db is not None:
        newest = newest_article_at(db)
        age = (
            (datetime.now(UTC) - datetime.fromisoformat(newest)).total_seconds() if newest else None
        )
        status |= {
            "rows": count_rows(db),
            "dead_letters_waiting": count_unsent_letters(db),
            "newest_article_age_s": round(age, 1) if age is not None else None,
        }
    return status


def feeds_status(settings: Settings) -> dict[str, Any]:
    """Return how many feeds are on, and those of them whose last poll failed."""
    try:
        sources = [source for source in FeedList.load(settings.feeds).sources if source.on]
        rows = list_rows(sources, settings.state)
    except (FeedListError, StoreError) as error:
        return {"on": 0, "broken": [], "problem": str(error)}
    names = ("name", "url", "error", "failures", "last_success_at")
    broken = [{name: row[name] for name in names} for row in rows if row["error"]]
    return {"on": len(sources), "broken": broken}


def _tables(status: dict[str, Any]) -> list[Table]:
    topics = Table(
        "topic", "partitions", title=f"cluster {status['cluster']}", title_justify="left"
    )
    for row in status["topics"]:
        topics.add_row(row["topic"], str(row["partitions"]) if row["partitions"] else "missing")
    lag = Table("reader", "topic", "read", "behind", title="readers", title_justify="left")
    for row in status["lag"]:
        lag.add_row(row["reader"], row["topic"], f"{row['read']:,}", f"{row['behind']:,}")
    tables = [topics, lag]
    if "rows" in status:
        rows = Table("table", "rows", title=status["db"], title_justify="left")
        for name, count in status["rows"].items():
            rows.add_row(name, f"{count:,}")
        rows.add_row("dead letters waiting", f"{status['dead_letters_waiting']:,}")
        age = status["newest_article_age_s"]
        rows.add_row("newest article", "none" if age is None else f"{age:,.0f} s old")
        tables.append(rows)
    if "feeds" in status:
        feeds = status["feeds"]
        grid = Table("broken feed", "polls failed", "problem", title_justify="left")
        grid.title = f"feeds: {feeds['on']} on, {len(feeds['broken'])} broken"
        for row in feeds["broken"]:
            grid.add_row(Text(row["name"] or row["url"]), str(row["failures"]), Text(row["error"]))
        if "problem" in feeds:
            grid.add_row("", "", Text(feeds["problem"]))
        tables.append(grid)
    return tables
