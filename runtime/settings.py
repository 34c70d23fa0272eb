"""All that the environment decides."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

ENV_PREFIX = "DEALWIRE_"


class Settings(BaseSettings):
    """All that the environment decides; DEALWIRE_TOPIC_PREFIX sets topic_prefix."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    kafka: str = Field(
        default="localhost:9092",
        pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$",
        description="brokers to start from, host:port[,host:port]",
    )
    kafka_security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT", description="how to talk to the brokers"
    )
    kafka_sasl_mechanism: SaslMechanism = Field(
        default="SCRAM-SHA-512", description="how to log in, with a SASL_ protocol"
    )
    kafka_username: str = Field(default="", description="SASL user")
    kafka_password: SecretStr = Field(default=SecretStr(""), description="SASL password")
    kafka_tls_ca: Path | None = Field(
        default=None, description="PEM file of trusted authorities; default: the system's"
    )
    kafka_tls_cert: Path | None = Field(default=None, description="PEM file, client certificate")
    kafka_tls_key: Path | None = Field(default=None, description="PEM file, its private key")
    kafka_cluster_id: str | None = Field(
        default=None, description="stands in for the cluster's own id, for brokers without one"
    )
    kafka_timeout_s: PositiveFloat = Field(
        default=15.0, description="longest wait for an answer from the brokers"
    )
    topic_prefix: str = Field(
        default="news",
        pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$",
        max_length=100,
        description="first part of every topic's name",
    )
    replication_factor: int = Field(
        default=-1, ge=-1, description="of topics to be created; -1: the broker's default"
    )
    db: Path = Field(default=Path("dealwire.db"), description="the SQLite file")
    db_busy_timeout_s: PositiveFloat = Field(
        default=10.0, description="longest wait for another program's lock on the SQLite file"
    )
    state: Path = Field(
        default=Path("dealwire-state.db"), description="SQLite file with the producers' cursors"
    )
    push_host: str = Field(
        default="127.0.0.1", min_length=1, description="address that `receive` listens at"
    )
    push_port: int = Field(default=8090, ge=0, le=65535, description="its port; 0: any free one")
    push_token: SecretStr = Field(
        default=SecretStr(""), description="token that whoever pushes articles must send"
    )
    push_max_body_bytes: PositiveInt = Field(
        default=8 * 1024 * 1024, description="largest body of a pushed request"
    )
    push_max_articles: PositiveInt = Field(
        default=10_000, description="most articles in a pushed request"
    )
    push_max_requests: PositiveInt = Field(
        default=8, le=256, description="most pushed requests at the same time"
    )
    push_timeout_s: PositiveFloat = Field(
        default=30.0,
        description="longest wait for a pushed body, and again for the brokers to confirm it",
    )
    feeds: Path = Field(default=Path("feeds.toml"), description="TOML file with the list of feeds")
    fetch_contact: str = Field(
        default="",
        max_length=200,
        pattern=r"^[\x21-\x7e]*$",
        description="page or mail address for the owners of fetched sites, sent in the User-Agent",
    )
    fetch_allow: str = Field(
        default="",
        description="addresses and networks to fetch from although they are not public: "
        "10.1.2.3,fd00::/8",
    )
    fetch_timeout_s: PositiveFloat = Field(
        default=20.0, le=600, description="longest time for one fetch, with its redirects"
    )
    fetch_max_bytes: PositiveInt = Field(
        default=10 * 1024 * 1024, le=2**30, description="largest body, after decompression"
    )
    fetch_gap_s: NonNegativeFloat = Field(
        default=5.0, description="pause between two requests to one host"
    )
    fetch_connections: PositiveInt = Field(
        default=100, le=10_000, description="most connections at a time"
    )
    sink_batch: PositiveInt = Field(
        default=500, le=10_000, description="most messages in one transaction of the sink"
    )
    worker_session_timeout_s: PositiveFloat = Field(
        default=30.0,
        description="a worker not heard of for so long loses its partitions to the others",
    )
    heartbeat: Path | None = Field(
        default=None, description="file that components touch every second, for health checks"
    )
    metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="address at which metrics are served"
    )
    metrics_port: int | None = Field(
        default=None, ge=0, le=65535, description="port of metrics, for Prometheus; 0: any free one"
    )
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto: text on a terminal, else JSON"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="least urgent log line to write"
    )

    @model_validator(mode="after")
    def _sasl_is_complete(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL") and not self.kafka_username:
            raise ValueError(
                f"{self.kafka_security_protocol} needs DEALWIRE_KAFKA_USERNAME and "
                "DEALWIRE_KAFKA_PASSWORD"
            )
        if bool(self.kafka_tls_cert) != bool(self.kafka_tls_key):
            raise ValueError("DEALWIRE_KAFKA_TLS_CERT and DEALWIRE_KAFKA_TLS_KEY go together")
        return self

    def environ(self) -> dict[str, str]:
        """Return the variables that make another process read these same settings."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            f"{ENV_PREFIX}{name.upper()}": (
                value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            )
            for name, value in values.items()
            if value is not None
        }
