"""Microsoft's recognizers over the texts on stdin; started by money.py in their own environment.

In: {"language": "fr", "texts": [...]}. Out: {"amounts": [[[value, unit], ...], ...], "seconds": s},
values as the package writes them; a currency without a number has none and is left out.
"""

from __future__ import annotations

import json
import sys
import time

from recognizers_number_with_unit import recognize_currency
from recognizers_text import Culture


def main() -> None:
    """Read the texts and write what was found."""
    work = json.load(sys.stdin)
    culture = {"en": Culture.English, "fr": Culture.French}[work["language"]]
    recognize_currency("$1", culture)  # builds its models
    start = time.perf_counter()
    found = [recognize_currency(text, culture) for text in work["texts"]]
    seconds = time.perf_counter() - start
    amounts = [
        [
            (result.resolution["value"], result.resolution["unit"])
            for result in results
            if result.resolution and result.resolution["value"] is not None
        ]
        for results in found
    ]
    json.dump({"amounts": amounts, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
