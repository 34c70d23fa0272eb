"""`dealwire explain`: for people on a terminal and as a page, for programs as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.explain_page import page
from cli.explain_terminal import explanation_view
from cli.marks import harmless, pieces
from processors.explanation import Explanation
from processors.reader import Reader
from tests.conftest import Dealwire
from tests.unit.processors.test_explain import article, explained

SEEDS = Path(__file__).parent.parent.parent / "seeds"
HOSTILE = (
    '<script>alert("x")</script> & Co a racheté Belmoral</style> pour 4 M€. '
    "\x1b[31mrouge\x07 \u202eenvers\u202c \"' onload=x\n"
)


class Seen(HTMLParser):
    """What a browser would see: the elements with their attributes, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.text += " " if tag in ("th", "td", "p", "h3", "small", "summary") else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def told() -> Explanation:
    explanation, _ = explained(mardi={"acquisition": 0.95}, Son={"acquisition": 0.21})
    return explanation


def test_json_in_a_pipe_validates_and_agrees_with_extract(dealwire: Dealwire) -> None:
    seed = next(iter(sorted(SEEDS.glob("*.txt"))))
    done = dealwire("explain", seed)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("doc") == seed.stem
    explanation = Explanation.model_validate(found)
    text = explanation.text
    assert explanation.marks
    assert all(text[mark.start : mark.end] == mark.text for mark in explanation.marks)
    deals = json.loads(dealwire("extract", seed).stdout)["deals"]
    assert [deal["event"]["event_id"] for deal in found["deals"]] == [d["event_id"] for d in deals]


def test_a_page_is_written_and_nothing_printed(dealwire: Dealwire, tmp_path: Path) -> None:
    done = dealwire("explain", "-", "--html", "out.html", input="Velosud rachète Grimaldi, dit-on.")
    assert (done.returncode, done.stdout) == (0, "")
    assert "wrote out.html" in done.stderr
    assert (tmp_path / "out.html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["missing.txt"], 2, "missing.txt", id="no such file"),
        pytest.param(["bad.txt"], 8, "skipped bad.txt: not UTF-8", id="not UTF-8"),
        pytest.param(["good.txt", "--html", "no/folder.html"], 1, "cannot write", id="no folder"),
        pytest.param(["good.txt", "--html", "good.txt"], 2, "would overwrite", id="onto itself"),
        pytest.param(["new.txt", "--html", "good.txt"], 2, "new.txt", id="no file, but a page"),
    ],
)
def test_what_goes_wrong_has_an_exit_code_and_a_reason(
    dealwire: Dealwire, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff")
    (tmp_path / "good.txt").write_text("Nothing to see.", "utf-8")
    done = dealwire("explain", *arguments)
    assert (done.returncode, says in done.stderr, "Traceback" in done.stderr) == (code, True, False)
    assert (tmp_path / "good.txt").read_text("utf-8") == "Nothing to see."


def test_hostile_text_stays_text() -> None:
    _, _, explanation = Reader(model=None).explain(article(HOSTILE))
    clean = Seen(page([("<b>doc</b>", told())]))
    hostile = Seen(page([("<b>doc</b>", explanation)]))
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in clean.elements} | {"small"}
    assert "script" not in {tag for tag, _ in hostile.elements}
    assert not [a for _, some in hostile.elements for a in some if a.startswith("on")]
    assert harmless(HOSTILE).strip() in " ".join(hostile.text.split("\n"))
    assert not set("\x1b\x07\u202e") & set(hostile.text)


def test_the_page_loads_nothing_and_allows_its_own_style_alone() -> None:
    source = page([("doc", told())])
    seen = Seen(source)
    policy = next(a["content"] for _, a in seen.elements if a.get("http-equiv"))
    style = re.search(r"<style>(.*?)</style>", source, flags=re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not [a for _, a in seen.elements if {"src", "style"} & set(a)]
    links = [a["href"] for tag, a in seen.elements if tag == "a"]
    ids = {a.get("id") for _, a in seen.elements}
    assert links
    assert all(link and link[0] == "#" and link[1:] in ids for link in links)


def test_page_and_terminal_say_what_led_to_a_deal() -> None:
    explanation = told()
    out = StringIO()
    Console(file=out, width=160).print(explanation_view("doc", explanation))
    shown = " ".join(out.getvalue().split())
    seen = " ".join(Seen(page([("doc", explanation)])).text.split())
    for words in (
        "acquisition, completed",
        "acquirer Zorvane",
        "named in the sentence",
        "EUR 35m",
        "“35 millions d’euros” as its price: 70 %",
        "a sentence that tells of an acquisition: 95 %",
        "Quillec (as seller 30 %)",
        explanation.deals[0].event.event_id,
    ):
        assert words in shown, words
        assert words in seen, words
    assert "not believed" in shown
    assert "Son chiffre d’affaires" in shown


def test_a_terminal_gets_no_commands_from_an_article() -> None:
    _, _, explanation = Reader(model=None).explain(article(HOSTILE))
    out = StringIO()
    Console(file=out, width=120, force_terminal=False).print(explanation_view("d", explanation))
    assert not set("\x1b\x07\u202e") & set(out.getvalue())
    assert "[31mrouge" in out.getvalue()


def test_the_pieces_are_the_whole_text_and_lie_under_their_marks() -> None:
    explanation = told()
    some = list(pieces(explanation))
    assert "".join(piece.text for piece in some) == harmless(explanation.text)
    for piece in some:
        assert explanation.text[piece.start :].startswith(piece.text) or "\ufffd" in piece.text
        end = piece.start + len(piece.text)
        over = [m for m in explanation.marks if m.start < end and piece.start < m.end]
        assert sorted(map(str, piece.marks)) == sorted(map(str, over))
    assert any(piece.deals == (1,) for piece in some)
    assert any(piece.doubted for piece in some)
