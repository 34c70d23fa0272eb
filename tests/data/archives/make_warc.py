"""Writes pages.warc.gz beside this file: `python tests/data/archives/make_warc.py`."""

from __future__ import annotations

import io
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

FRENCH = """<!DOCTYPE html><html lang="fr"><head><meta charset="iso-8859-1">
<title>Fenmont lève 40 millions d'euros - Le Courrier d'essai</title>
<meta property="og:site_name" content="Le Courrier d'essai">
<meta property="article:published_time" content="2026-01-05T07:30:00+01:00"></head><body>
<nav><ul><li><a href="/">Accueil</a></li><li><a href="/eco">Économie</a></li></ul></nav>
<article><h1>Fenmont lève 40 millions d'euros</h1>
<p>La jeune société lyonnaise Fenmont a annoncé lundi une levée de fonds de 40 millions d'euros,
menée par le fonds Galvia Capital, avec la participation de ses actionnaires historiques.</p>
<p>L'argent doit servir à ouvrir une deuxième usine, près de Grenoble, où cent vingt personnes
travailleront d'ici deux ans, selon le directeur général de l'entreprise.</p>
<script>document.write("suivi")</script>
<p>Fenmont avait déjà réuni 12 millions d'euros en 2023 pour sa première ligne de production.</p>
</article><footer>Mentions légales</footer></body></html>"""

ENGLISH = """<!DOCTYPE html><html lang="en"><head><title>Corvance orders chips from Huldyne</title>
<meta property="og:site_name" content="The Test Ledger">
<meta property="article:published_time" content="2026-01-06T10:00:00Z"></head><body>
<header><a href="/">The Test Ledger</a></header>
<article><h1>Corvance orders chips from Huldyne</h1>
<p>Corvance has ordered chips worth $300 million from Huldyne, the two companies said on Tuesday,
in the largest contract that the young manufacturer has won up to now.</p>
<p>Deliveries begin in the summer and run for three years. Huldyne is to build a new clean room at
its plant in Dresden for the order, and expects to hire eighty engineers.</p>
<p>Neither company would say whether Corvance also takes a stake in its supplier.</p>
</article><aside><a href="/more">Read more</a></aside></body></html>"""


def write(path: Path) -> None:
    """Write an archive with two articles among all that a crawler brings home."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        record = writer.create_warcinfo_record("pages.warc.gz", {"software": "for tests"})
        writer.write_record(record)

        def add(url: str, body: bytes, kind: str, status: str = "200 OK", day: int = 5) -> None:
            headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=io.BytesIO(body),
                    http_headers=headers,
                    warc_headers_dict={"WARC-Date": f"2026-01-{day:02}T12:00:00Z"},
                )
            )

        latin = FRENCH.encode("iso-8859-1")
        add(
            "https://courrier.example/fenmont?utm_source=rss",
            latin,
            "text/html; charset=ISO-8859-1",
        )
        add("https://courrier.example/logo.png", b"\x89PNG", "image/png")
        add("https://courrier.example/gone", b"<p>404</p>", "text/html", "404 Not Found")
        add("https://ledger.example/huldyne", ENGLISH.encode(), "text/html", day=6)
        add("https://ledger.example/empty", b"<html><body></body></html>", "text/html", day=6)


if __name__ == "__main__":
    write(Path(__file__).parent / "pages.warc.gz")
