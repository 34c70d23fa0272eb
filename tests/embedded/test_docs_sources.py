"""The code of docs/adding-a-source.md, run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from producers.feeds.sources import FeedList

ROOT = Path(__file__).parent.parent.parent


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_source_of_the_walk_through_passes_its_own_test(tmp_path: Path) -> None:
    parse, publish, test = blocks("adding-a-source.md", "python")
    for package in ("producers", "schemas", "runtime", "tests"):
        (tmp_path / package).mkdir()
        for path in (ROOT / package).iterdir():
            (tmp_path / package / path.name).symlink_to(path)
    (tmp_path / "producers" / "notices.py").write_text(parse + publish, "utf-8")
    (tmp_path / "test_notices.py").write_text(test, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "test_notices.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert not (ROOT / "producers" / "notices.py").exists()


def test_the_example_of_a_list_is_one(tmp_path: Path) -> None:
    (example,) = blocks("feeds.md", "toml")
    path = tmp_path / "feeds.toml"
    path.write_text(example, "utf-8")
    (source,) = FeedList.load(path).sources
    assert (source.name, source.text, source.interval_minutes) == ("Example", "page", 15)
