"""Passwords and TLS: every component logs in, and says so when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.apache_kafka import ApacheKafka
from tests.kafka.articles import make_articles
from tests.kafka.checks import check
from tests.kafka.conftest import MakePipeline
from tests.kafka.security import PASSWORD, USER

LOGIN = {"kafka_username": USER, "kafka_password": PASSWORD}


def door(kafka: ApacheKafka, protocol: str) -> dict[str, Any]:
    address = kafka.listeners[protocol]
    settings = {"kafka": address, "kafka_security_protocol": protocol}
    folder = kafka.log.parent
    if protocol.endswith("SSL"):
        settings["kafka_tls_ca"] = folder / "ca.pem"
    if protocol.startswith("SASL"):
        settings |= LOGIN
    else:
        settings |= {"kafka_tls_cert": folder / "one.pem", "kafka_tls_key": folder / "one.key"}
    return settings


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [("SASL_PLAINTEXT", "PLAIN"), ("SASL_SSL", "SCRAM-SHA-512"), ("SSL", None)],
)
def test_every_component_comes_in_through_a_secured_door(
    maven_kafka: ApacheKafka, make_pipeline: MakePipeline, protocol: str, mechanism: str | None
) -> None:
    more = door(maven_kafka, protocol) | ({"kafka_sasl_mechanism": mechanism} if mechanism else {})
    pipeline = make_pipeline(more.pop("kafka"), **more)
    articles = make_articles(10)
    pipeline.sink()
    pipeline.worker()
    pipeline.replay(articles)
    pipeline.wait_until_stored()
    check(pipeline, articles)

    command, name, value = {
        "SASL_PLAINTEXT": ("sink", "DEALWIRE_KAFKA_PASSWORD", "wrong"),
        "SASL_SSL": ("process", "DEALWIRE_KAFKA_PASSWORD", "wrong"),
        "SSL": ("status", "DEALWIRE_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
    }[protocol]
    other = {"DEALWIRE_DB": str(pipeline.folder / "other.db"), "DEALWIRE_KAFKA_TIMEOUT_S": "2"}
    refused = pipeline.run(command, **{name: value}, **other)
    assert refused.returncode == 3, refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("dealwire: "), refused.stderr
