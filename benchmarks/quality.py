"""How well the reader reads: the figures of every labelled set, and its errors by cause.

    python benchmarks/quality.py                      # all of corpus/articles and corpus/blind
    python benchmarks/quality.py FOLDER --errors      # a folder with gold.jsonl and articles/
    python benchmarks/quality.py --held-out 2         # by models that never saw the article
    python benchmarks/quality.py --confidence         # how many deals of a confidence are right

What the figures mean: benchmarks/scoring.py. Of a blind set nothing but its figures is ever shown.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # for those who run this file by its path

from benchmarks.calibration import bands, error, judged, table
from benchmarks.causes import INEXACT, INVENTED, MISSED, Causes, causes
from benchmarks.scoring import article_of, count, figures, fit, pair, score
from processors.corpus import CORPUS, everything, gold
from processors.reader import Reader

__all__ = ["figures", "fit", "is_blind", "main", "pair", "score"]


@dataclass(slots=True)
class Tally:
    """Counts: the figures by set, and by language the errors of sets that are not blind."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    errors: dict[str, Causes] = field(default_factory=dict)

    def read(
        self, reader: Reader, folder: Path, only: frozenset[str] | None = None, show: bool = False
    ) -> None:
        """Count a folder, or `only` some of it; `show` prints each error."""
        blind = is_blind(folder)
        total = self.counts.setdefault(f"blind/{folder.name}" if blind else folder.name, Counter())
        if blind:
            total += score(reader, folder, only)
            return
        for label in gold(folder):
            if only is None or label["doc"] in only:
                article = article_of(folder, label)
                tags, events, explanation = reader.explain(article)
                total += count(article.text, tags, events, label)
                some = self.errors.setdefault(label["lang"], Counter())
                some += causes(explanation, label)
                if show:
                    print_errors([event.model_dump() for event in events], label)


def is_blind(folder: Path) -> bool:
    """Whether nobody may look at a folder's single errors."""
    return folder.resolve().parent.name == "blind"


def labelled(group: str) -> list[Path]:
    """Return the labelled folders of corpus/articles or corpus/blind."""
    return sorted(path.parent for path in (CORPUS / group).glob("*/gold.jsonl"))


def show(deal: dict[str, Any]) -> str:
    """Return a deal in one line."""
    parties = ", ".join(f"{p['role']}={p['name']}" for p in deal["parties"])
    money = deal["amount"] or {}
    return f"{deal['type']}/{deal['status']} [{parties}] {money.get('low')}..{money.get('high')}"


def print_errors(ours: Sequence[dict[str, Any]], label: dict[str, Any]) -> None:
    """Print every deal of an article that was missed, invented or not wholly right."""
    pairs = pair(ours, label["deals"])
    for i, j, found in pairs:
        if not found.exact:
            print(f"WRONG  {label['doc']}: {show(ours[i])}")
            print(f"       want {show(label['deals'][j])}")
    for j, deal in enumerate(label["deals"]):
        if all(j != b for _, b, _ in pairs):
            print(f"MISSED {label['doc']}: {show(deal)}\n       {deal['quote'][:200]!r}")
    for i, deal in enumerate(ours):
        if all(i != a for a, _, _ in pairs):
            quote = deal["evidence"][0]["text"][:200]
            print(f"EXTRA  {label['doc']}: {show(deal)}\n       {quote!r}")


def print_figures(tally: Tally) -> None:
    """Print one line a set."""
    width = max(map(len, tally.counts), default=0)
    for name, total in tally.counts.items():
        print(f"{name:{width}}", "  ".join(f"{k} {v:.3f}" for k, v in figures(total).items()))


def print_causes(tally: Tally) -> None:
    """Print the errors by cause, the most frequent first, a column a language."""
    languages = sorted(tally.errors)
    if not languages:
        return
    everywhere: Causes = sum(tally.errors.values(), Counter())
    for group in (MISSED, INEXACT, INVENTED):
        some = {cause: n for (what, cause), n in everywhere.items() if what == group}
        all_of_them = sum(some.values())
        flaws = " (a deal may have several flaws)" if group == INEXACT else ""
        print(f"\n{group}: {all_of_them}{flaws}")
        print(f"  {'':36}", *(f"{name:>6}" for name in languages), f"{'all':>6}")
        for cause, n in sorted(some.items(), key=lambda item: (-item[1], item[0])):
            counts = [tally.errors[name][group, cause] for name in languages]
            print(f"  {cause:36}", *(f"{n:6}" for n in (*counts, n)), f"{n / all_of_them:6.0%}")


def held_out(tally: Tally, folders: Sequence[Path], folds: int) -> None:
    """Count every article of the folders as read by models that never saw it."""
    from processors.training.__main__ import build  # needs the training packages

    documents = everything()
    names = sorted(document.id for document in documents if document.whole)
    for fold in range(folds):
        unseen = frozenset(names[fold::folds])
        with TemporaryDirectory() as place:
            build((d for d in documents if not d.whole or d.id not in unseen), Path(place))
            reader = Reader(model=Path(place))
            for folder in folders:
                tally.read(reader, folder, unseen)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of each folder, then the errors by cause."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--errors", action="store_true", help="list every miss and invention")
    parser.add_argument("--rules", action="store_true", help="read by the lists, without models")
    parser.add_argument("--model", type=Path, help="read with the models of a folder")
    parser.add_argument("--held-out", type=int, default=0, metavar="FOLDS", help="cross-validate")
    parser.add_argument("--confidence", action="store_true", help="what a confidence is worth")
    args = parser.parse_args(arguments)
    for folder in args.folders:
        if not (folder / "gold.jsonl").exists():
            parser.error(f"{folder} has no gold.jsonl: name a folder of labelled articles")
    models = {"model": None} if args.rules else {"model": args.model} if args.model else {}
    if args.errors and any(map(is_blind, args.folders)):
        parser.error("a blind set's errors are not for looking at: see corpus/blind/README.md")
    if args.confidence:
        reader = Reader(**models, least=0.0)
        deals = [d for folder in args.folders or labelled("blind") for d in judged(reader, folder)]
        found = bands(deals)
        print(table(found))
        print(f"\n{len(deals)} deals; mean distance of meant from right {error(found):.3f}")
        return
    tally = Tally()
    if args.held_out:
        held_out(tally, args.folders or labelled("articles"), args.held_out)
    else:
        reader = Reader(**models)
        blind = [] if args.errors else labelled("blind")
        for folder in args.folders or labelled("articles") + blind:
            tally.read(reader, folder, show=args.errors)
    print_figures(tally)
    print_causes(tally)


if __name__ == "__main__":
    main()
