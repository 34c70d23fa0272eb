"""What the model looks at: features of a sentence, of a name's part in it, of an amount."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from processors.triggers import Frame
from processors.view import Place, Symbol, View

_STEM = 5
_WINDOW = 3
_AROUND = 7
_PATH = 5
_BETWEEN = 14
_JOINTS = frozenset(
    (
        "par",
        "by",
        "de",
        "of",
        "à",
        "to",
        "from",
        "auprès",
        "chez",
        "with",
        "avec",
        "for",
        "pour",
        "in",
        "dans",
    )
)
_PASSIVE = frozenset(("par", "by"))
_MAIN = 2
"""How many of the names that a text mentions most may take part from anywhere."""
_BACK = 4
"""How many sentences back a party may stand."""


Memory = dict[int, tuple[int, str, str]]
"""By name: the sentence, type and role of the latest deal that it took part in."""


def stem(word: str) -> str:
    """Return the first letters of a long word: endings tell little."""
    return word[:_STEM] if len(word) > _STEM + 1 else word


def word_at(symbols: list[Symbol], at: int) -> str:
    """Return the symbol at an index, with a mark for what lies outside the sentence."""
    return symbols[at].word if 0 <= at < len(symbols) else ("<" if at < 0 else ">")


def sentence_features(view: View, number: int) -> list[str]:
    """Return the features that tell which types of deal a sentence states, and their status."""
    symbols = view.symbols[number]
    found = ["bias"]
    orgs = {s.name for s in symbols if s.word == "<O>"}
    people = sum(s.word == "<P>" for s in symbols)
    money = sum(s.word == "<M>" for s in symbols)
    found.append(f"o{min(len(orgs), 4)}")
    found.append(f"o{min(len(orgs), 2)}m{min(money, 2)}p{min(people, 1)}")
    if view.sentences[number].heading:
        found.append(f"heading{number == 0}")
    found.append(f"at{min(number, 3)}")
    words = [s.word for s in symbols]
    stems = [stem(w) for w in words]
    for at, word in enumerate(words):
        found.append(f"w{word}")
        if stems[at] != word:
            found.append(f"s{stems[at]}")
        found.append(f"b{word_at(symbols, at - 1)} {word}")
        if at > 0:
            found.append(f"c{stems[at - 1]} {stems[at]}")
        if at > 1:
            found.append(f"d{stems[at - 2]} {stems[at]}")
            found.append(f"t{stems[at - 2]} {stems[at - 1]} {stems[at]}")
    bones = _bones(view, symbols)
    for at, bone in enumerate(bones):
        if at:
            found.append(f"k{bones[at - 1]} {bone}")
        if at > 1:
            found.append(f"kk{bones[at - 2]} {bones[at - 1]} {bone}")
    for kind, count in view.told.items():
        found.append(f"doc{kind}{min(count, 3)}")
    for symbol in view.symbols[0] if number else ():
        if symbol.hit >= 0:
            found.append(f"H{view.hits[symbol.hit].entry}")
    types: set[str] = set()
    seen: set[int] = set()
    for symbol in symbols:
        if symbol.hit >= 0 and symbol.hit not in seen:
            seen.add(symbol.hit)
            hit = view.hits[symbol.hit]
            found.append(f"T{hit.entry}")
            for frame in hit.frames:
                types.add(f"F{frame.type}{frame.strong}")
                types.add(f"G{frame.type}{frame.strong}{min(len(orgs), 2)}")
    found += sorted(types)
    for back in (1, 2):
        if number >= back:
            found += [f"p{stem(s.word)}" for s in view.symbols[number - back]][:40]
    if number + 1 < len(view.symbols):
        found += [f"n{stem(s.word)}" for s in view.symbols[number + 1]][:40]
    return found


def _bones(view: View, symbols: list[Symbol]) -> list[str]:
    """Return the skeleton of a sentence: names, amounts, triggers and the small words of roles."""
    found: list[str] = []
    last = -1
    for symbol in symbols:
        if symbol.hit >= 0:
            if symbol.hit != last:
                found.append(view.hits[symbol.hit].entry)
            last = symbol.hit
        elif symbol.word[0] == "<" or symbol.word in _JOINTS:
            found.append(symbol.word)
    return found


def frames_of(view: View, symbol: Symbol, kind: str) -> Frame | None:
    """Return the reading of a trigger as a deal of type `kind`, if it has one."""
    if symbol.hit < 0:
        return None
    return next((f for f in view.hits[symbol.hit].frames if f.type == kind), None)


def candidates(view: View, number: int) -> list[int]:
    """Return the names that may take part in a deal that sentence `number` states."""
    near = {0, *range(max(0, number - _BACK), min(len(view.symbols), number + 2))}
    most = sorted((len(places) for places in view.places), reverse=True)[:_MAIN][-1:]
    return [
        index
        for index, places in enumerate(view.places)
        if any(place.sentence in near for place in places)
        or (most and len(places) >= max(3, most[0]) and places[0].sentence < number)
    ]


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
    inside = [place.symbol for place in view.places[name] if place.sentence == number]
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
    most = max((len(p) for p in view.places), default=0)
    yield f"main{len(view.places[name]) == most}here{min(len(orgs), 2)}"
    recent = all(
        not (0 <= number - p.sentence < gap)
        for i, ps in enumerate(view.places)
        for p in ps
        if i != name
    )
    yield f"recent{recent}{gap > 0}"


def _nearest(view: View, number: int, name: int) -> Place:
    """Return the mention that a reader would have in mind: the latest before, else the next."""
    before = [p for p in view.places[name] if p.sentence <= number]
    return before[-1] if before else view.places[name][0]


def status_features(view: View, number: int, kind: str) -> list[str]:
    """Return the features of a deal's status, as the sentence that states it tells it."""
    symbols = view.symbols[number]
    found = [f"kind{kind}", f"heading{view.sentences[number].heading}"]
    words = [s.word for s in symbols]
    for at, word in enumerate(words):
        found += [f"w{word}", f"s{stem(word)}"]
        if at:
            found.append(f"b{words[at - 1]} {word}")
        if at > 1:
            found.append(f"t{words[at - 2]} {words[at - 1]} {word}")
            found.append(f"g{words[at - 2]} {stem(word)}")
        frame = frames_of(view, symbols[at], kind)
        if frame is not None:
            found += [f"T{word}", f"TL{word_at(symbols, at - 1)} {word}"]
            found.append(f"TLL{word_at(symbols, at - 2)} {word_at(symbols, at - 1)} {stem(word)}")
            found.append(f"TF{frame.kind}{word_at(symbols, at - 1)}")
            found.append(f"TR{stem(word)} {word_at(symbols, at + 1)}")
    for offset, mark in ((-1, "p"), (1, "n")):
        if 0 <= number + offset < len(view.symbols):
            found += [f"{mark}{s.word}" for s in view.symbols[number + offset]][:40]
    return found


