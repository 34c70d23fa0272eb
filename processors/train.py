"""Train the models from our corpus: python -m processors.train. Minutes on two cores; fixed seed.

Whole articles and passages are laid out as the reader sees them, each labelled deal is tied to
the sentence that states it, and linear models learn types, roles, statuses, prices, and last,
from drafts made by models that have not seen the text, which drafts to believe.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from processors import features, part_features
from processors.aliases import same_name
from processors.corpus import Document, Label, everything
from processors.learned import NO_ROLE, Learned, Models
from processors.lexicon import DATA, LANGUAGES
from processors.model import BITS, Linear, columns, save
from processors.reader import Reader
from processors.rules import Proposal
from processors.tagger import Tagger
from processors.text import normalise, tokens
from processors.train_tagger import train_tagger
from processors.view import View
from schemas.deal_event import ROLES

SEED = 20
_STEPS = 60
MODEL = DATA / "model"
_STRENGTH = {"type": 2.0, "role": 0.5, "status": 0.5, "money": 0.5, "judge": 0.3}
"""Inverse of the L2 penalty, chosen by cross-validation."""

_WHOLE = 2
_WHOLE_JUDGED = 4
"""How often a whole article counts: it is what is read in earnest, passages are denser."""

Instance = tuple[list[int], str]
Example = tuple[Document, View]


class Instances:
    """What each model learns from: feature columns and the right answer."""

    def __init__(self) -> None:
        self.type: list[tuple[list[int], dict[str, bool]]] = []
        self.roles: dict[str, list[Instance]] = {kind: [] for kind in ROLES}
        self.status: list[Instance] = []
        self.money: list[Instance] = []


def examples(documents: Iterable[Document], reader: Reader) -> list[Example]:
    """Lay out the documents; those in another language than labelled are left out."""
    found = []
    for document in documents:
        view, _, _ = reader.view(document.text, every=True)
        if view is not None and view.language == document.language:
            found.append((document, view))
    return found


def retagged(some: Sequence[Example], reader: Reader, folder: Path) -> list[Example]:
    """Lay the examples out anew with names as the tagger finds them in text it has not seen.

    Each half is tagged by what was learned from the other; last, a tagger is learned from all.
    """
    found: list[Example] = []
    for learn, apply in ((some[::2], some[1::2]), (some[1::2], some[::2])):
        reader.use(_taggers(learn, folder))
        found += examples((document for document, _ in apply), reader)
    _taggers(some, folder)
    return found


def _taggers(some: Sequence[Example], folder: Path) -> dict[str, Tagger]:
    found = {}
    for language in LANGUAGES:
        path = folder / f"names-{language}.crfsuite"
        train_tagger(language, some, path)
        found[language] = Tagger(language, path)
    return found


def cast_of(view: View, label: Label) -> dict[int, str]:
    """Return which names of a text are parties of a labelled deal, and in which role."""
    found: dict[int, str] = {}
    for role, names, _ in label.parties:
        for index, name in enumerate(view.names):
            if index not in found and same_name(name.name, names):
                found[index] = role
    return found


def home(view: View, label: Label, cast: dict[int, str]) -> list[int]:
    """Return the sentences that state a deal: those of its quote, else the fullest one."""
    numbers = range(len(view.sentences))
    if label.quote is not None:
        start, end = label.quote
        return [
            n for n in numbers if view.sentences[n].start < end and start < view.sentences[n].end
        ]
    scores = [_fullness(view, n, label, cast) for n in numbers]
    return [int(np.argmax(scores))] if scores else []


def _fullness(view: View, number: int, label: Label, cast: dict[int, str]) -> float:
    symbols = view.symbols[number]
    score = 2.0 * len({s.name for s in symbols if s.name in cast})
    for symbol in symbols:
        frame = features.frames_of(view, symbol, label.type)
        if frame is not None:
            score += 0.6 if frame.strong else 0.2
        if symbol.money >= 0 and _is_price(view, symbol.money, label):
            score += 1.0
    return score


def _is_price(view: View, money: int, label: Label) -> bool:
    amount = view.money[money]
    return label.amount is not None and label.amount == (amount.low, amount.high, amount.currency)


def collect(found: Instances, document: Document, view: View) -> None:
    """Add what one text teaches."""
    labels = [(label, cast_of(view, label)) for label in document.deals]
    homes = [home(view, label, cast) for label, cast in labels]
    memory: features.Memory = {}
    for number in range(len(view.sentences)):
        stated = {label.type for (label, _), at in zip(labels, homes, strict=True) if number in at}
        answers = {str(kind): kind in stated for kind in ROLES}
        for (label, cast), at in zip(labels, homes, strict=True):
            if number not in at and label.type not in stated and _echoes(view, number, label, cast):
                answers.pop(label.type, None)
        found.type.append((columns(features.sentence_features(view, number)), answers))
        for kind in sorted(stated):
            here = [pair for pair, at in zip(labels, homes, strict=True) if number in at]
            told = [pair for pair in here if pair[0].type == kind]
            _collect_deal(found, view, number, kind, told, memory)
        for (label, cast), at in zip(labels, homes, strict=True):
            if number in at:
                memory.update({name: (number, label.type, role) for name, role in cast.items()})


def _echoes(view: View, number: int, label: Label, cast: dict[int, str]) -> bool:
    """Whether a sentence may tell a deal again that another one states."""
    parties = {s.name for s in view.symbols[number] if s.name in cast}
    told = any(features.frames_of(view, s, label.type) for s in view.symbols[number])
    return len(parties) > 1 or (bool(parties) and told)


def _collect_deal(
    found: Instances,
    view: View,
    number: int,
    kind: str,
    labels: list[tuple[Label, dict[int, str]]],
    memory: features.Memory,
) -> None:
    for name in part_features.candidates(view, number):
        role = next((cast[name] for _, cast in labels if name in cast), NO_ROLE)
        parts = part_features.role_features(view, number, kind, name, memory)
        found.roles[kind].append((columns(parts), role))
    status = labels[0][0].status
    found.status.append((columns(features.status_features(view, number, kind)), status))
    for index, place in enumerate(view.money_places):
        if place is not None and abs(place.sentence - number) <= 2:
            right = any(_is_price(view, index, label) for label, _ in labels)
            row = columns(features.money_features(view, number, kind, index))
            found.money.append((row, "yes" if right else "no"))


def _matrix(rows: Sequence[list[int]], used: np.ndarray) -> csr_matrix:
    index = np.full(1 << BITS, -1, dtype=np.int64)
    index[used] = np.arange(len(used))
    mapped = [[index[c] for c in row if index[c] >= 0] for row in rows]
    lengths = np.cumsum([0, *map(len, mapped)])
    flat = np.array([c for row in mapped for c in row], dtype=np.int64)
    ones = np.ones(len(flat), dtype=np.float32)
    return csr_matrix((ones, flat, lengths), shape=(len(rows), len(used)))


def _used(rows: Sequence[list[int]], least: int = 2) -> np.ndarray:
    """Return the columns that occur at least so often: what is seen once teaches little."""
    counts = np.bincount(
        np.concatenate([np.array(row) for row in rows if row]), minlength=1 << BITS
    )
    return np.flatnonzero(counts >= least).astype(np.int32)


def fit(name: str, instances: Sequence[Instance]) -> Linear:
    """Fit one model; two classes make a yes-or-no model whose only column is "yes"."""
    rows = [row for row, _ in instances]
    used = _used(rows)
    solver = LogisticRegression(C=_STRENGTH[name], max_iter=_STEPS, tol=1e-3, random_state=SEED)
    solver.fit(_matrix(rows, used), [answer for _, answer in instances])
    weights = solver.coef_.T.astype(np.float32)
    bias = solver.intercept_.astype(np.float32)
    if len(solver.classes_) == 2:
        names = [str(c) for c in solver.classes_[::-1]]
        return Linear(names, used, weights, bias, single=False)
    return Linear([str(c) for c in solver.classes_], used, weights, bias, single=True)


def fit_types(instances: Sequence[tuple[list[int], dict[str, bool]]]) -> Linear:
    """Fit one yes-or-no model a type over the same features."""
    used = _used([row for row, _ in instances])
    weights, biases = [], []
    for kind in ROLES:
        chosen = [(row, answers[kind]) for row, answers in instances if kind in answers]
        solver = LogisticRegression(
            C=_STRENGTH["type"], max_iter=_STEPS, tol=1e-3, random_state=SEED
        )
        solver.fit(_matrix([row for row, _ in chosen], used), [yes for _, yes in chosen])
        weights.append(solver.coef_[0])
        biases.append(solver.intercept_[0])
    return Linear(
        list(ROLES),
        used,
        np.array(weights, dtype=np.float32).T,
        np.array(biases, dtype=np.float32),
        single=False,
    )


def _learn(some: Sequence[Example], judge: Linear) -> Models:
    found = Instances()
    for document, view in some:
        for _ in range(_WHOLE if document.whole else 1):
            collect(found, document, view)
    return Models(
        fit_types(found.type),
        {kind: fit("role", some) for kind, some in found.roles.items()},
        fit("status", found.status),
        fit("money", found.money),
        judge,
    )


def believable(proposal: Proposal, labels: Iterable[Label]) -> bool:
    """Whether a draft is one of the labelled deals: its type, and a named party in its role."""
    return any(
        proposal.type in label.types
        and any(
            role == ours and same_name(party.name, names)
            for role, names, named in label.parties
            if named
            for ours, party in proposal.parties
        )
        for label in labels
    )


def train(some: Sequence[Example]) -> Models:
    """Learn everything; the judge learns from halves that were read by the other half."""
    blank = Linear(
        ["yes"], np.zeros(0, np.int32), np.zeros((0, 1), np.float32), np.zeros(1, np.float32), False
    )
    shuffled = list(some)
    random.Random(SEED).shuffle(shuffled)  # noqa: S311 - a fixed order, no secret
    halves = (shuffled[::2], shuffled[1::2])
    verdicts: list[Instance] = []
    for learn, apply in (halves, halves[::-1]):
        reader = Learned(_learn(learn, blank))
        for document, view in apply:
            for proposal, judged in reader.drafts(view):
                right = believable(proposal, document.deals)
                verdict = (columns(judged), "yes" if right else "no")
                verdicts += [verdict] * (_WHOLE_JUDGED if document.whole else 1)
    return _learn(shuffled, fit("judge", verdicts))


def build(documents: Iterable[Document], folder: Path) -> None:
    """Train on documents, and write all model files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    reader = Reader(model=None)
    some = examples(documents, reader)
    random.Random(SEED).shuffle(some)  # noqa: S311 - a fixed order, no secret
    save(folder / "deals.npz", train(retagged(some, reader, folder)).flat())


def write_common(documents: Iterable[Document]) -> None:
    """Write the words that stand in lower case in our texts: a capital alone makes them no name."""
    found: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    for document in documents:
        text = normalise(document.text)
        words = (token.text for token in tokens(text, 0, len(text)))
        found[document.language].update(w for w in words if w.islower() and w.isalpha())
    for language, common in found.items():
        head = "# Words that stand in lower case in our corpus. Made by processors/train.py.\n"
        lines = "".join(f"{word}\n" for word in sorted(common) if len(word) > 1)
        (DATA / language / "common.txt").write_text(head + lines, "utf-8")


def main() -> None:
    """Train on the whole corpus."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=MODEL)
    args = parser.parse_args()
    documents = everything()
    write_common(documents)
    build(documents, args.out)
    size = sum(path.stat().st_size for path in args.out.iterdir())
    print(f"wrote {args.out}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
