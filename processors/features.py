"""What the model looks at in a sentence, an amount, and a whole draft of a deal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from processors.triggers import Frame
from processors.view import Symbol, View

_STEM = 5
_JOINTS = frozenset(
    (
        *("par", "de", "à", "auprès", "chez", "avec", "pour", "dans"),
        *("by", "of", "to", "from", "with", "for", "in"),
    )
)
"""Small words that tell who does what to whom."""

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
            found += [f"s{stems[at]}", f"q{word[:4]}"]
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
