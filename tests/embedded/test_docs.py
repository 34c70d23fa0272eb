"""The examples of docs/subscribing.md, run as they stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demo import Pipeline, embedded
from producers.documents import find_files
from runtime.settings import Settings
from sinks.store import open_for_reading
from tests.embedded.test_pipeline import SEEDS, never

ROOT = Path(__file__).parent.parent.parent
DOC = (ROOT / "docs" / "subscribing.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC, flags=re.DOTALL)


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A pipeline through which the seeds have gone."""
    folder = tmp_path_factory.mktemp("docs")
    with embedded(Settings(db=folder / "deals.db"), folder) as pipeline:
        pipeline.replay(find_files([SEEDS]), None, never)
        pipeline.wait_until_stored(never)
        yield pipeline


def stored_deal_events(pipeline: Pipeline) -> list[dict]:
    with open_for_reading(pipeline.settings.db) as db:
        return [json.loads(row[0]) for row in db.execute("SELECT event FROM deal_events")]


@pytest.mark.parametrize(
    ("example", "arguments", "with_quote"),
    [
        pytest.param(0, [], True, id="confluent-kafka"),
        pytest.param(1, ["worker", "-l", "info"], False, id="Faust"),
    ],
)
def test_the_python_examples_tell_every_deal_and_stop_on_ctrl_c(
    fed: Pipeline, tmp_path: Path, example: int, arguments: list[str], with_quote: bool
) -> None:
    script = tmp_path / "subscriber.py"
    script.write_text(blocks("python")[example], "utf-8")
    expected = []
    for deal in stored_deal_events(fed):
        parties = {party["role"]: party["name"] for party in deal["parties"]}
        quote = f" {deal['evidence'][0]['text']}" if with_quote else ""
        expected.append(f"{deal['type']} {deal['status']} {parties}{quote}".splitlines()[0])
    subscriber = subprocess.Popen(
        [sys.executable, str(script), *arguments],
        cwd=tmp_path,
        env=os.environ | fed.settings.environ() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # As on a terminal: whoever runs the tests in the background ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert subscriber.stdout is not None
    watchdog = threading.Timer(120, subscriber.kill)
    watchdog.start()
    missing = Counter(expected)
    try:
        for line in subscriber.stdout:
            told = line.split("[INFO] ")[-1].strip()
            if told in missing:
                missing -= Counter([told])
            if not missing:
                break
        assert not missing
        subscriber.send_signal(signal.SIGINT)
        subscriber.stdout.read()
        subscriber.wait()
        assert subscriber.returncode != -signal.SIGKILL, "it did not stop by itself"
    finally:
        watchdog.cancel()
        subscriber.kill()


def test_the_commands_run_as_they_stand(fed: Pipeline, tmp_path: Path) -> None:
    commands = [line for line in blocks("sh")[0].splitlines() if line.startswith("dealwire")]
    assert len(commands) == 3
    for command in commands:
        done = subprocess.run(
            # An end for what would go on for ever.
            ["bash", "-c", command.replace("subscribe", "subscribe --until-end", 1)],
            cwd=tmp_path,
            env=os.environ
            | fed.settings.environ()
            | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    shared = (tmp_path / "deals.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["event_id"] for line in shared} <= {
        deal["event_id"] for deal in stored_deal_events(fed)
    }


@pytest.mark.skipif(not shutil.which("kcat"), reason="no kcat: apt-get install kcat")
def test_kcat_reads_the_same_events(fed: Pipeline) -> None:
    done = subprocess.run(
        ["bash", "-c", blocks("sh")[1]],
        env=os.environ | fed.settings.environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ids = {json.loads(line)["event_id"] for line in done.stdout.splitlines()}
    assert ids == {deal["event_id"] for deal in stored_deal_events(fed)}


def test_the_sql_runs(fed: Pipeline) -> None:
    with sqlite3.connect(fed.settings.db) as db:
        rows = db.execute(blocks("sql")[0]).fetchall()
    assert rows
    assert all(amount >= 1e9 for _, _, amount, *_ in rows)
