"""Cursors of files: real SQLite, real files, and a publisher that has nothing to send."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from producers.journal import Journal
from producers.state import Cursor, open_state
from runtime.errors import StoreError
from runtime.kafka import Publisher
from runtime.settings import Settings


@pytest.fixture(scope="module")
def publisher() -> Publisher:
    return Publisher(Settings(kafka="127.0.0.1:1"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    path.write_text("1\n2\n3\n", "utf-8")
    return path


def read(publisher: Publisher, state: Path, path: Path, lines: int, *, end: bool = True) -> None:
    """Read so many lines of the file, and confirm."""
    with open_state(state, "cluster") as cursors:
        journal = Journal(publisher, cursors, "job")
        after = journal.begin(path)
        assert after is not None
        for line in range(after + 1, after + 1 + lines):
            journal.move(line)
        if end:
            journal.end()
        journal.confirm()


def goes_on(
    publisher: Publisher,
    state: Path,
    path: Path,
    *,
    cluster: str = "cluster",
    job: str = "job",
    grows: bool = False,
) -> int | None:
    with open_state(state, cluster) as cursors:
        return Journal(publisher, cursors, job, grows=grows).begin(path)


def test_an_interrupted_file_goes_on_and_a_whole_one_is_done(
    publisher: Publisher, path: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state.db"
    assert goes_on(publisher, state, path) == 0
    read(publisher, state, path, 2, end=False)
    assert goes_on(publisher, state, path) == 2
    assert goes_on(publisher, state, path, cluster="other") == 0
    assert goes_on(publisher, state, path, job="other") == 0
    read(publisher, state, path, 1)
    assert goes_on(publisher, state, path) is None


@pytest.mark.parametrize(
    ("content", "grows", "after"),
    [
        pytest.param("1\n2\n3\n4\n", True, 3, id="grown"),
        pytest.param("1\n2\n3\n4\n", False, 0, id="grown, to be read anew"),
        pytest.param("1\n", True, 0, id="shrunk"),
    ],
)
def test_a_file_that_has_changed(
    publisher: Publisher, path: Path, tmp_path: Path, content: str, grows: bool, after: int
) -> None:
    state = tmp_path / "state.db"
    read(publisher, state, path, 3)
    path.write_text(content, "utf-8")
    assert goes_on(publisher, state, path, grows=grows) == after


def test_a_text_that_has_changed_is_read_from_its_beginning(
    publisher: Publisher, tmp_path: Path
) -> None:
    path, state = tmp_path / "a.txt", tmp_path / "state.db"
    path.write_text("One.", "utf-8")
    read(publisher, state, path, 1)
    path.write_text("One, and two.", "utf-8")
    assert goes_on(publisher, state, path, grows=True) == 0


def test_what_is_not_confirmed_is_not_remembered(
    publisher: Publisher, path: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state.db"
    with open_state(state, "cluster") as cursors:
        journal = Journal(publisher, cursors, "job")
        journal.begin(path)
        journal.move(1)
        journal.move(2)
    assert goes_on(publisher, state, path) == 0


def test_cursors_move_together_or_not_at_all(tmp_path: Path) -> None:
    good, bad = Cursor(1, 1, 1, 1, True), Cursor("no number", 1, 1, 1, True)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="--state or DEALWIRE_STATE"):
        with open_state(tmp_path / "state.db", "cluster") as state:
            state.move_files("job", {"a": good, "b": bad})
    with open_state(tmp_path / "state.db", "cluster") as state:
        assert state.files("job") == {}


def test_a_state_of_before_is_taken_over(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as db:
        db.execute("CREATE TABLE replays (cluster_id TEXT, paths TEXT, documents INTEGER)")
    with open_state(tmp_path / "state.db", "cluster") as state:
        assert state.files("job") == {}
