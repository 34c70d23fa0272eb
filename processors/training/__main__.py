"""Train the models from our corpus: `python -m processors.training`; fixed seed.

With `--rounds N` the transformer goes on from the one in `--out`: so a corpus that has grown is
learned from in less than half an hour.

Whole articles and passages are laid out as the reader sees them, and each labelled deal is tied to
the sentence that states it. From them learn a tagger of names, a small transformer and linear
models; how the two are joined, and which drafts to believe, is learned from articles that are kept
from both (`KEPT`); last, the linear models learn from all.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from processors.context import Context
from processors.corpus import Document, everything
from processors.joined import Joined
from processors.learned import Judge, Learned
from processors.lexicon import DATA, LANGUAGES
from processors.model import save
from processors.pieces import UNKNOWN, Pieces
from processors.reader import MODEL, Reader
from processors.text import normalise, tokens
from processors.training import joined, linear
from processors.training.examples import Example, examples, retagged
from processors.training.export import write
from processors.training.fit import fit
from processors.training.net import Net, base_folder, load_base
from processors.training.restore import restore
from processors.windows import MARKERS, Windows

KEPT = frozenset(("fr", "en", "press-fr-2", "press-en-2", "press-fr-8", "press-en-9"))
"""Sets of articles that the transformer never sees."""
EPOCHS = 6
LAYERS = 6
_FURTHER_PACE = 0.6
_FURTHER_SHARE = 0.6
"""How fast a network that has learned already goes on, and of how many passages a round."""
_PIECES = 20_000
"""Pieces of the vocabulary that are kept: all of our corpus, then MiniLM's most frequent ones."""


def vocabulary(some: Sequence[Example]) -> list[str]:
    """Return the pieces to keep of MiniLM's vocabulary, in its order."""
    base = (base_folder() / "vocab.txt").read_text("utf-8").splitlines()
    windows = Windows(Pieces(base))
    used = {piece for example in some for row in windows.rows(example.view) for piece in row.ids}
    always = {number for number, piece in enumerate(base) if piece in (*MARKERS, UNKNOWN)}
    first = [n for n, piece in enumerate(base) if piece.isascii() and not piece.startswith("[")]
    kept = list(dict.fromkeys([*sorted(used | always), *first]))[:_PIECES]
    return [base[number] for number in sorted(kept)]


def train_context(some: Sequence[Example], folder: Path) -> None:
    """Train the transformer and write its files into a folder."""
    words = vocabulary(some)
    net = Net(len(words), LAYERS)
    load_base(net, base_folder(), words)
    fit(net, Pieces(words), [some] * EPOCHS, linear.SEED, _say)
    net.eval()
    write(net, words, folder)


def train_further(some: Sequence[Example], folder: Path, rounds: int) -> None:
    """Train the transformer of a folder for some rounds more, and write it there.

    A round takes all articles and a share of the passages, others each time.
    """
    net, words = restore(folder)
    dice = random.Random(linear.SEED)  # noqa: S311 - a fixed order, no secret
    passages = [example for example in some if not example.document.whole]
    articles = [example for example in some if example.document.whole]
    size = int(_FURTHER_SHARE * len(passages))
    chosen = [articles + dice.sample(passages, size) for _ in range(rounds)]
    fit(net, Pieces(words), chosen, linear.SEED, _say, pace=_FURTHER_PACE)
    net.eval()
    write(net, words, folder)


def _say(line: str) -> None:
    print(line, flush=True)


def join(some: Sequence[Example], folder: Path) -> None:
    """Learn the linear models, and their blend with the transformer in `folder`; write them."""
    unseen = [example for example in some if example.document.group in KEPT]
    models = linear.learn(example for example in some if example.document.group not in KEPT)
    context = Context(folder)
    blend = joined.blend(models, context, unseen)
    blend.save(folder / "blend.json")
    reader = Learned(Joined(models, context, blend), Judge({}))
    joined.judge(reader, unseen).save(folder / "judge.json")
    save(folder / "deals.npz", linear.learn(some).flat())


def build(documents: Iterable[Document], folder: Path, rounds: int = 0) -> None:
    """Train on documents, and write all model files into a folder.

    With `rounds`, the transformer that is there goes on for so many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reader = Reader(model=None)
    some = examples(documents, reader)
    random.Random(linear.SEED).shuffle(some)  # noqa: S311 - a fixed order, no secret
    some = retagged(some, reader, folder)
    seen = [example for example in some if example.document.group not in KEPT]
    if rounds:
        train_further(seen, folder, rounds)
    else:
        train_context(seen, folder)
    join(some, folder)


def write_common(documents: Iterable[Document]) -> None:
    """Write the words that stand in lower case in our texts: a capital alone makes them no name."""
    found: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    for document in documents:
        text = normalise(document.text)
        words = (token.text for token in tokens(text, 0, len(text)))
        found[document.language].update(w for w in words if w.islower() and w.isalpha())
    for language, common in found.items():
        head = "# Words that stand in lower case in our corpus. Made by processors/training.\n"
        lines = "".join(f"{word}\n" for word in sorted(common) if len(word) > 1)
        (DATA / language / "common.txt").write_text(head + lines, "utf-8")


def main() -> None:
    """Train on the whole corpus."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--rounds", type=int, default=0, help="go on from the model in --out")
    args = parser.parse_args()
    if args.rounds < 0:
        parser.error("--rounds: a number of rounds, 0 to begin anew")
    if args.rounds and not (args.out / "encoder.onnx").exists():
        parser.error(f"{args.out} has no model to go on from: leave --rounds out to begin anew")
    documents = everything()
    write_common(documents)
    build(documents, args.out, args.rounds)
    size = sum(path.stat().st_size for path in args.out.iterdir())
    print(f"wrote {args.out}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
