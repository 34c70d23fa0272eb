"""The tiers of tests, and which of them this machine can run.

unit        always
embedded    always: the broker comes with confluent-kafka
kafka       Apache Kafka: from Maven's jars where Java and mvn are, and, where a Docker engine
            answers, from the official image by testcontainers
compose     the compose file itself, where a Docker engine with Compose answers

A tier that cannot run says so in one line, and fails when DEALWIRE_REQUIRE names it
(`DEALWIRE_REQUIRE=kafka,compose`; `kafka-docker` for the second half of that tier).
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

import pytest


@functools.cache
def _answers(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def missing(tier: str) -> str | None:
    """Return what the tier lacks here, or None when it can run."""
    if tier == "kafka":
        lacking = [name for name in ("java", "mvn") if not shutil.which(name)]
        return f"no {' and no '.join(lacking)}" if lacking else None
    if tier in ("kafka-docker", "compose"):
        if not shutil.which("docker"):
            return "no docker"
        if not _answers("docker", "info"):
            return "no Docker engine answers"
        if tier == "compose" and not _answers("docker", "compose", "version"):
            return "no docker compose"
    return None


def need(tier: str) -> None:
    """Skip the test when its tier cannot run here; fail when it is required all the same."""
    lacking = missing(tier)
    if lacking is None:
        return
    if tier in os.environ.get("DEALWIRE_REQUIRE", "").split(","):
        pytest.fail(f"tier {tier} is required and cannot run: {lacking}")
    pytest.skip(f"tier {tier} cannot run here: {lacking}")
