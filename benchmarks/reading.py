"""The reader alone, on one core."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from benchmarks.articles import make_articles
from benchmarks.measure import Figure, race
from processors.reader import Reader
from runtime.collector import spare_collector
from schemas import Article

KINDS = {"without deals": 0.0, "one deal article in ten": 0.1, "deal articles only": 1.0}
ROUNDS = 3


def read_cpu(reader: Reader, articles: Sequence[Article], seconds: float) -> tuple[float, float]:
    """Return the articles that the reader does in a second, and in a second of processor time."""
    start = time.process_time()
    count, elapsed = read_for(reader, articles, seconds)
    return count / elapsed, count / (time.process_time() - start)


def read_for(reader: Reader, articles: Sequence[Article], seconds: float) -> tuple[int, float]:
    """Read the articles, over and over, for about so long; return the count and the seconds."""
    start = time.perf_counter()
    done, elapsed = 0, 0.0
    endless = itertools.cycle(articles)
    while elapsed < seconds:
        reader.read(next(endless))
        done += 1
        elapsed = time.perf_counter() - start
    return done, elapsed


def read(quick: bool) -> list[Figure]:
    """Articles of each kind through `Reader.read`."""
    reader = Reader()
    spare_collector()  # as the worker does
    batches = [list(make_articles(300, share)) for share in KINDS.values()]
    rates = race(
        ROUNDS,
        *(lambda batch=batch: read_for(reader, batch, 0.3 if quick else 2.0) for batch in batches),
    )
    return [
        Figure(f"read, {kind}", f"{rate:,.0f} articles/s")
        for kind, rate in zip(KINDS, rates, strict=True)
    ]
