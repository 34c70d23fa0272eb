"""What the commands that publish have in common: what they say, and their bar."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from producers.documents import Document, find_files
from runtime.logs import get_logger

SKIPPED_EXIT_CODE = 8

log = get_logger(__name__)


def find_or_complain(paths: tuple[Path, ...]) -> list[Path]:
    """Return the files named and those in the folders named. Raises click.UsageError."""
    try:
        files = find_files(paths)
    except FileNotFoundError as error:
        raise click.UsageError(f"{error}") from error
    if not files:
        raise click.UsageError(
            f"no .txt, .json or .jsonl files, and no archives, in {', '.join(map(str, paths))}"
        )
    return files


def say_skipped(document: Document, *, as_json: bool, console: Console | None = None) -> None:
    """Name what could not be read, and why."""
    if as_json:
        log.warning("skipped", place=document.place, problem=document.problem)
    else:
        text = f"skipped {document.place}: {document.problem}"
        (console or error_console()).print(text, style="yellow", markup=False)


def error_console() -> Console:
    """Return standard error as a console that leaves lines as long as they are."""
    return Console(stderr=True, soft_wrap=True)


def progress_bar() -> Progress:
    """Return a bar, of bytes, that shows on a terminal only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=error_console(),
        disable=not sys.stderr.isatty(),
    )
