"""docker-compose.yml as a user runs it, with names and ports of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from runtime.apache_kafka import free_port
from tests.tiers import need

ROOT = Path(__file__).parents[2]
SEEDS = len(list((ROOT / "seeds").glob("*.txt")))
RUNNING = ("kafka", "feeds", "worker", "sink")
TIMEOUT_S = 60.0


class Project:
    """A copy of the project, brought up beside whatever else runs on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"dealwire-test-{uuid.uuid4().hex[:8]}"
        self.port = free_port()
        self.image = f"{self.name}:test"
        outside = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DEALWIRE_", "COMPOSE_"))
        }
        self._env = outside | {
            "COMPOSE_PROJECT_NAME": self.name,
            "DEALWIRE_KAFKA_PORT": str(self.port),
            "DEALWIRE_IMAGE": self.image,
        }

    def try_compose(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "compose", "--ansi", "never", *arguments],
            cwd=self.folder,
            env=self._env,
            text=True,
            capture_output=True,
            timeout=240,
            check=False,
        )

    def compose(self, *arguments: str) -> str:
        done = self.try_compose(*arguments)
        if done.returncode:
            logs = self.try_compose("logs", "--tail", "20").stdout
            pytest.fail(f"docker compose {' '.join(arguments)}: {done.stderr[-3000:]}\n{logs}")
        return done.stdout

    def sink(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a command of ours beside the sink; return its JSON lines."""
        output = self.compose("exec", "-T", "sink", "dealwire", *arguments)
        return [json.loads(line) for line in output.splitlines()]

    def inspect(self, service: str) -> list[dict[str, Any]]:
        ids = self.compose("ps", "--all", "--quiet", service).split()
        output = subprocess.run(["docker", "inspect", *ids], capture_output=True, check=True)
        containers: list[dict[str, Any]] = json.loads(output.stdout)
        return containers

    def log(self, service: str) -> list[dict[str, Any]]:
        """Return the lines of a service's log, each read as JSON."""
        # `docker compose logs` of some versions puts control characters before every line.
        lines: list[str] = []
        for container in self.inspect(service):
            done = subprocess.run(
                ["docker", "logs", container["Id"]], text=True, capture_output=True, check=True
            )
            lines += [*done.stdout.splitlines(), *done.stderr.splitlines()]
        return [json.loads(line) for line in lines]

    def wait_until_stored(self, articles: int) -> dict[str, Any]:
        """Return the status once so many messages on the articles' topic are read and stored."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            (status,) = self.sink("status", "--json")
            lags = status["lag"]
            waiting = sum(lag["behind"] for lag in lags) + status["rows"]["outbox"]
            if not waiting and lags[0]["read"] >= articles:
                return status
            assert time.monotonic() < deadline, lags
            time.sleep(0.5)

    def remains(self) -> str:
        """Return the ids of containers, volumes and networks that still bear our name."""
        label = f"label=com.docker.compose.project={self.name}"
        return "".join(
            subprocess.run(
                ["docker", *what, "--quiet", "--filter", label],
                text=True,
                capture_output=True,
                check=True,
            ).stdout
            for what in (["ps", "--all"], ["volume", "ls"], ["network", "ls"])
        )


def copy_project(folder: Path) -> None:
    """Copy what a fresh clone has and the image needs: no `.env` of whoever runs the tests."""
    wanted = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for name in ("docker-compose.yml", "Dockerfile", ".dockerignore", *wanted):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy2(ROOT / name, folder / name)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    need("compose")
    folder = tmp_path_factory.mktemp("compose")
    copy_project(folder)
    project = Project(folder)
    try:
        project.compose("up", "--detach", "--build", "--wait")
        project.wait_until_stored(SEEDS)
        yield project
    finally:
        project.try_compose("down", "--volumes", "--timeout", "5")
        subprocess.run(["docker", "image", "rm", project.image], capture_output=True, check=False)


def an_article(folder: Path, buyer: str, target: str) -> Path:
    path = folder / f"{buyer}.txt"
    path.write_text(
        f"{buyer} to acquire {target} for $4 billion\n\n"
        f"{buyer} has agreed to acquire {target} for $4 billion in cash, it said on Monday.\n"
    )
    return path


def test_the_seeds_end_as_deals_in_sqlite(project: Project) -> None:
    (status,) = project.sink("status", "--json")
    rows = status["rows"]
    assert (rows["articles"], rows["readings"], rows["dead_letters"]) == (SEEDS, SEEDS, 0)
    deals = project.sink("deals", "--json", "--limit", "1000")
    assert len(deals) == rows["deals"] > 0
    assert all(deal["type"] and deal["parties"] and deal["quote"] for deal in deals)


def test_what_has_to_be_done_once_ends_well_and_the_rest_is_healthy(project: Project) -> None:
    for service in ("topics", "seeds"):
        (container,) = project.inspect(service)
        assert (container["State"]["Status"], container["State"]["ExitCode"]) == ("exited", 0)
    for service in RUNNING:
        (container,) = project.inspect(service)
        assert container["State"]["Health"]["Status"] == "healthy"


@pytest.mark.parametrize("service", RUNNING)
def test_a_container_has_no_rights_that_it_does_not_need(project: Project, service: str) -> None:
    (container,) = project.inspect(service)
    host = container["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert project.compose("exec", "-T", service, "id", "-u").strip() != "0"
    refused = project.try_compose("exec", "-T", service, "touch", "/usr/new")
    assert "Read-only file system" in refused.stderr
    published = [port for ports in host["PortBindings"].values() for port in ports]
    assert {port["HostIp"] for port in published} <= {"127.0.0.1"}


def test_the_image_holds_nothing_to_build_with(project: Project) -> None:
    look = "command -v pip pip3 gcc cc make git; ls -d /src /root/.cache/*"
    assert project.try_compose("exec", "-T", "sink", "sh", "-c", look).stdout == ""
    for module in ("pip", "setuptools", "wheel", "pytest"):
        refused = project.try_compose("exec", "-T", "sink", "python", "-c", f"import {module}")
        assert "ModuleNotFoundError" in refused.stderr, module


def test_our_services_log_one_json_line_an_event(project: Project) -> None:
    said = {service: project.log(service) for service in ("topics", "seeds", "worker", "sink")}
    events = {(service, line.get("event")) for service, lines in said.items() for line in lines}
    assert len(said["topics"]) == 5
    assert ("seeds", "replayed") in events
    assert ("worker", "worker started") in events
    assert {("sink", "sink started"), ("sink", "stored")} <= events


def shares_of_the_workers(kafka: str) -> list[int]:
    """Return the number of partitions that each worker reads."""
    admin = AdminClient({"bootstrap.servers": kafka})
    (group,) = admin.describe_consumer_groups(["news.reader"]).values()
    return sorted(len(member.assignment.topic_partitions) for member in group.result().members)


def test_three_workers_share_what_comes_by_the_published_port_and_from_a_container(
    project: Project, tmp_path: Path
) -> None:
    published = project.sink("status", "--json")[0]["lag"][0]["read"]
    project.compose("up", "--detach", "--no-recreate", "--scale", "worker=3", "worker")
    kafka = f"127.0.0.1:{project.port}"
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    for folder in (outside, inside):
        folder.mkdir()
    for number in range(8):
        an_article(outside, f"Gammatron{number}", f"Deltavore{number}")
    subprocess.run(
        [sys.executable, "-m", "cli.main", "replay", str(outside)],
        cwd=tmp_path,
        env=os.environ | {"DEALWIRE_KAFKA": kafka},
        capture_output=True,
        timeout=60,
        check=True,
    )
    article = an_article(inside, "Acmetron", "Brightvore")
    mount = f"{article}:/articles/{article.name}:ro"
    project.compose("run", "--rm", "-T", "--volume", mount, "seeds", "replay", "/articles")

    status = project.wait_until_stored(published + 9)
    assert status["rows"]["articles"] == SEEDS + 9
    parties = [deal["parties"] for deal in project.sink("deals", "--json", "--party", "acmetron")]
    assert parties == ["acquirer: Acmetron; target: Brightvore"]

    deadline = time.monotonic() + TIMEOUT_S
    while (shares := shares_of_the_workers(kafka)) != [1, 1, 2]:
        assert time.monotonic() < deadline, shares
        time.sleep(0.5)


def test_going_down_and_up_again_loses_nothing_and_doubles_nothing(project: Project) -> None:
    before = project.wait_until_stored(SEEDS)
    deals = project.sink("deals", "--json", "--limit", "1000")
    project.compose("stop", "worker", "sink")
    stopped = [*project.inspect("worker"), *project.inspect("sink")]
    assert [container["State"]["ExitCode"] for container in stopped] == [0] * len(stopped)

    project.compose("down")
    project.compose("up", "--detach")
    after = project.wait_until_stored(before["lag"][0]["read"])
    assert after["rows"] == before["rows"]
    assert project.sink("deals", "--json", "--limit", "1000") == deals


def test_the_kafka_ui_is_a_profile_of_its_own(project: Project) -> None:
    assert "ui" not in project.compose("config", "--services").split()
    assert "ui" in project.compose("--profile", "ui", "config", "--services").split()


def test_going_down_with_the_volumes_leaves_nothing_behind(project: Project) -> None:
    project.compose("down", "--volumes")
    assert project.remains() == ""
