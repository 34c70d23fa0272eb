"""Names and signs of currencies."""

from __future__ import annotations

from typing import Any

from processors import lexicon


def _plurals(name: str) -> set[str]:
    """Return `name` with its words in the plural or not: dollars canadiens, livres sterling."""
    forms = {""}
    for word in name.split():
        plural = word if word.endswith(("s", "x")) else word + "s"
        forms = {f"{form} {variant}".strip() for form in forms for variant in (word, plural)}
    return forms


class Currencies:
    """The currencies of one language; `table` is its money.toml.

    Codes with a question mark depend on the article: see `setting.Setting`.
    """

    def __init__(self, table: dict[str, Any]) -> None:
        shared = lexicon.table("currencies")
        self.codes = frozenset(shared["codes"]["list"].split())
        self.signs: dict[str, str] = {**{code: code for code in self.codes}, **shared["signs"]}
        self.words = {
            form: code for name, code in table["currencies"].items() for form in _plurals(name)
        }
        self.cents = {
            form: code for name, code in table["cents"].items() for form in _plurals(name)
        }
        self.scaled = {
            prefix + code: [scale, code]
            for code in self.codes
            for prefix, scale in shared["prefixes"].items()
        }
        self.mills = frozenset(shared["codes"]["mills"].split())
        self.ambiguous = frozenset(table["ambiguous"]["words"])

    def code(self, written: str) -> str:
        """Return the code of a sign or a word, perhaps with a question mark; "" when unknown."""
        return self.signs.get(written) or self.words.get(written.lower(), "")
