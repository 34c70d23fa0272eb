"""The SQLite file: one writer, loud about what is wrong with it."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from runtime.errors import FencedError, StoreError
from sinks.migrations import MIGRATIONS
from sinks.store import open_for_reading, open_for_writing


def test_a_new_file_has_the_tables_and_opening_it_again_keeps_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_for_writing(path) as store, store.transaction() as db:
        db.execute("INSERT INTO offsets VALUES ('c', 't', 0, 'i', 1)")
    with open_for_writing(path) as store:
        assert store.epoch == 2
        assert store.db.execute("SELECT count(*) FROM offsets").fetchone()[0] == 1
        assert store.db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert store.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert store.db.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert store.db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "a.db") as store:
        with pytest.raises(RuntimeError), store.transaction() as db:
            db.execute("INSERT INTO offsets VALUES ('c', 't', 0, 'i', 1)")
            raise RuntimeError
        assert store.db.execute("SELECT count(*) FROM offsets").fetchone()[0] == 0


def _try_to_open(path: Path, answer: multiprocessing.Queue) -> None:
    try:
        with open_for_writing(path):
            answer.put("opened")
    except StoreError as error:
        answer.put(str(error))


def test_a_second_writer_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    with open_for_writing(path):
        other = context.Process(target=_try_to_open, args=(path, answer))
        other.start()
        assert "another sink writes" in answer.get(timeout=30)
        other.join(timeout=30)


def test_where_the_lock_does_not_reach_the_later_writer_fences_the_earlier(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_for_writing(path) as zombie:
        (tmp_path / "a.db.lock").unlink()  # as on another machine's file system
        with open_for_writing(path) as later, later.transaction() as db:
            db.execute("INSERT INTO offsets VALUES ('c', 't', 0, 'i', 1)")
        with pytest.raises(FencedError, match="another sink has taken over"):
            with zombie.transaction() as db:
                db.execute("DELETE FROM offsets")
        assert zombie.db.execute("SELECT count(*) FROM offsets").fetchone()[0] == 1


def test_a_file_that_is_no_database_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"a\.db: this is no SQLite file: name another"):
        with open_for_writing(path):
            pass


def test_a_damaged_file_is_noticed_before_rows_are_added(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_for_writing(path) as store, store.transaction() as db:
        rows = [("c", f"topic {n}", n, "i", n) for n in range(2000)]
        db.executemany("INSERT INTO offsets VALUES (?, ?, ?, ?, ?)", rows)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = b"\xff" * 8192
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"), open_for_writing(path):
        pass


def test_a_file_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_for_writing(path) as store:
        store.db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="update Dealwire"), open_for_writing(path):
        pass


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="see that the folder exists"):
        with open_for_writing(tmp_path / "no" / "a.db"):
            pass


def test_readers_change_nothing_and_say_what_to_start_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="`dealwire sink` writes it"):
        with open_for_reading(tmp_path / "a.db"):
            pass
    with open_for_writing(tmp_path / "a.db"):
        with open_for_reading(tmp_path / "a.db") as db:
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                db.execute("DELETE FROM deals")
