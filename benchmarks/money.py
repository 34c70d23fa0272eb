"""How well amounts of money are read in labelled sentences, beside Microsoft's own package.

    python benchmarks/money.py FOLDER                      # our figures
    python benchmarks/money.py FOLDER --beside ms/bin/python

FOLDER has french.jsonl and english.jsonl, one sentence a line: {"text", "amounts": [{"value",
"unit"}]}, as reshaped from Specs/NumberWithUnit/*/CurrencyModel.json of
github.com/microsoft/Recognizers-Text (MIT). Their package wants an older emoji than others do, so
it gets an environment of its own:

    python -m venv ms && ms/bin/pip install recognizers-text-suite==1.0.2a2 'emoji<1.3'

F1 is on values alone: how much, in whole units of the currency, whichever it is. A range counts
its two ends. `wholly right`: sentences with all values and no other.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from processors.amounts import Amounts
from processors.corpus import CORPUS, articles
from processors.text import lower, normalise

LANGUAGES = {"fr": "french", "en": "english"}
_HUNDREDTHS = ("cent", "penn", "pence", "pesewa", "sen")
_SPEED_ARTICLES = 20
_SECONDS = 2.0
_CHILD = Path(__file__).parent / "recognizers.py"

Values = Counter[float]


class Score(NamedTuple):
    """What one reader found in the sentences of one language, and its speed on whole articles."""

    f1: float
    whole: int
    sentences: int
    articles_per_s: float

    def row(self, name: str, language: str) -> str:
        """Return a row of the table."""
        return (
            f"| {language} | {name} | {self.f1:.3f} | {self.whole} of {self.sentences} "
            f"| {self.articles_per_s:,.0f} |"
        )


def number(written: str, language: str) -> float:
    """Return the value of figures in the language's own notation.

    >>> number("62,7", "fr"), number("1,500.5", "en")
    (62.7, 1500.5)
    """
    if language == "fr":
        written = written.replace(".", "").replace(",", ".") if "," in written else written
    return float(written.replace(",", "").replace(" ", ""))


def values(amounts: Iterable[tuple[str, str]], language: str) -> Values:
    """Return the values of (figures, unit), cents as parts of the whole."""
    return Counter(
        round(number(value, language) / (100 if unit.lower().startswith(_HUNDREDTHS) else 1), 4)
        for value, unit in amounts
    )


def ours(finder: Amounts, text: str) -> Values:
    """Return the values that our own reader finds."""
    plain = normalise(text)
    found = finder.find(plain, lower(plain))
    return Counter(round(end, 4) for m in found for end in {m.low, m.high} if end is not None)


def theirs(python: str, language: str, texts: Sequence[str]) -> tuple[list[Values], float]:
    """Return what Microsoft's package finds in each text, and how many seconds it took.

    Ends the program where the package is not installed for that `python`.
    """
    work = json.dumps({"language": language, "texts": texts})
    child = subprocess.run(
        [python, str(_CHILD)], input=work, capture_output=True, text=True, check=False
    )
    if child.returncode:
        sys.exit(f"{child.stderr}\n{python} has no recognizers-text-suite: see --help")
    done = json.loads(child.stdout)
    return [values(found, language) for found in done["amounts"]], done["seconds"]


def score(want: Sequence[Values], got: Sequence[Values], rate: float) -> Score:
    """Return the score of what was found."""
    right = sum((w & g).total() for w, g in zip(want, got, strict=True))
    total = sum(w.total() + g.total() for w, g in zip(want, got, strict=True))
    whole = sum(w == g for w, g in zip(want, got, strict=True))
    return Score(2 * right / max(total, 1), whole, len(want), rate)


def compare(folder: Path, language: str, python: str | None, errors: bool) -> dict[str, Score]:
    """Return the scores of one language by reader."""
    path = folder / f"{LANGUAGES[language]}.jsonl"
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in path.read_text("utf-8").splitlines()
    ]
    texts = [line["text"] for line in lines]
    want = [
        values([(a["value"], a["unit"]) for a in line["amounts"] if a["value"]], language)
        for line in lines
    ]
    whole = [d.text for d in articles(CORPUS / "articles" / language)][:_SPEED_ARTICLES]
    finder = Amounts(language)
    got = [ours(finder, text) for text in texts]
    done, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < _SECONDS:
        ours(finder, whole[done % len(whole)])
        done += 1
    scores = {"Dealwire": score(want, got, done / seconds)}
    if errors:
        for text, w, g in zip(texts, want, got, strict=True):
            if w != g:
                print(f"want {sorted(w.elements())} got {sorted(g.elements())}: {text}")
    if python:
        beside, _ = theirs(python, language, texts)
        _, seconds = theirs(python, language, whole)
        scores["Recognizers-Text"] = score(want, beside, len(whole) / seconds)
    return scores


def main() -> None:
    """Print one row a language and reader."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--beside", metavar="PYTHON", help="that has recognizers-text-suite")
    parser.add_argument("--errors", action="store_true", help="list our sentences that are wrong")
    args = parser.parse_args()
    if missing := [f for f in LANGUAGES.values() if not (args.folder / f"{f}.jsonl").exists()]:
        parser.error(f"no {missing[0]}.jsonl in {args.folder}; see --help")
    print("| | | F1 on values | wholly right | articles/s |\n| --- | --- | --- | --- | --- |")
    for language in LANGUAGES:
        for name, found in compare(args.folder, language, args.beside, args.errors).items():
            print(found.row(name, language))


if __name__ == "__main__":
    main()
