"""The one door: help, errors with their remedy, exit codes, output for people and programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, cli
from cli.options import read_settings
from cli.output import amount_text, number
from runtime.settings import Settings
from runtime.topics import Topics
from sinks.store import open_for_writing
from tests.conftest import Dealwire
from tests.make import a_deal_event, an_article, as_record, incoming
from tests.unit.test_sink import told, write

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def deals_db(tmp_path: Path) -> Path:
    path = tmp_path / "deals.db"
    with open_for_writing(path) as store:
        article = an_article()
        write(store, [incoming(as_record(e)) for e in told((article, [a_deal_event(article)]))])
    return path


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0, done.output
    assert "Usage" in done.output


def test_the_help_names_every_command_and_the_exit_codes() -> None:
    done = CliRunner().invoke(cli, ["--help"])
    assert all(name in done.output for name in COMMANDS)
    assert "Exit codes" in done.output


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["replay", "nowhere.txt"], 2, "there is no nowhere.txt", id="no file"),
        pytest.param(
            ["replay", "."], 2, "no .txt, .json or .jsonl files, and no archives", id="empty folder"
        ),
        pytest.param(["topics", "create"], 3, "start one with `make kafka`", id="no broker"),
        pytest.param(["process"], 3, "DEALWIRE_KAFKA", id="worker without broker"),
        pytest.param(["sink"], 3, "no Kafka broker answers", id="sink without broker"),
        pytest.param(["subscribe"], 3, "no Kafka broker answers", id="subscriber"),
        pytest.param(["deals"], 5, "`dealwire sink` writes it", id="no database"),
        pytest.param(["dead-letters", "list"], 5, "--db or DEALWIRE_DB", id="no dead letters"),
        pytest.param(["deals", "--kafka", "x"], 2, "No such option", id="foreign option"),
        pytest.param(["sink", "--kafka", "x"], 2, "kafka: ", id="bad address"),
        pytest.param(["subscribe", "--from", "soon"], 2, "'soon' is no date", id="bad time"),
        pytest.param(["deals", "--since", "soon"], 2, "'soon' is no date", id="bad since"),
        pytest.param(
            ["sink", "--kafka-security-protocol", "SASL_SSL"], 2, "_USERNAME", id="no user"
        ),
        pytest.param(["nonsense"], 2, "No such command", id="no command"),
    ],
)
def test_an_error_is_one_line_with_the_remedy_and_a_code(
    dealwire: Dealwire, arguments: list[str], code: int, words: str
) -> None:
    if code == 3:  # a port where nothing listens, and little patience
        arguments = [*arguments, "--kafka", "127.0.0.1:1", "--kafka-timeout-s", "1"]
    done = dealwire(*arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_deals_are_json_lines_in_a_pipe_and_a_table_when_asked(
    dealwire: Dealwire, deals_db: Path
) -> None:
    done = dealwire("deals", "--db", deals_db)
    (row,) = map(json.loads, done.stdout.splitlines())
    assert (row["type"], row["parties"]) == ("acquisition", "acquirer: A; target: B")
    table = dealwire("deals", "--db", deals_db, "--table").stdout
    assert "acquirer: A" in table
    assert "EUR 3m" in table
    assert dealwire("deals", "--db", deals_db, "--party", "Zz").stdout == ""


def test_a_dead_letter_is_shown_whole(dealwire: Dealwire, tmp_path: Path) -> None:
    path = tmp_path / "letters.db"
    with open_for_writing(path) as store:
        bad = as_record(an_article())._replace(value=b"\xff{")
        write(store, [incoming(bad, offset=12)])
    (row,) = map(json.loads, dealwire("dead-letters", "list", "--db", path).stdout.splitlines())
    assert (row["topic"], row["offset"], row["bytes"]) == ("news.articles.v1", 12, 2)
    shown = json.loads(dealwire("dead-letters", "show", row["id"], "--db", path).stdout)
    assert shown["value"] == "0xff7b"
    assert shown["headers"]["ce_type"] == "dealwire.article.v1"
    assert "Invalid JSON" in shown["error"]
    missing = dealwire("dead-letters", "show", 99, "--db", path)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "no dead letter 99" in missing.stderr


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALWIRE_TOPIC_PREFIX", "from.env")
    assert read_settings().topic_prefix == "from.env"
    assert read_settings(topic_prefix="option").topic_prefix == "option"


def test_settings_reach_another_process_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        kafka="a:1,b:2",
        kafka_security_protocol="SASL_SSL",
        kafka_username="u",
        kafka_password="p",  # type: ignore[arg-type]
        push_token="t",  # type: ignore[arg-type]
        db=Path("x.db"),
        sink_batch=7,
    )
    for name, value in settings.environ().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_the_password_is_not_shown() -> None:
    settings = Settings(kafka_password="secret-word")  # type: ignore[arg-type]
    assert "secret-word" not in repr(settings)


def test_topics_take_the_prefix_and_differ() -> None:
    names = [topic.name for topic in Topics("a.b").all()]
    assert len(set(names)) == 5
    assert all(name.startswith("a.b.") and name.endswith(".v1") for name in names)


def test_every_setting_and_command_is_documented() -> None:
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    for name in Settings.model_fields:
        assert f"`DEALWIRE_{name.upper()}`" in text, name
    for name in COMMANDS:
        assert f"dealwire {name}" in text, name


@pytest.mark.parametrize(
    ("value", "text"),
    [(11e9, "11bn"), (1.05e9, "1.05bn"), (450_000, "450k"), (31, "31"), (1.4e12, "1.4trn")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ((3e6, 3e6, "EUR", True), "~ EUR 3m"),
        ((None, 1e10, "USD", False), "≤ USD 10bn"),
        ((2e9, None, "EUR", False), "≥ EUR 2bn"),
        ((1e6, 2e6, "GBP", False), "GBP 1m-2m"),
        ((None, None, None, False), ""),
    ],
)
def test_amounts_are_short(amount: tuple, text: str) -> None:
    assert amount_text(*amount) == text
