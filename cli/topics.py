"""`dealwire topics`: create them, or check that they are as declared."""

from __future__ import annotations

import click
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from rich.table import Table

from cli.options import KAFKA, with_settings
from cli.output import json_option, print_rows
from runtime.errors import KafkaUnavailableError, TopicError
from runtime.kafka import client_config, create_topics, metadata
from runtime.settings import Settings
from runtime.topics import Topic, Topics


@click.group()
def command() -> None:
    """Create the topics, or check them."""


@command.command()
@json_option
@with_settings(*KAFKA, "replication_factor")
def create(settings: Settings, as_json: bool | None) -> None:
    """Create the topics that are missing; those that are there stay as they are."""
    topics = Topics(settings.topic_prefix).all()
    made = create_topics(settings, topics)
    rows = [{"topic": topic.name, "created": topic.name in made} for topic in topics]

    def table() -> Table:
        grid = Table("topic", "", box=None)
        for row in rows:
            grid.add_row(str(row["topic"]), "created" if row["created"] else "there already")
        return grid

    print_rows(rows, as_json, table)


@command.command()
@json_option
@with_settings(*KAFKA)
def check(settings: Settings, as_json: bool | None) -> None:
    """Tell how each topic differs from its declaration; exit with 4 when one does."""
    rows = check_topics(settings)

    def table() -> Table:
        grid = Table("topic", "partitions", "problem", box=None)
        for row in rows:
            grid.add_row(row["topic"], row["partitions"], row["problem"] or "-")
        return grid

    print_rows(rows, as_json, table)
    if any(row["problem"] for row in rows):
        raise TopicError(
            "topics are not as declared: create missing ones with `dealwire topics create`, alter "
            "the others with Kafka's own tools"
        )


def check_topics(settings: Settings) -> list[dict[str, str]]:
    """Return name, partitions and problem, empty when there is none, of each topic."""
    admin = AdminClient(client_config(settings))
    there = metadata(settings, admin).topics
    rows = []
    for topic in Topics(settings.topic_prefix).all():
        found = there.get(topic.name)
        partitions = str(len(found.partitions)) if found else "0"
        problem = _differences(settings, admin, topic) if found else "missing"
        rows.append({"topic": topic.name, "partitions": partitions, "problem": problem})
    return rows


def _differences(settings: Settings, admin: AdminClient, topic: Topic) -> str:
    if settings.kafka_cluster_id:
        return ""  # the embedded broker has no settings to ask for
    resource = ConfigResource(ResourceType.TOPIC, topic.name)
    future = admin.describe_configs([resource], request_timeout=settings.kafka_timeout_s)[resource]
    try:
        config = future.result()
    except KafkaException as error:
        raise KafkaUnavailableError(f"{topic.name}: {error.args[0].str()}") from error
    return "; ".join(
        f"{name} is {config[name].value}, not {wanted}"
        for name, wanted in topic.config().items()
        if config[name].value != wanted
    )
