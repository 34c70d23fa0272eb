"""Feeds that are no XML, as many are, made XML again."""

from __future__ import annotations

import html
import re
from typing import Any
from xml.parsers import expat

from lxml import etree

_DOCTYPE = re.compile(
    r"^(?P<before>\s*(?:<!--(?>.*?-->)\s*)*+)<!DOCTYPE\s[^\[>]*(?:\[(?>.*?\]\s*>)|>)",
    re.IGNORECASE | re.DOTALL,
)
_AMPERSAND = re.compile(r"&(#\w{1,8};|[A-Za-z]\w{1,30};)?")
_XML_ENTITIES = frozenset(("&amp;", "&lt;", "&gt;", "&quot;", "&apos;"))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

FIELDS = frozenset(("title", "link", "description", "guid", "pubDate", "category", "author"))
ENTRIES = frozenset(("item", "entry"))
LISTS = frozenset(("channel", "feed", "RDF", "rss"))
"""What holds what in a feed."""


NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "media": "http://search.yahoo.com/mrss/",
}
"""What prefixes mean that feeds use without saying so."""


def without_doctype(text: str) -> str:
    """Return the document without its DOCTYPE; the entities that it defines then mean nothing."""
    return _DOCTYPE.sub(r"\g<before>", text)


def well_formed(text: str) -> tuple[bytes, str]:
    """Return the document as XML, repaired where it is none; and what was wrong with it.

    feedparser's own way with broken documents takes a time that grows with the square of the size
    for some that are made for it: docs/decisions/feeds.md.
    """
    document = text.encode("utf-8")
    if not (problem := xml_problem(document)):
        return document, ""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(document, parser)
    if root is None:
        return b"<nothing/>", problem
    for element in list(root.iter(etree.Element)):
        for name in [name for name in element.attrib if ":" in name and name[0] != "{"]:
            del element.attrib[name]
        if ":" in element.tag and element.tag[0] != "{":  # a prefix that was never declared
            prefix, _, name = element.tag.rpartition(":")
            try:
                element.tag = f"{{{NAMESPACES[prefix]}}}{name}" if prefix in NAMESPACES else name
            except ValueError:  # no name that XML has
                element.tag = "nothing"
        _move_out(element)
    document = etree.tostring(root, encoding="utf-8")
    return (b"<nothing/>" if xml_problem(document) else document), problem


def _name(element: Any) -> str:
    name: str = element.tag.rpartition("}")[2]
    return name


def _move_out(element: Any) -> None:
    """Put an element of a feed behind the one that was not closed before it."""
    name, parent = _name(element), element.getparent()
    while parent is not None and parent.getparent() is not None:
        around = _name(parent)
        is_inside = (name in FIELDS and around in FIELDS) or (
            name in ENTRIES and around not in LISTS
        )
        if not is_inside:
            break
        last = parent
        for moved in [element, *element.itersiblings()]:
            last.addnext(moved)
            last = moved
        parent = element.getparent()


def xml_problem(document: bytes) -> str:
    """Return what keeps the document from being XML, empty when nothing does."""
    try:
        expat.ParserCreate(encoding="utf-8", namespace_separator=" ").Parse(document, True)
    except expat.ExpatError as error:
        return str(error)
    return ""


def mend(text: str) -> str:
    """Return the document without what often keeps it from being XML.

    Those are control characters, bare ampersands, and the entities of HTML.
    >>> mend("<a>S&P &amp; d&eacute;j&agrave; <![CDATA[R&D]]>\x0b</a>")
    '<a>S&amp;P &amp; déjà <![CDATA[R&D]]></a>'
    """
    parts = []
    for number, part in enumerate(_CONTROL.sub("", text).split("<![CDATA[")):
        inside, end, outside = part.partition("]]>") if number else ("", "", part)
        if number and not end:  # never closed: no CDATA, then
            inside, outside = "", part
        parts.append(f"<![CDATA[{inside}{end}" if number else "")
        parts.append(_AMPERSAND.sub(_mend_ampersand, outside))
    return "".join(parts)


def _mend_ampersand(found: re.Match[str]) -> str:
    words = found[0]
    if words in _XML_ENTITIES or words.startswith("&#"):
        return words
    character = html.unescape(words) if words.endswith(";") else words
    return character if character != words else f"&amp;{words[1:]}"
