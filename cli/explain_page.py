"""An explanation as one web page: no script, nothing loaded from elsewhere, dark or light."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib import resources
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from cli.explain_words import NAMES, Fact, counted, facts, headline, joined, passed_over, summary
from cli.marks import Piece, harmless, pieces
from processors.explanation import Explanation, Reason, Reported, Told, Unseen
from processors.reasons import called, percent

_BAR = 60
"""Width of half a bar of points, in pixels: to the left against, to the right for."""


def page(explained: Sequence[tuple[str, Explanation]]) -> str:
    """Return a whole HTML document about articles, each with the name of its file."""
    style = (resources.files("cli") / "explain.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = harmless(explained[0][1].title or explained[0][0])
    head = _tag(
        "head",
        _tag("meta", charset="utf-8"),
        _tag("meta", **{"http-equiv": "Content-Security-Policy"}, content=policy),
        _tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _tag("meta", name="color-scheme", content="light dark"),
        _tag("title", f"{title} – why these deals"),
        _tag("style", style),
    )
    body = _tag(
        "body",
        *(_explanation(f"a{n}-", doc, one) for n, (doc, one) in enumerate(explained, 1)),
    )
    root = _tag("html", head, body, lang="en")
    # In this form everything but the style is escaped, whatever an article holds.
    return "<!doctype html>\n" + ElementTree.tostring(root, encoding="unicode", method="html")


def _tag(name: str, /, *children: Element | str | None, **attributes: str) -> Element:
    """Return an element; `class_` stands for `class`."""
    element = Element(name, {key.rstrip("_"): value for key, value in attributes.items()})
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            element.append(child)
            last = child
        elif child and last is None:
            element.text = (element.text or "") + child
        elif child and last is not None:
            last.tail = (last.tail or "") + child
    return element


def _explanation(prefix: str, doc: str, one: Explanation) -> Element:
    deals = [_deal(prefix, number, deal) for number, deal in enumerate(one.deals, 1)]
    return _tag(
        "main",
        _tag("h1", harmless(one.title or doc), dir="auto"),
        _tag("p", summary(one), class_="quiet"),
        _tag(
            "div",
            _tag("section", _legend(), _article(prefix, one), class_="read"),
            _tag(
                "section",
                _tag("h2", counted(len(deals), "deal") + " reported"),
                *deals,
                _doubted(one),
                _unseen(one),
            ),
            class_="columns",
        ),
    )


def _legend() -> Element:
    kinds = [_tag("span", words, class_=f"mark {kind}") for kind, words in NAMES.items()]
    kinds.append(_tag("span", "tells a deal", class_="deal"))
    kinds.append(_tag("span", "thought possible, not believed", class_="doubt"))
    return _tag("p", *(part for kind in kinds for part in (kind, " ")), class_="legend")


def _article(prefix: str, one: Explanation) -> Element:
    parts: list[Element | str] = []
    told: tuple[int, ...] = ()
    met: set[int] = set()
    for piece in pieces(one):
        if told and piece.deals != told:
            parts += _numbers(prefix, told, met)
        parts.append(_piece(piece))
        told = piece.deals
    if told:
        parts += _numbers(prefix, told, met)
    article = _tag("article", *parts, dir="auto")
    if one.language:
        article.set("lang", one.language)
    return article


def _piece(piece: Piece) -> Element | str:
    inner: Element | str = piece.text
    classes = list(dict.fromkeys(mark.kind for mark in piece.marks))
    if classes:
        says = "; ".join(_says(mark.kind, mark.of) for mark in piece.marks)
        inner = _tag("span", piece.text, class_=" ".join(["mark", *classes]), title=says)
    if piece.deals:
        return _tag("span", inner, class_="deal")
    return _tag("span", inner, class_="doubt") if piece.doubted else inner


def _says(kind: str, of: str) -> str:
    words = NAMES.get(kind, kind)
    return harmless(f"{words}: {of}") if of else words


def _numbers(prefix: str, deals: Sequence[int], met: set[int]) -> Iterator[Element]:
    """Yield links to deals; the first one of each is also where the deal links back to."""
    for number in deals:
        link = _tag("a", str(number), href=f"#{prefix}deal{number}", class_="number")
        if number not in met:
            link.set("id", f"{prefix}told{number}")
            met.add(number)
        yield _tag("sup", link)


def _deal(prefix: str, number: int, deal: Reported) -> Element:
    event = deal.event
    kind = called(event.type).partition(" ")[2]
    head = _tag(
        "h3",
        _tag("a", str(number), href=f"#{prefix}told{number}", class_="number"),
        f" {kind}, ",
        _tag("span", event.status, class_=event.status),
    )
    words = joined(deal)
    return _tag(
        "div",
        head,
        _confidence(event.confidence),
        _tag("p", words, class_="quiet") if words else None,
        *(_told(told, wide=True) for told in deal.told),
        _tag("p", f"event {event.event_id}", class_="quiet id"),
        class_="card",
        id=f"{prefix}deal{number}",
    )


def _confidence(value: float) -> Element:
    meter = _tag("meter", min="0", max="1", value=f"{value:.3f}")
    return _tag("p", "confidence ", meter, f" {percent(value)}")


def _told(told: Told, wide: bool = False) -> Element:
    return _tag(
        "div",
        _quote(told),
        _tag("table", *(_fact(fact) for fact in facts(told)), class_="facts"),
        _passed_over(told),
        _reasons(told, wide),
        class_="told",
    )


def _quote(told: Told | Unseen) -> Element:
    quote = _tag("blockquote", harmless(" ".join(told.text.split())), dir="auto")
    if told.triggers:
        words = f"may tell a deal: {harmless(', '.join(told.triggers))}"
        quote.append(_tag("small", words, class_="quiet"))
    return quote


def _fact(fact: Fact) -> Element:
    sure = "" if fact.probability is None else percent(fact.probability)
    value = _tag("bdi", harmless(fact.value))
    note = harmless(fact.note).replace(" %", "\u00a0%")
    return _tag(
        "tr",
        _tag("th", fact.label, scope="row"),
        _tag(
            "td",
            value,
            " ",
            _tag("small", note, class_="quiet"),
        ),
        _tag("td", sure, class_="figure"),
    )


def _passed_over(told: Told) -> Element | None:
    if not told.passed_over:
        return None
    return _tag("p", f"Passed over: {harmless(passed_over(told))}", class_="quiet")


def _reasons(told: Told, wide: bool) -> Element | None:
    if not told.reasons:
        return None
    most = max(abs(reason.points) for reason in told.reasons)
    total = sum(reason.points for reason in told.reasons)
    return _tag(
        "details",
        _tag("summary", f"What speaks for it and against it: {percent(told.confidence)}"),
        _tag(
            "table",
            *(_reason(reason, most) for reason in told.reasons),
            _tag(
                "tr",
                _tag("td", f"{total:+.1f}", class_="figure"),
                _tag("td"),
                _tag("td", f"in all: confidence {percent(told.confidence)}"),
                class_="total",
            ),
            class_="reasons",
        ),
        **({"open": "open"} if wide else {}),
    )


def _reason(reason: Reason, most: float) -> Element:
    width = max(1, round(_BAR * abs(reason.points) / most))
    speaks = "for" if reason.points > 0 else "against"
    x = _BAR if reason.points > 0 else _BAR - width
    bar = _tag("rect", x=str(x), y="2", width=str(width), height="8", class_=speaks)
    axis = _tag("rect", x=str(_BAR), y="0", width="1", height="12", class_="axis")
    drawn = _tag("svg", bar, axis, width=str(2 * _BAR), height="12", role="img")
    drawn.set("aria-label", speaks)
    return _tag(
        "tr",
        _tag("td", f"{reason.points:+.1f}", class_="figure"),
        _tag("td", drawn),
        _tag("td", harmless(reason.words)),
    )


def _doubted(one: Explanation) -> Element | None:
    if not one.doubted:
        return None
    return _tag(
        "details",
        _tag("summary", f"Thought possible, not believed: {len(one.doubted)}"),
        *(
            _tag(
                "div",
                _tag("h3", headline(told)),
                _confidence(told.confidence),
                _told(told),
                class_="card faint",
            )
            for told in one.doubted
        ),
        class_="more",
    )


def _unseen(one: Explanation) -> Element | None:
    if not one.unseen:
        return None
    return _tag(
        "details",
        _tag("summary", f"Words of deals, but no deal thought possible: {len(one.unseen)}"),
        *(_tag("div", _quote(some), _likely(some), class_="told") for some in one.unseen),
        class_="more",
    )


def _likely(some: Unseen) -> Element | None:
    types = ", ".join(f"{called(name)} {percent(p)}" for name, p in some.types.items())
    return _tag("p", f"It might tell of {types}.", class_="quiet") if types else None
