"""A broker's other doors: with a password, with TLS, with both."""

from __future__ import annotations

import subprocess
from pathlib import Path

from runtime.apache_kafka import HOST

SECURE = ("SASL_PLAINTEXT", "SASL_SSL", "SSL")
USER = "dealwire"
PASSWORD = "open-sesame"
MODULE = "org.apache.kafka.common.security"


def make_certificates(folder: Path) -> Path:
    """Make an authority (ca.pem), and a certificate signed by it for broker and client alike."""
    days = ("-days", "2", "-nodes", "-newkey", "rsa:2048")
    _openssl(
        folder, "req", "-x509", *days, "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem"
    )
    _openssl(
        *(folder, "req", "-x509", *days, "-subj", f"/CN={HOST}", "-addext"),
        *(f"subjectAltName=IP:{HOST}", "-CA", "ca.pem", "-CAkey", "ca.key"),
        *("-keyout", "one.key", "-out", "one.pem"),
    )
    both = (folder / "one.key").read_text() + (folder / "one.pem").read_text()
    (folder / "keystore.pem").write_text(both)
    return folder


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=True)


def secure_properties(folder: Path) -> dict[str, str]:
    """Return the broker's settings for these doors; TLS alone asks for a client certificate."""
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "keystore.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "listener.name.ssl.ssl.client.auth": "required",
    }
    for name in ("sasl_plaintext", "sasl_ssl"):
        door = f"listener.name.{name}"
        properties |= {
            f"{door}.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            f"{door}.scram-sha-512.sasl.jaas.config": f"{MODULE}.scram.ScramLoginModule required;",
            f"{door}.plain.sasl.jaas.config": (
                f'{MODULE}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
            ),
        }
    return properties
