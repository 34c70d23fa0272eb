"""Nothing but text reaches a topic: tags, scripts and control characters are taken out here."""

from __future__ import annotations

import re

from lxml import etree, html
from lxml.html import defs

MOST_LAYERS = 5
"""HTML is found escaped in HTML (`&lt;p&gt;`), once or twice; more often it is an attack."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAMES = "|".join(sorted(defs.tags | {"svg", "math"}))
_TAG = re.compile(
    rf"</?(?:{_NAMES})(?:[\s/][^<>]*)?>"  # an element of HTML,
    r"|<[a-z][a-z0-9-]*[\s/][^<>]*="  # or of anything, with attributes: onload=...
    r"|<!--|<!doctype\b|<!\[cdata\[|<\?xml\b",
    re.IGNORECASE,
)
"""`3 < 4 > 2`, `<name@example.com>` and `List<String>` are none."""

_UNSEEN = ("script", "style", "template", "noscript", "iframe", "object", "head", "svg", "math")
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "option"})
_PARAGRAPHS = (defs.block_tags | {"article", "section", "figure", "figcaption", "main"}) - _LINES
_TOO_DEEP = etree.ErrorTypes.ERR_RESOURCE_LIMIT
"""What libxml2 says as it leaves the rest of a document out."""
_SPACE = re.compile(r"\s+")
_BREAKS = re.compile(r"[^\S\n]*\n[^\S\n]*(?:\n\s*)?")


def plain_text(text: str) -> str:
    """Return the text without markup; as it came, save control characters, where it has none.

    Scripts, styles and comments go with all they contain, block elements end a line, entities are
    decoded. Raises ValueError when what comes out is markup again and again.
    >>> plain_text("<p>A &amp; B<script>alert(1)</script></p><p>3 &lt; 4</p>")
    'A & B\\n\\n3 < 4'
    """
    text = _CONTROL.sub("", text)
    if "<" not in text:
        return text
    for _ in range(MOST_LAYERS):
        if not _TAG.search(text):
            return text
        text = _CONTROL.sub("", _text_of(text))
    raise ValueError("the text is HTML within HTML within HTML: send it as plain text")


def _text_of(markup: str) -> str:
    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    # Inside an element, or libxml2 makes a paragraph of what stands alone.
    tree = html.document_fromstring(f"<div>{markup}</div>".encode(), parser=parser)
    if any(entry.type == _TOO_DEEP for entry in parser.error_log):
        raise ValueError("the text is HTML that is nested too deep: send it as plain text")
    etree.strip_elements(tree, *_UNSEEN, with_tail=False)
    inside = list(tree.iterdescendants())[2:]  # below body and our own element
    # Line ends count only where no element says where lines end.
    if any(node.tag in _PARAGRAPHS or node.tag in _LINES for node in inside):
        for node in tree.iter():
            node.text = _SPACE.sub(" ", node.text or "")
            node.tail = _SPACE.sub(" ", node.tail or "")
    for node in inside:
        if node.tag == "br":
            node.tail = "\n" + (node.tail or "")
        elif node.tag in _LINES:
            node.text = "\n" + (node.text or "")
        elif node.tag in _PARAGRAPHS:
            node.text = "\n\n" + (node.text or "")
            node.tail = "\n\n" + (node.tail or "")
    return _BREAKS.sub(_line_end, tree.text_content()).strip()


def _line_end(found: re.Match[str]) -> str:
    return "\n\n" if found[0].count("\n") > 1 else "\n"
