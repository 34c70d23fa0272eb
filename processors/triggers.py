"""Words that may tell a deal, found in one Aho-Corasick pass over the whole text."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast, get_args

import ahocorasick_rs

from processors import lexicon
from schemas import DealType
from schemas.deal_event import ROLES

Kind = Literal["verb", "noun"]


class Frame(NamedTuple):
    """What a trigger says when it is read by the book: who does what to whom."""

    type: DealType
    kind: Kind
    subject: str
    object: str
    strong: bool = True


class Hit(NamedTuple):
    """A trigger in the text; `entry` is its form in the list, `frames` its readings."""

    start: int
    end: int
    entry: str
    frames: tuple[Frame, ...]


def _columns(line: str) -> tuple[str, str, str, str, str]:
    columns = [column.strip() for column in line.split("|")]
    if len(columns) != 4:
        raise ValueError(f"4 columns between | are needed, not {len(columns)}")
    kind, part, roles, forms = columns
    if kind not in ROLES or part not in get_args(Kind):
        raise ValueError(f"{kind} | {part}: a type is one of {', '.join(ROLES)}; verb or noun")
    subject, _, patient = (word.strip() for word in roles.partition(">"))
    if unknown := {subject, patient} - set(ROLES[kind]):
        raise ValueError(f"no role of {kind}: {', '.join(sorted(unknown)) or 'an empty one'}")
    return kind, part, subject, patient, forms


class Triggers:
    """The triggers of one language, from data/<language>/triggers.txt."""

    def __init__(self, language: str) -> None:
        """Raises ValueError, which names the place, for a line that is no trigger."""
        frames: dict[str, list[Frame]] = {}
        path = lexicon.DATA / language / "triggers.txt"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                kind, part, subject, patient, forms = _columns(line)
            except ValueError as error:
                raise ValueError(f"{path}:{number}: {error}") from error
            for form in (form.strip() for form in forms.split(",")):
                strong = not form.startswith("?")
                frame = Frame(cast(DealType, kind), cast(Kind, part), subject, patient, strong)
                entry = frames.setdefault(form.lstrip("?"), [])
                if frame not in entry:
                    entry.append(frame)
        self._entries = sorted(frames)
        self._frames = [tuple(frames[entry]) for entry in self._entries]
        stems = [entry.partition("*")[0] for entry in self._entries]
        rests = [entry.partition("*")[2] for entry in self._entries]
        self._rests = [
            rest if "*" in entry else None for rest, entry in zip(rests, self._entries, strict=True)
        ]
        self._automaton = ahocorasick_rs.AhoCorasick(stems, store_patterns=False)

    def find(self, low_text: str) -> list[Hit]:
        """Return the triggers of a text in lower case, the longest where several overlap."""
        hits: list[Hit] = []
        for index, start, end in self._automaton.find_matches_as_indexes(
            low_text, overlapping=True
        ):
            if start and low_text[start - 1].isalnum():
                continue
            rest = self._rests[index]
            if rest is not None:
                while end < len(low_text) and low_text[end].isalpha() and end - start < 40:
                    end += 1
                if rest and not low_text.startswith(rest, end):
                    continue
                end += len(rest)
            if end < len(low_text) and low_text[end].isalnum():
                continue
            hits.append(Hit(start, end, self._entries[index], self._frames[index]))
        hits.sort(key=lambda hit: (hit.start, -hit.end, -len(hit.entry)))
        kept: list[Hit] = []
        for hit in hits:
            if kept and hit.start < kept[-1].end:
                if (hit.start, hit.end) == (kept[-1].start, kept[-1].end):
                    frames = kept[-1].frames + tuple(
                        f for f in hit.frames if f not in kept[-1].frames
                    )
                    kept[-1] = kept[-1]._replace(frames=frames)
                continue
            kept.append(hit)
        return kept
