"""OPML, the lists that feed readers exchange: http://opml.org/spec2.opml."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, tostring

from lxml import etree

from producers.feeds.entries import short_language, web_address
from producers.feeds.sources import Source
from producers.plain_text import one_line


class OpmlError(ValueError):
    """The document is no OPML."""


def parse_opml(document: bytes) -> list[Source]:
    """Return the feeds of the list, each once, in order, folders opened. Raises OpmlError.

    Outlines without a web address are left out: folders, notes, links.
    """
    # No entities, no network; broken ones are read as far as possible.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise OpmlError("this is no OPML document") from error
    if root is None or root.tag.lower() != "opml":
        raise OpmlError("this is no OPML document")
    found: dict[str, Source] = {}
    for outline in root.iter("outline"):
        fields = {name.lower(): value for name, value in outline.attrib.items()}
        if url := web_address(fields.get("xmlurl", "")):
            source = Source(
                url=url,
                name=one_line(fields.get("title") or fields.get("text") or "")[:512],
                language=short_language(fields.get("language", "")),
            )
            found.setdefault(url, source)
    return list(found.values())


def format_opml(sources: Iterable[Source], title: str = "Dealwire") -> str:
    """Return the feeds as an OPML 2.0 document."""
    opml = Element("opml", version="2.0")
    SubElement(SubElement(opml, "head"), "title").text = title
    body = SubElement(opml, "body")
    for source in sources:
        outline = SubElement(body, "outline", type="rss", text=source.label, xmlUrl=source.url)
        if source.language:
            outline.set("language", source.language)
    indent(ElementTree(opml))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(opml, encoding="unicode") + "\n"
