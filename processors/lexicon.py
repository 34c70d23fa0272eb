"""The word lists under data/: TOML for tables, text files for lists, one folder a language."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
LANGUAGES = tuple(
    sorted(folder.name for folder in DATA.iterdir() if (folder / "money.toml").exists())
)


@cache
def table(name: str) -> dict[str, Any]:
    """Return data/`name`.toml. Raises ValueError, which names the file, when it is no TOML."""
    path = DATA / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


@cache
def words(name: str) -> frozenset[str]:
    """Return the entries of data/`name`.txt: one a line, or several between commas; # comments."""
    found: set[str] = set()
    for line in (DATA / f"{name}.txt").read_text("utf-8").splitlines():
        entries = line.partition("#")[0].split(",")
        found.update(entry.strip() for entry in entries if entry.strip())
    return frozenset(found)
