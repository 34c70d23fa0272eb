"""docs/adding-a-language.md: its commands make a reader of another language."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
PACKAGES = ("processors", "schemas", "runtime", "cli", "producers")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the packages, whose lists may be changed."""
    for package in PACKAGES:
        away = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=away)
    return tmp_path


def run(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the page has it, with `dealwire` from the copy."""
    door = f'dealwire() {{ "{sys.executable}" -m cli.main "$@"; }}\nset -e\n'
    return subprocess.run(
        ["bash", "-c", door + command],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_page_adds_spanish(project: Path) -> None:
    page = (ROOT / "docs" / "adding-a-language.md").read_text("utf-8")
    *commands, train = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    assert train == "make train && make quality\n"
    done = run(
        project, "".join(commands).replace("explain noticia", "explain --html p.html noticia")
    )
    assert done.returncode == 0, done.stderr
    shown = (project / "p.html").read_text("utf-8")
    assert "in Spanish, read by the word lists alone" in shown
    read = run(project, "dealwire extract noticia.txt --json")
    for words in (
        '"language": "es"',
        '"type": "acquisition"',
        '"name": "Windkraft Nord"',
        "3000000",
    ):
        assert words in read.stdout, read.stdout + read.stderr


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("acquisition | verb | acquirer > target", "4 columns"),
        ("aquisition | verb | acquirer > target | compra", "aquisition | verb: a type is one of"),
        ("acquisition | verb | buyer > target | compra", "no role of acquisition: buyer"),
    ],
)
def test_a_line_that_is_no_trigger_is_named_with_its_place(
    project: Path, line: str, problem: str
) -> None:
    triggers = project / "processors" / "data" / "fr" / "triggers.txt"
    triggers.write_text(f"# head\n{line}\n", "utf-8")
    done = run(project, "dealwire extract /dev/null")
    assert f"{triggers}:2: " in done.stderr
    assert problem in done.stderr


def test_a_table_that_is_no_toml_is_named(project: Path) -> None:
    money = project / "processors" / "data" / "fr" / "money.toml"
    money.write_text("millón = 1e6\n", "utf-8")
    done = run(project, "dealwire extract /dev/null")
    assert f"{money}: " in done.stderr
