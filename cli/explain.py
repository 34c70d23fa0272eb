"""`dealwire explain`: why an article gave these deals, and no others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from cli.explain_page import page
from cli.explain_terminal import explanation_view
from cli.extract import Given, doc_name
from cli.options import with_settings
from cli.output import console, json_option, print_json, wants_json
from processors.explanation import Explanation
from runtime.errors import DealwireError
from runtime.settings import Settings


@click.command()
@click.argument("file")
@click.option(
    "--html",
    "page_path",
    metavar="OUT.html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="write a web page instead of printing",
)
@json_option
@with_settings()
def command(_settings: Settings, file: str, page_path: Path | None, as_json: bool | None) -> None:
    """Show what was seen in the article of FILE (- is standard input), and why it gave its deals.

    Names, amounts, words of deals and the sentences that tell them are marked; each deal comes with
    what led to it, and so does what was thought possible and not believed. In a pipe one JSON line
    an article.
    """
    source = Path(file)
    if page_path and page_path.exists() and source.exists() and page_path.samefile(source):
        raise click.UsageError(f"--html {page_path} would overwrite the article: name another file")
    given = Given((file,))
    from processors.reader import Reader

    reader = Reader()
    explained: list[tuple[str, Explanation]] = []
    for document, article in given:
        _, _, explanation = reader.explain(article)
        if page_path is not None:
            explained.append((doc_name(document), explanation))
        elif wants_json(as_json):
            print_json({"doc": doc_name(document), **_plain(explanation)})
        else:
            console().print(explanation_view(doc_name(document), explanation))
    if page_path is not None and explained:
        _write(page_path, page(explained))
    given.exit_if_skipped()


def _plain(explanation: Explanation) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(explanation.model_dump_json())
    return found


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise DealwireError(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
