"""Articles out of dumps of a wiki, such as Wikinews: MediaWiki's XML export.

https://www.mediawiki.org/wiki/Help:Export#Export_format
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from lxml import etree

CATEGORY, FILE, ARTICLES = "14", "6", "0"
"""Numbers of the namespaces that concern us; their names are in the dump, in its language."""

NOT_TEXT_TAGS = frozenset(
    {
        "gallery",
        "math",
        "ref",
        "references",
        "script",
        "style",
        "syntaxhighlight",
        "table",
        "timeline",
    }
)
_EDGES = re.compile(r"[^\S\n]*\n[^\S\n]*")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Site:
    """What the head of a dump says of its wiki."""

    name: str = ""
    base: str = ""
    language: str | None = None
    not_text: tuple[str, ...] = ()
    """Names of the namespaces whose links are no words of the text: files and categories."""


class WikiPage(NamedTuple):
    """The newest revision of a page."""

    site: Site
    title: str
    wikitext: str
    taken_at: datetime
    """When it was last revised."""


@dataclass
class _Head:
    """The parts of a `siteinfo` as they come."""

    language: str | None
    names: dict[str, str] = field(default_factory=dict)
    not_text: list[str] = field(default_factory=list)

    def site(self) -> Site:
        return Site(
            self.names.get("sitename", ""),
            self.names.get("base", ""),
            self.language,
            ("File", "Image", "Category", *self.not_text),
        )


def read_wiki_pages(data: BinaryIO) -> Iterator[tuple[int, WikiPage | ValueError]]:
    """Yield the number of each article's page, from 1, and the page or its problem.

    Talk, user pages, templates, redirects and the like are no articles. Raises ValueError where
    the file is no such dump, or damaged. A document type is refused, so there are no entities.
    """
    number = found = 0
    site, head = Site(), _Head(None)
    try:
        events = etree.iterparse(
            data, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
        )
        for event, node in events:
            name = etree.QName(node).localname
            if event == "start":
                if node.getparent() is None:
                    if name != "mediawiki" or node.getroottree().docinfo.doctype:
                        raise ValueError("no MediaWiki XML export, or one with a document type")
                    lang = node.get("{http://www.w3.org/XML/1998/namespace}lang")
                    head = _Head(lang)
                continue
            if name in ("sitename", "base"):
                head.names[name] = node.text or ""
            elif name == "namespace" and node.get("key") in (CATEGORY, FILE) and node.text:
                head.not_text.append(node.text)
            elif name == "siteinfo":
                site = head.site()
            elif name == "revision":  # the history of a page may be larger than the memory
                if (before := node.getprevious()) is not None and before.tag == node.tag:
                    node.getparent().remove(before)
            elif name == "page":
                number += 1
                if page := _page(site, node):
                    found += 1
                    yield number, page
                node.clear()
                while node.getprevious() is not None:  # or all pages stay in memory
                    del node.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise ValueError(f"damaged after page {number}: {error.msg}") from error
    if not found:
        raise ValueError(f"none of its {number} pages is an article")


def _page(site: Site, node: etree._Element) -> WikiPage | ValueError | None:
    if (node.findtext("{*}ns") or ARTICLES) != ARTICLES or node.find("{*}redirect") is not None:
        return None
    title = node.findtext("{*}title") or ""
    revision = node.find("{*}revision")
    if revision is None or not (text := revision.findtext("{*}text")):
        return ValueError(f"the page {title!r} has no text")
    try:
        taken_at = datetime.fromisoformat(revision.findtext("{*}timestamp") or "")
    except ValueError:
        return ValueError(f"the page {title!r} has no time")
    return WikiPage(site, title, text, taken_at)


def wiki_fields(page: WikiPage) -> dict[str, Any]:
    """Return what the article has, by the names that files of articles use.

    Raises ValueError when nothing but templates is there.
    """
    # Loading it takes a while, and most commands never see a wiki.
    import mwparserfromhell

    code = mwparserfromhell.parse(page.wikitext)
    published = _date(code, page.site.language)
    _keep_text(code, {name.casefold() for name in page.site.not_text})
    text = _EDGES.sub("\n", code.strip_code())
    text = _BLANK_LINES.sub("\n\n", text).strip()
    if not text:
        raise ValueError(f"the page {page.title!r} has nothing but templates")
    title = quote(page.title.replace(" ", "_"), safe="/:(),'!*;@&=+$~")
    return {
        "text": text,
        "title": page.title,
        "url": f"{page.site.base.rpartition('/')[0]}/{title}" if page.site.base else None,
        "source": page.site.name,
        "language": page.site.language,
        "published": published,
    }


def _keep_text(code: Any, not_text: set[str]) -> None:
    """Take out what is no text: templates, files, categories, tables, notes, empty sections."""
    from mwparserfromhell.nodes import Comment, Heading, Tag, Template, Wikilink

    kept: list[Any] = []
    level_below = 0
    has_text = False
    for node in reversed(code.nodes):
        if isinstance(node, Template | Comment):
            continue
        if isinstance(node, Wikilink) and _namespace(node) in not_text:
            continue
        if isinstance(node, Tag) and str(node.tag).strip().casefold() in NOT_TEXT_TAGS:
            continue
        if isinstance(node, Heading):
            if not has_text and level_below <= node.level:
                continue  # such as the sources, of which templates alone are made
            level_below, has_text = node.level, False
        elif str(node).strip():
            has_text = True
        kept.append(node)
    code.nodes = kept[::-1]


def _namespace(link: Any) -> str:
    namespace, colon, _ = str(link.title).partition(":")
    return namespace.strip().casefold() if colon else ""


def _date(code: Any, language: str | None) -> str | None:
    """Return the day that Wikinews' own template {{date|...}} names; None: it is not there."""
    import dateparser

    for template in code.filter_templates(recursive=False):
        if str(template.name).strip().casefold() == "date" and template.has(1):
            text = str(template.get(1).value).strip()
            languages = [language] if language else None
            try:
                day = dateparser.parse(text, languages=languages, settings={"STRICT_PARSING": True})
            except ValueError:  # a language that it does not know
                return None
            return day.date().isoformat() if day else None
    return None
