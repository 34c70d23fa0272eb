"""An explanation on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cli.explain_words import NAMES, facts, headline, joined, passed_over, summary
from cli.marks import Piece, harmless, pieces
from cli.output import STATUS_STYLE
from processors.explanation import Explanation, Reason, Reported, Told, Unseen
from processors.reasons import called, percent

STYLES = {
    "furniture": "dim",
    "heading": "bold",
    "organisation": "bold cyan",
    "person": "bold magenta",
    "place": "bold blue",
    "described": "italic cyan",
    "amount": "bold green",
    "trigger": "yellow",
}
_DEAL = "underline"
_MOST = 5
"""Doubted deals and sentences without one that are shown, each; the page and JSON show all."""
_BAR = 10


def explanation_view(doc: str, explanation: Explanation) -> Group:
    """Return everything, to be printed at once."""
    title = Text(harmless(explanation.title or doc), style="bold")
    parts: list[RenderableType] = [
        Text.assemble(title, "\n", (summary(explanation), "dim")),
        Panel(_article(explanation), padding=(1, 2)),
        _legend(),
    ]
    for number, deal in enumerate(explanation.deals, 1):
        parts += [Text(), *_deal(number, deal)]
    if not explanation.deals:
        parts.append(Text("No deal is reported.", style="bold"))
    if explanation.doubted:
        parts += [Text(), Rule(Text("thought possible, not believed"), style="dim", align="left")]
        parts += [_doubted(told) for told in explanation.doubted[:_MOST]]
        parts += _more(len(explanation.doubted))
    if explanation.unseen:
        words = "words of deals, or something like a deal, and yet none thought possible"
        parts += [Text(), Rule(Text(words), style="dim", align="left")]
        parts += [_unseen(one) for one in explanation.unseen[:_MOST]]
        parts += _more(len(explanation.unseen))
    return Group(*parts)


def _article(explanation: Explanation) -> Text:
    shown, told = Text(), tuple[int, ...]()
    for piece in pieces(explanation):
        if told and piece.deals != told:
            _number(shown, told)
        shown.append(piece.text, style=_style(piece))
        told = piece.deals
    if told:
        _number(shown, told)
    return shown


def _number(shown: Text, deals: Sequence[int]) -> None:
    shown.append(f" [{', '.join(map(str, deals))}]", style="bold reverse")


def _style(piece: Piece) -> str:
    styles = [STYLES[mark.kind] for mark in piece.marks]
    return " ".join([*styles, *([_DEAL] if piece.deals else [])])


def _legend() -> Text:
    kinds = [Text(words, style=STYLES[kind]) for kind, words in NAMES.items()]
    return Text(" · ").join([*kinds, Text("tells a deal [its number]", style=_DEAL)])


def _deal(number: int, deal: Reported) -> Iterator[RenderableType]:
    event = deal.event
    kind = called(event.type).partition(" ")[2]
    yield Rule(
        Text.assemble(
            (f" {number} ", "bold reverse"),
            (f" {kind}", "bold"),
            ", ",
            (event.status, STATUS_STYLE.get(event.status, "")),
            f", confidence {percent(event.confidence)}",
        ),
        align="left",
        style="dim",
    )
    if words := joined(deal):
        yield Text(f"  {words}", style="dim")
    for told in deal.told:
        yield Padding(_quote(told), (1, 0, 0, 2))
        yield Padding(_facts(told), (0, 0, 0, 4))
        if told.passed_over:
            words = harmless(f"passed over: {passed_over(told)}")
            yield Padding(Text(words, style="dim"), (0, 0, 0, 4))
        if told.reasons:
            yield Padding(_reasons(told), (0, 0, 0, 4))
    yield Text(f"  event {event.event_id}", style="dim")


def _quote(told: Told | Unseen) -> Text:
    words = Text(f"“{harmless(' '.join(told.text.split()))}”", style="italic")
    if told.triggers:
        words.append(
            f"\nmay tell a deal: {harmless(', '.join(told.triggers))}", style="not italic yellow"
        )
    return words


def _facts(told: Told) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for fact in facts(told):
        sure = "" if fact.probability is None else percent(fact.probability)
        table.add_row(fact.label, Text(harmless(fact.value)), sure, Text(harmless(fact.note)))
    return table


def _reasons(told: Told) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    most = max(abs(reason.points) for reason in told.reasons)
    for reason in told.reasons:
        table.add_row(f"{reason.points:+.1f}", _bar(reason, most), Text(harmless(reason.words)))
    total = sum(reason.points for reason in told.reasons)
    words = f"in all: confidence {percent(told.confidence)}"
    table.add_row(f"{total:+.1f}", "", words, style="bold")
    return table


def _bar(reason: Reason, most: float) -> Text:
    length = max(1, round(_BAR * abs(reason.points) / most))
    return Text("█" * length, style="green" if reason.points > 0 else "red")


def _doubted(told: Told) -> Padding:
    parties = ", ".join(f"{p.role.replace('_', ' ')} {p.name}" for p in told.parties)
    head = Text.assemble(
        (percent(told.confidence), "bold"), f"  {headline(told)}: ", harmless(parties)
    )
    against = [reason for reason in told.reasons if reason.points < 0][:3]
    why = Text("; ".join(f"{r.words} ({r.points:+.1f})" for r in against), style="dim")
    return Padding(Group(head, _quote(told), why), (1, 0, 0, 2))


def _unseen(one: Unseen) -> Padding:
    types = ", ".join(f"{name.replace('_', ' ')} {percent(p)}" for name, p in one.types.items())
    return Padding(Group(_quote(one), Text(types, style="dim")), (1, 0, 0, 2))


def _more(number: int) -> list[RenderableType]:
    if number <= _MOST:
        return []
    return [Text(f"  and {number - _MOST} more: see --html or --json", style="dim")]