def money_features(view: View, number: int, kind: str, money: int) -> list[str]:
    """Return the features of an amount as the price or size of the deal that a sentence states."""
    place = view.money_places[money]
    if place is None:
        return []
    symbols = view.symbols[place.sentence]
    at, gap = place.symbol, place.sentence - number
    amount = view.money[money]
    value = amount.low or amount.high or 0
    found = [f"k{kind}", f"gap{gap}", f"size{len(str(int(value)))}", f"k{kind}gap{gap}"]
    for i in range(1, 6):
        left, right = word_at(symbols, at - i), word_at(symbols, at + i)
        found += [f"la{stem(left)}", f"ra{stem(right)}"]
        if i < 4:
            found += [f"L{i}{left}", f"R{i}{right}", f"k{kind}L{i}{stem(left)}"]
    found.append(f"LL{word_at(symbols, at - 2)} {word_at(symbols, at - 1)}")
    found.append(f"RR{word_at(symbols, at + 1)} {word_at(symbols, at + 2)}")
    found.append(
        f"LLL{stem(word_at(symbols, at - 3))} {word_at(symbols, at - 2)} {word_at(symbols, at - 1)}"
    )
    order = [s.money for s in symbols if s.money >= 0]
    found.append(f"order{order.index(money)}of{min(len(order), 3)}gap{gap}")
    distances = [
        (abs(i - at), i < at) for i, s in enumerate(symbols) if frames_of(view, s, kind) is not None
    ]
    if distances:
        nearest, before = min(distances)
        found += [f"td{min(nearest, 8)}{before}", f"tdgap{min(nearest, 4)}{gap}"]
    else:
        found.append("notrigger")
    here = sum(s.money >= 0 for s in view.symbols[number])
    found.append(f"here{min(here, 2)}gap{gap}")
    for symbol in symbols[max(0, at - 12) : at]:
        found.append(f"b{stem(symbol.word)}")
    return found


def judge_features(
    view: View,
    number: int,
    kind: str,
    stated: float,
    rival: float,
    parts: Sequence[tuple[str, int, float]],
    amount: object,
    memory: Memory,
) -> list[str]:
    """Return the features by which a whole deal is believed or not.

    `stated` and `rival`: how sure its type is in that sentence, and the surest other type.
    """
    level = f"{_level(stated)}"
    known = [memory[name][1:] for _, name, _ in parts if name in memory]
    again = sum((kind, role) == memory[name][1:] for role, name, _ in parts if name in memory)
    roles = sorted({role for role, _, _ in parts})
    inside = {s.name for s in view.symbols[number] if s.name >= 0}
    here = sum(name in inside for _, name, _ in parts)
    surest = max((score for _, _, score in parts), default=0.0)
    weakest = min((score for _, _, score in parts), default=0.0)
    total = sum(score for _, _, score in parts)
    hits = {s.hit for s in view.symbols[number] if s.hit >= 0}
    strong = any(f.type == kind and f.strong for h in hits for f in view.hits[h].frames)
    return [
        f"stated{level}",
        f"stated{level}n{min(len(parts), 3)}",
        f"surest{int(surest * 10)}",
        f"weakest{int(weakest * 10)}n{min(len(parts), 3)}",
        f"total{min(int(total * 3), 12)}",
        f"stated{level}surest{int(surest * 5)}",
        f"roles{kind}{' '.join(roles)}",
        f"here{min(here, 3)}of{min(len(parts), 3)}",
        f"here{min(here, 2)}stated{level}",
        f"{kind}amount{amount is not None}",
        f"{kind}strong{strong}",
        f"kind{kind}",
        f"heading{view.sentences[number].heading}{number == 0}",
        f"names{min(len(view.names), 6)}",
        f"rival{_level(rival)}",
        f"lead{max(-4, min(4, _level(stated) - _level(rival)))}",
        f"lead{max(-4, min(4, _level(stated) - _level(rival)))}surest{int(surest * 5)}",
        f"known{min(len(known), 2)}again{min(again, 2)}of{min(len(parts), 3)}",
        f"told{min(view.told[kind], 3)}{level}",
        f"{view.language}{level}",
    ]


def _level(score: float) -> int:
    """Return a probability as a step of its log-odds."""
    score = min(max(score, 0.002), 0.998)
    return round(1.3 * math.log(score / (1 - score)))
