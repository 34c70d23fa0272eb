"""The benchmarks run, and their load is what it says."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.articles import TYPICAL_CHARS, make_articles
from benchmarks.measure import Figure, markdown_table
from processors.reader import Reader


def test_the_load_is_always_the_same_and_every_article_another() -> None:
    articles = list(make_articles(40, 0.1))
    assert articles == list(make_articles(40, 0.1))
    assert len({article.text for article in articles}) == 40
    assert all(len(article.text) >= TYPICAL_CHARS for article in articles)


def test_articles_without_deals_have_none() -> None:
    reader = Reader()
    assert not any(reader.read(article)[1] for article in make_articles(20, 0.0))
    assert any(reader.read(article)[1] for article in make_articles(5, 1.0))


def test_a_figure_is_a_row_of_the_table() -> None:
    table = markdown_table([Figure("sink", "2 rows/s", "bare: 4", 0.5, "0.60")])
    assert table.splitlines()[2] == "| sink | 2 rows/s | bare: 4 | 0.50 | 0.60 |"


def test_a_new_figure_replaces_the_old_one_and_leaves_the_others() -> None:
    old = markdown_table([Figure("sink", "1"), Figure("read", "2")]).splitlines()
    table = markdown_table([Figure("sink", "3")], old).splitlines()
    assert table == [*old[:2], old[3], "| sink | 3 |  |  |  |"]


def test_the_sink_is_measured_beside_bare_sqlite() -> None:
    command = [sys.executable, "-m", "benchmarks", "sink", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    assert "executemany" in done.stdout
