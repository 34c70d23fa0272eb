"""Plain text out of the HTML, or what passes for it, that sources send."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from lxml.html.defs import tags as HTML_TAGS  # noqa: N812 - a constant there, without saying so

DROPPED = (
    *("audio", "button", "canvas", "embed", "figcaption", "form", "head", "iframe", "math", "nav"),
    *("noscript", "object", "script", "select", "style", "svg", "template", "textarea", "video"),
)
"""Elements whose contents are no part of what an article says."""

BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt"),
        *("figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main"),
        *("ol", "p", "pre", "section", "table", "tr", "ul"),
    )
)
"""Elements that begin a paragraph, and end it."""

MOST_LAYERS = 4
"""Text is escaped twice at times, rarely three times."""

_TAG = re.compile(
    rf"<(?:/?(?:{'|'.join(sorted((*HTML_TAGS, 'template'), key=len, reverse=True))})(?=[\s/>])"
    r"|!--|!\[CDATA\[|!doctype\b|\?xml\b"
    # Elements that HTML does not know: closed, of a custom or prefixed name, or with attributes.
    r"|/[a-z][\w:-]*>|[a-z]\w*[:-][\w:-]*\s*/?>"
    r"|[a-z][\w:-]*(?:\s+[\w:-]+=(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))+\s*/?>)",
    re.IGNORECASE,
)
_STRAY_LESS = re.compile(rf"(?!{_TAG.pattern})<", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
# Not the single spaces between words, which are most.
_SPACES = re.compile(r"[ \t\r\f\v]*\n[ \t\r\f\v]*|[ \t\r\f\v]{2,}|[\t\r\f\v]")
_NEWLINES = re.compile(r"\n{3,}")
# No XML character, or one that cannot be seen and would part a word: soft hyphen, zero widths, BOM,
# and what changes the direction of writing.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"
    "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)


def is_markup(text: str) -> bool:
    """Return whether there is a tag of HTML in it.

    >>> is_markup("profits <b>up</b>"), is_markup("margins < 3 %, x<y")
    (True, False)
    """
    return _TAG.search(text) is not None


def clean_text(text: str) -> str:
    """Return the text without what cannot be seen, its spaces and empty lines single.

    Paragraphs are parted by an empty line; no-break spaces stay, French is written with them.
    """
    text = _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\x85", "\n"))
    text = _SPACES.sub(lambda found: "\n" if "\n" in found[0] else " ", text)
    return _NEWLINES.sub("\n\n", text).strip()


def plain_text(source: str) -> str:
    """Return what a browser would show of `source`, with its paragraphs; scripts and forms not.

    `source` may be plain text already, HTML, or either of them escaped once more than it should be.

    >>> plain_text("<p>Caf&eacute; &amp;amp; Co</p><script>alert(1)</script><p>Two<br>lines</p>")
    'Café & Co\\n\\nTwo\\nlines'
    >>> plain_text("margins < 3 %")
    'margins < 3 %'
    """
    text = source
    for _ in range(MOST_LAYERS):
        before = text
        if is_markup(text):
            text = _of_html(text)
        elif _ENTITY.search(text):
            text = html.unescape(text)
        if text == before:
            break
    # Whatever layers are left: nothing that is a tag stays one.
    return clean_text(_TAG.sub(" ", text))


def one_line(source: str) -> str:
    """Return the plain text of a title or a name, on one line.

    >>> one_line("IBM <em>buys</em>\\n Confluent")
    'IBM buys Confluent'
    """
    return plain_text(source).replace("\n\n", " ").replace("\n", " ")


def _of_html(source: str) -> str:
    source = _UNWANTED.sub("", _STRAY_LESS.sub("&lt;", source))
    parser = HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8", huge_tree=True)
    try:
        root = document_fromstring(source.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):  # nothing but comments
        return ""
    etree.strip_elements(root, *DROPPED, with_tail=False)
    return "".join(_pieces(root))


def _pieces(root: HtmlElement) -> Iterator[str]:
    """Yield the texts of all elements in order, and the breaks between them."""
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in BLOCKS:
            yield "\n\n"
        elif tag == "br" and event == "start":
            yield "\n"
        elif tag in ("td", "th"):
            yield " "
        # Line ends in the source are spaces to a browser.
        words = element.text if event == "start" else element.tail
        if words:
            yield words if tag == "pre" and event == "start" else words.replace("\n", " ")
