"""Articles a second by kind, beside one pass of a plain expression over the same text.

python benchmarks/reader.py [FOLDER OF TEXT FILES]
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from processors.corpus import CORPUS, articles
from processors.reader import Reader
from schemas import Article

_WORDS = re.compile(r"\b\w+\b")
_QUIET = (
    "The match was played in steady rain before a small crowd, and neither side found a way "
    "through. "
    "The keeper made two good saves in the first half; after the break the wind turned. "
)
_SECONDS = 2.0


def rate(step: Callable[[Article], object], batch: list[Article]) -> float:
    """Return how many articles a second `step` does, over about two seconds."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < _SECONDS:
        for article in batch:
            step(article)
        done += len(batch)
    return done / (time.perf_counter() - start)


def main() -> None:
    """Print one line a kind: articles a second, and how many times a plain pass that costs."""
    start = time.perf_counter()
    reader = Reader()
    print(f"loaded in {time.perf_counter() - start:.2f} s")
    now = datetime.now(UTC)
    folders = sorted(path.parent for path in (CORPUS / "articles").glob("*/gold.jsonl"))
    texts = [document.text for folder in folders for document in articles(folder)]
    if len(sys.argv) > 1:
        texts = [path.read_text("utf-8") for path in sorted(Path(sys.argv[1]).glob("*.txt"))]
    dense = [Article.of(text, fetched_at=now) for text in texts]
    quiet = [Article.of(_QUIET * 17, fetched_at=now)]
    mixed = [article for deal in dense[:20] for article in [deal, *quiet * 9]]
    for kind, batch in (("no trigger", quiet), ("one in ten", mixed), ("dense", dense)):
        ours = rate(reader.read, batch)
        plain = rate(lambda article: _WORDS.findall(article.text), batch)
        size = sum(len(article.text) for article in batch) / len(batch)
        print(
            f"{kind:11} {ours:8.0f} articles/s of {size:5.0f} characters; "
            f"a plain pass {plain / ours:5.1f} x faster"
        )


if __name__ == "__main__":
    main()
