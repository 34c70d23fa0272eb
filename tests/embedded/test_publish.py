"""`dealwire publish`, `dealwire watch`, and archives through `dealwire replay`.

On a real broker; after a kill -9, what is on the topic is compared with what was to be published.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.embedded import embedded_broker
from runtime.settings import Settings
from tests.conftest import Dealwire
from tests.embedded.test_replay import published, write_articles
from tests.kafka.pipeline import wait_until
from tests.unit.test_archives import a_warc

ARCHIVES = Path(__file__).parent.parent / "data" / "archives"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Settings]:
    with embedded_broker("news") as address:
        yield Settings(**address, state=tmp_path / "state.db")  # type: ignore[arg-type]


def texts(broker: Settings) -> list[str]:
    return sorted(article.text for article in published(broker))


# dealwire publish


@pytest.mark.parametrize(
    ("given", "expected", "code", "words"),
    [
        pytest.param("A buys B\n\nIt does.", ["A buys B\n\nIt does."], 0, "", id="text"),
        pytest.param("---\nurl: https://e.com\n---\nText", ["Text"], 0, "", id="front matter"),
        pytest.param('\n{"text": "1"}\n\n{"text": "2"}\n', ["1", "2"], 0, "", id="JSON lines"),
        pytest.param(
            '{"text": "1"}\n{"text"\n{"text": "2"}', ["1", "2"], 8, "-:2: not", id="bad line"
        ),
        pytest.param('{\n "text": "pretty"\n}\n', ["pretty"], 0, "", id="pretty JSON"),
        pytest.param('[{"text": "1"}, {"text": 2}]', ["1"], 8, "-:2: ", id="list"),
        pytest.param("[Reuters] A buys B.", ["[Reuters] A buys B."], 0, "", id="bracket"),
        pytest.param('{"text": "cut', [], 8, "not JSON", id="cut JSON"),
        pytest.param("<p>A <b>buys</b> B</p>", ["A buys B"], 0, "", id="HTML"),
        pytest.param("", [], 8, "blank|no `text`", id="nothing"),
        pytest.param("x" * 4_000_001, [], 8, "more than 4,000,000 bytes", id="large"),
    ],
)
def test_standard_input_is_text_or_json(
    broker: Settings, dealwire: Dealwire, given: str, expected: list[str], code: int, words: str
) -> None:
    done = dealwire("publish", input=given, env=os.environ | broker.environ())
    assert done.returncode == code, done.stderr
    assert texts(broker) == expected
    assert re.search(words, done.stderr)
    assert f"{len(expected)} articles published" in done.stderr


def test_what_is_no_utf8_is_named(broker: Settings, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "publish"],
        input=b"caf\xe9",
        env=os.environ | broker.environ(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 8
    assert b"not UTF-8" in done.stderr


def test_lines_are_published_as_they_come(broker: Settings) -> None:
    piped = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "publish", "-"],
        env=os.environ | broker.environ(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert piped.stdin
    for number in range(3):
        piped.stdin.write(json.dumps({"text": f"Line {number}."}) + "\n")
        piped.stdin.flush()
        wait_until("it is there", lambda n=number: len(published(broker)) == n + 1)  # type: ignore[misc]
    piped.send_signal(signal.SIGTERM)
    assert piped.wait(timeout=30) == 130, "interrupted, with all delivered"


def test_files_are_published_and_their_articles_are_the_same_ones(
    broker: Settings, dealwire: Dealwire, tmp_path: Path
) -> None:
    path = write_articles(tmp_path / "a.jsonl", 3)
    (tmp_path / "b.pdf").write_bytes(b"%PDF")
    env = os.environ | broker.environ()
    assert dealwire("publish", path, env=env).returncode == 0
    done = dealwire("publish", path, tmp_path / "b.pdf", env=env)
    assert done.returncode == 8
    assert "unknown kind of file" in done.stderr
    assert Counter(article.ce_id() for article in published(broker)).most_common(4)[-1][1] == 2
    assert dealwire("publish", tmp_path / "none", env=env).returncode == 2


# dealwire watch


class Watcher:
    """A watching process, started again and again."""

    def __init__(self, broker: Settings, folder: Path) -> None:
        self._command = [sys.executable, "-m", "cli.main", "watch", str(folder), "--settle", "0.5"]
        self._env = os.environ | broker.environ() | {"DEALWIRE_LOG_FORMAT": "json"}
        self.log_path = folder.parent / "watch.log"
        self.start()

    def start(self) -> None:
        with self.log_path.open("a") as log:
            self.process = subprocess.Popen(self._command, env=self._env, stderr=log)

    def log(self, event: str) -> list[dict]:
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if line["event"] == event]


@contextmanager
def watching(broker: Settings, folder: Path) -> Iterator[Watcher]:
    watcher = Watcher(broker, folder)
    try:
        yield watcher
        watcher.process.send_signal(signal.SIGTERM)
        assert watcher.process.wait(timeout=30) == 0
    finally:
        watcher.process.kill()
        watcher.process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def test_each_file_is_published_once_and_again_when_it_changes(
    broker: Settings, folder: Path
) -> None:
    (folder / "a.txt").write_text("A.", "utf-8")
    (folder / "sub").mkdir()
    write_articles(folder / "sub" / "b.jsonl", 2)
    shutil.copy(ARCHIVES / "pages.warc.gz", folder)
    (folder / "c.txt.part").write_text("unfinished", "utf-8")
    (folder / ".hidden.txt").write_text("hidden", "utf-8")
    with watching(broker, folder) as watcher:
        wait_until("all are there", lambda: len(published(broker)) == 5)
        (folder / "a.txt").write_text("A, edited.", "utf-8")
        (folder / "c.txt.part").rename(folder / "c.txt")
        wait_until("both are there", lambda: len(published(broker)) == 7)
        time.sleep(2)
        assert len(published(broker)) == 7
        found = [problem["problem"] for problem in watcher.log("skipped")]
        assert found == ["no article on this page"], "named, and once"
    with watching(broker, folder):
        (folder / "d.txt").write_text("D.", "utf-8")
        wait_until("the new one is there", lambda: "D." in texts(broker))
        time.sleep(2)
        assert len(published(broker)) == 8, "what was published before is not published again"


def test_a_file_that_is_being_written_is_waited_for(broker: Settings, folder: Path) -> None:
    with watching(broker, folder) as watcher, (folder / "slow.jsonl").open("w") as file:
        wait_until("it watches", lambda: watcher.log("watching"))
        for number in range(20):
            file.write(json.dumps({"text": f"Slow {number}."})[:-1])
            file.flush()
            time.sleep(0.1)
            file.write("}\n")
            file.flush()
            time.sleep(0.1)
        wait_until("it is whole", lambda: len(published(broker)) == 20)
        assert watcher.log("skipped") == []
        assert [entry["articles"] for entry in watcher.log("published")] == [20], "in one go"


def test_what_cannot_be_read_is_named_and_stays(broker: Settings, folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"caf\xe9")
    (folder / "b.docx").write_bytes(b"PK")
    (folder / "c.jsonl").write_text('{"text": "C."}\n{\n', "utf-8")
    (folder / "d.txt").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "e.txt")
    with watching(broker, folder) as watcher:
        wait_until("all are named", lambda: len(watcher.log("published")) == 3)
        assert texts(broker) == ["C."]
        why = {Path(entry["place"]).name: entry["problem"] for entry in watcher.log("skipped")}
        assert "not UTF-8" in why["a.txt"]
        assert "unknown kind" in why["b.docx:1"]
        assert "not JSON" in why["c.jsonl:2"]
        assert len(list(folder.iterdir())) == 5
        (folder / "a.txt").write_text("café", "utf-8")
        wait_until("it is mended", lambda: "café" in texts(broker))


def test_a_folder_that_goes_and_comes_back(broker: Settings, folder: Path) -> None:
    (folder / "a.txt").write_text("A.", "utf-8")
    with watching(broker, folder) as watcher:
        wait_until("it is there", lambda: texts(broker) == ["A."])
        folder.rename(folder.parent / "away")
        wait_until("it is missed", lambda: watcher.log("cannot look"))
        (folder.parent / "away").rename(folder)
        (folder / "b.txt").write_text("B.", "utf-8")
        wait_until("it goes on", lambda: texts(broker) == ["A.", "B."])


# kill -9


def kill_and_restart(start: Callable[[], subprocess.Popen], seed: int, at_most_s: float) -> int:
    """Start, kill -9, until one run ends by itself; returns how many were killed."""
    dice = random.Random(seed)
    kills = 0
    while True:
        process = start()
        try:
            assert process.wait(timeout=dice.uniform(0.3, at_most_s) + kills * 0.3) in (0, 8)
            return kills
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1


def test_an_archive_survives_kills(broker: Settings, tmp_path: Path) -> None:
    count = 30_000
    paths = []
    for number in range(3):
        path = tmp_path / f"{number}.jsonl.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            for line in range(count // 3):
                url = f"https://e.com/{number}/{line}"
                file.write(json.dumps({"text": f"Text {number} {line}.", "url": url}) + "\n")
        paths.append(str(path))
    command = [sys.executable, "-m", "cli.main", "replay", "--rate", "3000", *paths]
    kills = kill_and_restart(
        lambda: subprocess.Popen(command, env=os.environ | broker.environ()), 1, 4.0
    )
    assert kills >= 2
    times = Counter(article.url for article in published(broker))
    expected = {f"https://e.com/{n}/{line}" for n in range(3) for line in range(count // 3)}
    assert times.keys() == expected, "nothing is missing"
    again = times.total() - len(expected)
    assert again <= kills * 6000, "only what was not confirmed is published again"
    assert len({article.ce_id() for article in published(broker)}) == count, "as the same version"


def test_a_web_archive_survives_kills_and_its_pages_are_not_read_again(
    broker: Settings, tmp_path: Path
) -> None:
    words = "The company said on Monday that it buys another company for a good price. " * 5
    page = "<html><body><article><h1>Number {0}</h1><p>{1}</p></article></body></html>"
    count = 3000
    path = tmp_path / "a.warc.gz"
    pages = [
        (f"https://e.com/{n}", page.format(n, words).encode(), {"Content-Type": "text/html"})
        for n in range(count)
    ]
    path.write_bytes(gzip.compress(a_warc(*pages), 1))
    command = [sys.executable, "-m", "cli.main", "replay", "--rate", "300", str(path)]
    kills = kill_and_restart(  # ten seconds of work: there is always enough left to kill
        lambda: subprocess.Popen(command, env=os.environ | broker.environ()), 2, 4.0
    )
    assert kills >= 2
    times = Counter(article.url for article in published(broker))
    assert times.keys() == {f"https://e.com/{n}" for n in range(count)}
    assert times.total() < count * 2


def test_a_watched_folder_survives_kills(broker: Settings, folder: Path) -> None:
    watcher = Watcher(broker, folder)
    dice = random.Random(3)
    expected = set()
    try:
        for number in range(12):
            if number % 3 == 0:
                write = folder / f"{number}.jsonl.tmp"
                lines = [json.dumps({"text": f"Line {number} {n}."}) for n in range(2000)]
                write.write_text("\n".join(lines), "utf-8")
                write.rename(folder / f"{number}.jsonl")
                expected |= {f"Line {number} {n}." for n in range(2000)}
            else:
                (folder / f"{number}.txt").write_text(f"Text {number}.", "utf-8")
                expected.add(f"Text {number}.")
            time.sleep(dice.uniform(0.2, 3.0))
            watcher.process.kill()
            watcher.process.wait()
            watcher.start()
        wait_until("nothing is missing", lambda: set(texts(broker)) == expected, 60)
        time.sleep(2)
        assert len({article.ce_id() for article in published(broker)}) == len(expected)
        again = len(published(broker)) - len(expected)
        assert again <= 12 * 2000, "only what was not confirmed"
        watcher.process.send_signal(signal.SIGTERM)
        assert watcher.process.wait(timeout=30) == 0
    finally:
        watcher.process.kill()
        watcher.process.wait()


def test_a_broker_that_is_away_stops_us_and_nothing_is_lost(tmp_path: Path) -> None:
    path = write_articles(tmp_path / "a.jsonl", 3)
    settings = {"DEALWIRE_STATE": str(tmp_path / "state.db"), "DEALWIRE_KAFKA": "127.0.0.1:1"}
    for command in (["replay", path], ["publish", path], ["watch", tmp_path], ["receive"]):
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *command, "--kafka-timeout-s", "1"],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3, done.stderr
        assert "no Kafka broker answers" in done.stderr
