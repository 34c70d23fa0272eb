"""Logs: one line an event, JSON where programs read them, and no chatter."""

from __future__ import annotations

import json
import logging
import os

import pytest

from runtime.logs import configure_logs, get_logger
from tests.conftest import Dealwire


@pytest.fixture(autouse=True)
def as_before() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_our_lines_and_the_libraries_are_json_with_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("json", "INFO")
    get_logger("sinks.run").info("stored", rows=3, title="Éclair")
    logging.getLogger("aiokafka.conn").error("no broker at %s", "e.com:9092")
    get_logger("sinks.run").debug("not this")
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["rows"], ours["title"]) == ("stored", 3, "Éclair")
    assert ours["logger"] == "sinks.run"
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["level"]) == ("no broker at e.com:9092", "error")


def test_a_library_does_not_repeat_itself_and_we_may(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "INFO")
    for attempt in range(5):
        logging.getLogger("aiokafka.conn").error("attempt %s failed", attempt)
        get_logger("cli").info("tried", attempt=attempt)
    logging.getLogger("aiokafka.conn").error("another trouble")
    events = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert events.count("tried") == 5
    assert [event for event in events if event != "tried"] == [
        "attempt 0 failed",
        "another trouble",
    ]


def test_where_logs_are_json_the_last_words_are_too(dealwire: Dealwire) -> None:
    env = os.environ | {"DEALWIRE_LOG_FORMAT": "json"}
    done = dealwire("deals", env=env)
    assert done.returncode == 5
    line = json.loads(done.stderr)
    assert (line["event"], line["exit_code"]) == ("stopped", 5)
    assert "`dealwire sink` writes it" in line["error"]
