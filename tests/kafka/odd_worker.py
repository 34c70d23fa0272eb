"""`dealwire process` with a reader that is slow, fails, or says too much over some articles."""

import time

from cli.main import main
from processors.reader import Reader

SLOW_WORD = "slowly-slowly"
SLOW_S = 1.5
BROKEN_WORD = "breaks-the-reader"
CHATTY_WORD = "says-too-much"

_read = Reader.read


def _read_oddly(self, article):  # type: ignore[no-untyped-def]
    if BROKEN_WORD in article.text:
        raise ZeroDivisionError("a bug in the reader")
    if SLOW_WORD in article.text:
        print("reading slowly", flush=True)
        time.sleep(SLOW_S)
    tags, events = _read(self, article)
    if CHATTY_WORD in article.text:
        tags = tags.model_copy(update={"kept": tuple((n, n) for n in range(400_000))})  # 5 MB
    return tags, events


if __name__ == "__main__":
    Reader.read = _read_oddly  # type: ignore[method-assign]
    main()
