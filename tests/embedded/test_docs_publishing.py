"""The examples of docs/pushing.md and docs/archives.md, run as they stand there."""

from __future__ import annotations

import bz2
import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.embedded import embedded_broker
from runtime.settings import Settings
from tests.embedded.test_publish import ARCHIVES, texts
from tests.embedded.test_receive import TOKEN, serving
from tests.embedded.test_replay import write_articles
from tests.kafka.pipeline import wait_until

ROOT = Path(__file__).parents[2]


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / "docs" / document).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Settings]:
    with embedded_broker("news") as address:
        yield Settings(**address, state=tmp_path / "state.db")  # type: ignore[arg-type]


def environment(broker: Settings) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return os.environ | broker.environ() | {"PATH": path, "DEALWIRE_PUSH_TOKEN": TOKEN}


def run(script: str, broker: Settings, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-ec", script],
        cwd=folder,
        env=environment(broker),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_examples_name_what_is_there() -> None:
    assert len(blocks("pushing.md", "sh")) == 5
    assert "dealwire receive" in blocks("pushing.md", "sh")[0]


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_articles_are_pushed_by_curl_and_from_python(broker: Settings, tmp_path: Path) -> None:
    write_articles(tmp_path / "articles.jsonl", 3)
    _, one, many, *_ = blocks("pushing.md", "sh")
    (script,) = blocks("pushing.md", "python")
    with serving(broker.kafka, push_token=TOKEN) as server:
        here = f"127.0.0.1:{server.port}"
        assert '"article_id"' in run(one.replace("127.0.0.1:8090", here), broker, tmp_path)
        assert run(many.replace("127.0.0.1:8090", here), broker, tmp_path).count("article_id") == 3
        (tmp_path / "push.py").write_text(script.replace("127.0.0.1:8090", here), "utf-8")
        assert "article_id" in run(f"{sys.executable} push.py", broker, tmp_path)
    found = texts(broker)
    assert len(found) == 5
    assert any(text.startswith("Beldyne buys Corvance\n\nBeldyne said") for text in found)


def test_articles_are_piped(broker: Settings, tmp_path: Path) -> None:
    write_articles(tmp_path / "articles.jsonl", 3)
    (tmp_path / "more-articles").mkdir()
    (tmp_path / "more-articles" / "a.txt").write_text("More.", "utf-8")
    run(blocks("pushing.md", "sh")[3], broker, tmp_path)
    assert set(texts(broker)) == {
        "Fenmont raises 40 million euros\n", "More.", "Text 0.", "Text 1.", "Text 2.",
    }  # fmt: skip


def test_a_folder_is_watched(broker: Settings, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.txt").write_text("In the box.", "utf-8")
    command = blocks("pushing.md", "sh")[4].split()
    watcher = subprocess.Popen(command, cwd=tmp_path, env=environment(broker))
    try:
        wait_until("it is there", lambda: texts(broker) == ["In the box."])
        watcher.terminate()
        assert watcher.wait(timeout=30) == 0
    finally:
        watcher.kill()
        watcher.wait()


def test_archives_are_replayed(broker: Settings, tmp_path: Path) -> None:
    lines, pages, wiki, folder = blocks("archives.md", "sh")[0].splitlines()
    plain = write_articles(tmp_path / "plain.jsonl", 3).read_bytes()
    (tmp_path / lines.split()[-1]).write_bytes(gzip.compress(plain))
    shutil.copy(ARCHIVES / "pages.warc.gz", tmp_path / pages.split()[-1])
    (tmp_path / wiki.split()[-1]).write_bytes(bz2.compress((ARCHIVES / "wiki.xml").read_bytes()))
    shutil.copytree(ARCHIVES, tmp_path / "archive")
    run(lines, broker, tmp_path)
    assert len(texts(broker)) == 3
    for command, count in ((pages, 5), (wiki, 7), (folder, 11)):
        # Some of their pages are no articles.
        run(f"{command} && exit 1 || [ $? = 8 ]", broker, tmp_path)
        assert len(texts(broker)) == count
