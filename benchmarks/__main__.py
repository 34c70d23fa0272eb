"""Measure speed, latency and memory: `python -m benchmarks [NAME...] [--quick] [--write]`."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from benchmarks.archives import archives
from benchmarks.clients import consume, produce
from benchmarks.feeds import feeds, feeds_load
from benchmarks.measure import Figure, machine, markdown_table, terminal_table
from benchmarks.pipeline import end_to_end, latency, memory
from benchmarks.processes import kafka_broker
from benchmarks.reading import read
from benchmarks.storing import sink
from runtime.errors import DealwireError
from runtime.logs import configure_logs

ALONE: dict[str, Callable[[bool], list[Figure]]] = {"read": read, "sink": sink}
ON_KAFKA: dict[str, Callable[[str, bool], list[Figure]]] = {
    "produce": produce,
    "archives": archives,
    "consume": consume,
    "end-to-end": end_to_end,
    "latency": latency,
    "memory": memory,
    "feeds": feeds,
    "feeds-load": feeds_load,
}
NAMES = (
    *("produce", "archives", "read", "consume", "sink", "end-to-end", "latency", "memory"),
    "feeds",
)
LONG = ("feeds-load",)
"""Only when they are named: a quarter of an hour."""
DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
ALL_OF_IT = "python -m benchmarks --write"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    """Print the table; with --write, put it into docs/performance.md too."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES + LONG)}")
    parser.add_argument("--quick", action="store_true", help="short runs, rough figures")
    parser.add_argument("--write", action="store_true", help="write what was measured to docs/")
    parser.add_argument("--kafka", metavar="HOST:PORT", help="this broker, instead of our own")
    options = parser.parse_args()
    names = options.names or [name for name in NAMES if _can_run(name, options.kafka)]
    if unknown := set(names) - set(NAMES + LONG):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; choose of {NAMES + LONG}")
    configure_logs("text", "WARNING")
    # Ended from outside, we still stop the broker and what else we started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        figures = _measure(names, options.kafka, options.quick)
    except DealwireError as error:
        sys.exit(f"benchmarks: {error}")
    Console().print(terminal_table(figures))
    if options.write:
        _write(figures, " ".join(["python -m benchmarks", *sys.argv[1:]]))


def _can_run(name: str, kafka: str | None) -> bool:
    """Return whether a benchmark can run here; say so when it cannot."""
    can = name in ALONE or bool(kafka or (shutil.which("java") and shutil.which("mvn")))
    if not can:
        print(f"{name} is left out: Apache Kafka needs Java and mvn, or --kafka", file=sys.stderr)
    return can


def _measure(names: list[str], kafka: str | None, quick: bool) -> list[Figure]:
    figures: list[Figure] = []
    with ExitStack() as stack:
        address = ""
        if set(names) & set(ON_KAFKA):
            address = stack.enter_context(kafka_broker(kafka))
        for name in names:
            start = time.monotonic()
            if name in ALONE:
                figures += ALONE[name](quick)
            else:
                figures += ON_KAFKA[name](address, quick)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return figures


def _write(figures: list[Figure], command: str) -> None:
    """Put the figures into the document's table, in place of those of the same name."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    old, _, after = rest.partition(END)
    lines = old.splitlines()
    heads = [line for line in lines if line.startswith("`")]
    head = f"`{command}` on {machine()}:"
    if command != ALL_OF_IT and head not in heads:
        heads.append(head)  # of some figures; the others are those of before
    elif command == ALL_OF_IT:
        heads = [head]
    table = markdown_table(figures, [line for line in lines if line.startswith("| ")])
    text = "\n\n".join([BEGIN, *heads, table, END])
    DOCUMENT.write_text(before + text + after, "utf-8")


if __name__ == "__main__":
    main()
