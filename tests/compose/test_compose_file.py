"""What can be said of docker-compose.yml and Dockerfile without an engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import COMMANDS
from runtime.settings import ENV_PREFIX, Settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DOCS = (ROOT / "docs/compose.md").read_text()

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
COMPONENTS = {"topics", "seeds", "feeds", "worker", "sink", "push"}
KNOBS = {"DEALWIRE_KAFKA_PORT", "DEALWIRE_UI_PORT", "DEALWIRE_DATA", "DEALWIRE_USER"}
"""Variables of the compose file itself; all others that it names are settings."""
FOR_TESTS = {"DEALWIRE_IMAGE"}

every_service = pytest.mark.parametrize("name", SERVICES)


def test_articles_can_be_pushed_only_when_asked_for_and_with_a_token() -> None:
    push = SERVICES["push"]
    assert push["profiles"] == ["push"], "`up` works without a token"
    # Other containers reach it: `receive` refuses such an address without a token.
    assert "0.0.0.0" in push["command"]


def test_the_services_are_those_that_we_know() -> None:
    assert SERVICES.keys() == COMPONENTS | {"kafka", "ui"}


@every_service
def test_ports_are_published_on_loopback_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{DEALWIRE_\w+_PORT:-\d+\}:\d+", port)


@every_service
def test_a_service_has_no_rights_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert name == "ui" or service["read_only"] is True
    assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & service.keys()


@every_service
def test_logs_do_not_fill_the_disk(name: str) -> None:
    assert SERVICES[name]["logging"]["options"].keys() == {"max-size", "max-file"}


@every_service
def test_a_service_can_be_scaled_and_stopped(name: str) -> None:
    assert "container_name" not in SERVICES[name]
    assert SERVICES[name]["restart"] in ("unless-stopped", "on-failure:5")


def test_images_are_pinned_by_version() -> None:
    images = {service["image"] for service in SERVICES.values()}
    images |= set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    for image in images - {"${DEALWIRE_IMAGE:-dealwire:local}"}:
        assert re.search(r":v?\d+\.\d+", image), image


def test_only_one_service_builds_the_image() -> None:
    # Two that build one tag at the same time get into each other's way.
    assert [name for name, service in SERVICES.items() if "build" in service] == ["topics"]


@pytest.mark.parametrize("name", sorted(COMPONENTS))
def test_a_component_runs_a_command_that_exists(name: str) -> None:
    assert SERVICES[name]["command"][0] in COMMANDS


def test_every_setting_named_here_exists() -> None:
    settings = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    named = set(re.findall(rf"{ENV_PREFIX}\w+", COMPOSE + DOCKERFILE))
    assert named - KNOBS - FOR_TESTS <= settings
    assert set(re.findall(rf"{ENV_PREFIX}\w+", DOCS)) <= settings | KNOBS


@pytest.mark.parametrize("knob", sorted(KNOBS))
def test_what_the_compose_file_can_be_told_is_explained(knob: str) -> None:
    assert knob in COMPOSE
    assert f"`{knob}`" in DOCS


def test_nothing_gets_into_the_image_unasked() -> None:
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert rules[0] == "*"
    for rule in rules[1:]:
        assert rule == "**/__pycache__" or (ROOT / rule.removeprefix("!")).exists(), rule
