"""What the model looks at to tell a name's part in a deal."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from processors.features import Memory, frames_of, stem, word_at
from processors.triggers import Frame
from processors.view import Place, Symbol, View

_WINDOW = 3
_AROUND = 7
_PATH = 5
_BETWEEN = 14
"""How many words are looked at: beside a name in order, around it in any order, as the whole
path to a trigger, and on the way to it."""
_PASSIVE = frozenset(("par", "by"))
_BACK = 4
"""How many sentences back a party may stand."""


def candidates(view: View, number: int) -> list[int]:
    """Return the names that may take part in a deal that sentence `number` states."""
    near = {0, *range(max(0, number - _BACK), min(len(view.symbols), number + 2))}
    found = {name for at in near for name in view.named_in[at]}
    found.update(name for name in view.main if view.places[name][0].sentence < number)
    return sorted(found)


def role_features(view: View, number: int, kind: str, name: int, memory: Memory) -> list[str]:
    """Return the features of a name's part in a deal of type `kind` stated by a sentence.

    `memory` holds the part that each name played last.
    """
    symbols = view.symbols[number]
    triggers = [
        (at, frame)
        for at, symbol in enumerate(symbols)
        if (frame := frames_of(view, symbol, kind)) is not None
        and (at == 0 or symbols[at - 1].hit != symbol.hit)
    ]
    inside = view.named_in[number].get(name, [])
    found = [f"kind{view.names[name].kind}"]
    found += _name_features(view, name)
    if name in memory:
        last, before, role = memory[name]
        found += [f"was{role}", f"was{role}{before == kind}{bool(inside)}"]
        found.append(f"was{role}gap{min(number - last, 3)}{bool(inside)}")
    else:
        found.append(f"was none{bool(memory)}{bool(inside)}")
    orgs = _orgs(symbols)
    if inside:
        at = min(inside, key=lambda i: min((abs(i - t) for t, _ in triggers), default=i))
        found += _inside_features(view, symbols, at, triggers, orgs)
    else:
        found += _outside_features(view, number, name, orgs)
    return found


def _orgs(symbols: list[Symbol]) -> list[int]:
    """Return the organisations of a sentence in order, each once."""
    return list(dict.fromkeys(s.name for s in symbols if s.word == "<O>"))


def _name_features(view: View, name: int) -> Iterator[str]:
    words = view.names[name].name.lower().split()
    yield f"words{min(len(words), 4)}"
    for word in words:
        if len(words) > 1:
            yield f"nw{stem(word)}"
    yield f"count{min(len(view.places[name]), 4)}"
    if view.places[name] and view.places[name][0].sentence == 0:
        yield "inheadline"


def _inside_features(
    view: View, symbols: list[Symbol], at: int, triggers: list[tuple[int, Frame]], orgs: list[int]
) -> Iterator[str]:
    left = [word_at(symbols, at - i) for i in range(1, _WINDOW + 1)]
    right = [word_at(symbols, at + i) for i in range(1, _WINDOW + 1)]
    for i in range(_WINDOW):
        yield f"L{i}{left[i]}"
        yield f"R{i}{right[i]}"
        yield f"l{i}{stem(left[i])}"
        yield f"r{i}{stem(right[i])}"
    yield f"LL{left[1]} {left[0]}"
    yield f"RR{right[0]} {right[1]}"
    yield f"LR{left[0]} {right[0]}"
    yield f"LLL{stem(left[2])} {stem(left[1])} {stem(left[0])}"
    yield f"RRR{stem(right[0])} {stem(right[1])} {stem(right[2])}"
    for i in range(1, _AROUND + 1):
        yield f"la{stem(word_at(symbols, at - i))}"
        yield f"ra{stem(word_at(symbols, at + i))}"
    rank = orgs.index(symbols[at].name) if symbols[at].name in orgs else -1
    yield f"rank{rank}of{len(orgs)}"
    yield f"last{rank == len(orgs) - 1}of{min(len(orgs), 4)}"
    yield f"start{min(at, 3)}"
    for j, (t, frame) in enumerate(sorted(triggers, key=lambda pair: abs(pair[0] - at))[:3]):
        yield from _trigger_features(view, symbols, at, t, frame, left[0], j)
    if not triggers:
        yield "notrigger"
        yield f"notrigger{rank}of{len(orgs)}"
    for i, symbol in enumerate(symbols):
        if symbol.hit >= 0:
            yield f"any{view.hits[symbol.hit].entry}{'<' if i < at else '>'}"
    first = next((i for i, s in enumerate(symbols) if s.word == "<M>"), -1)
    if first >= 0:
        yield f"money{'<' if first < at else '>'}{min(abs(first - at), 5)}"
    for i, symbol in enumerate(symbols):
        if symbol.name >= 0 and i != at:
            yield f"other{symbol.word}{'<' if i < at else '>'}{word_at(symbols, i - 1)}"


def _trigger_features(
    view: View, symbols: list[Symbol], at: int, t: int, frame: Frame, before: str, order: int
) -> Iterator[str]:
    side = "<" if t < at else ">"
    low, high = sorted((at, t))
    between = symbols[low + 1 : high]
    names = sum(s.name >= 0 for s in between)
    entry = view.hits[symbols[t].hit].entry
    passive = any(s.word in _PASSIVE for s in symbols[t : t + 4])
    role = frame.subject if side == ">" else frame.object
    yield f"tr{order > 0}{entry}{side}"
    yield f"trp{entry}{side}{before}"
    yield f"trn{side}{min(names, 3)}{passive}"
    yield f"trd{side}{min(len(between), 6)}"
    yield f"fr{order > 0}{role}{frame.kind}{passive}"
    yield f"frn{role}{frame.kind}{min(names, 2)}{before}"
    yield f"trw{stem(symbols[t].word)}{side}{min(names, 2)}{passive}"
    if order == 0:
        if len(between) <= _PATH:
            yield f"path{side}{' '.join(stem(s.word) for s in between)}"
            yield f"pathe{entry}{side}{' '.join(stem(s.word) for s in between)}"
        for symbol in between[:_BETWEEN]:
            yield f"bt{side}{stem(symbol.word)}"


def _outside_features(view: View, number: int, name: int, orgs: list[int]) -> Iterator[str]:
    symbols = view.symbols[number]
    place = _nearest(view, number, name)
    gap = number - place.sentence
    far = f"gap{max(-1, min(gap, _BACK + 1))}"
    there = _orgs(view.symbols[place.sentence])
    rank = there.index(name) if name in there else -1
    yield "outside"
    yield far
    yield f"{far}rank{rank}of{min(len(there), 4)}"
    yield f"{far}here{min(len(orgs), 3)}"
    yield f"here{min(len(orgs), 3)}first{rank == 0}"
    first = [stem(word_at(symbols, i)) for i in range(3)]
    yield f"opens{first[0]}"
    yield f"opens{first[0]} {first[1]}"
    yield f"opens{first[0]} {first[1]} {first[2]}"
    yield f"{far}opens{first[0]}{rank == 0}"
    for symbol in symbols:
        if symbol.name < 0:
            yield f"ow{stem(symbol.word)}"
        if symbol.hit >= 0:
            yield f"ot{view.hits[symbol.hit].entry}{min(len(orgs), 2)}"
    around = view.symbols[place.sentence]
    yield f"oL{word_at(around, place.symbol - 1)}"
    yield f"oR{word_at(around, place.symbol + 1)}"
    yield f"main{len(view.places[name]) == view.most}here{min(len(orgs), 2)}"
    since = range(place.sentence + 1, number + 1)
    recent = not any(other != name for at in since for other in view.named_in[at])
    yield f"recent{recent}{gap > 0}"


def _nearest(view: View, number: int, name: int) -> Place:
    """Return the mention that a reader would have in mind: the latest before, else the next."""
    places = view.places[name]
    at = bisect_right(places, number, key=_sentence_of)
    return places[at - 1] if at else places[0]


def _sentence_of(place: Place) -> int:
    return place.sentence
