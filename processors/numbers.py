"""Numbers as the press writes them, in figures or in words."""

from __future__ import annotations

from typing import Any


class Numbers:
    """Reads the numbers of one language; `table` is its money.toml."""

    def __init__(self, table: dict[str, Any]) -> None:
        number = table["number"]
        self.decimal: str = number["decimal"]
        self.words: dict[str, int] = number["words"]
        self.halves: dict[str, float] = number["halves"]
        self.parts: dict[str, float] = number["parts"]
        self.about: dict[str, float] = number["about"]
        self.floors: dict[str, float] = number["floors"]
        self.scales: dict[str, float] = table["scales"]
        self.tenths: bool = number.get("tenths", False)

    def figures(self, text: str) -> float | None:
        """Return the value of figures such as 1,9 or 1.234.567; None when they make no number.

        The last sign is a decimal point where it is the language's own and stands once, or
        where other than three digits follow it.
        """
        text = text.replace(" ", "").replace("'", "").rstrip(".,")
        other = "." if self.decimal == "," else ","
        if text.count(self.decimal) == 1:
            text = text.replace(other, "").replace(self.decimal, ".")
        elif text.count(other) == 1 and len(text.rpartition(other)[2]) != 3:
            text = text.replace(other, ".")
        else:
            text = text.replace(other, "").replace(self.decimal, "")
        if not text.replace(".", "", 1).isdecimal() or len(text) > 40:
            return None
        return float(text)

    def spelled(self, text: str) -> float | None:
        """Return the value of number words, or None.

        >>> from processors import lexicon
        >>> Numbers(lexicon.table("en/money")).spelled("two hundred and twenty-five")
        225.0
        """
        total = current = 0.0
        known = False
        for word in text.lower().replace("-", " ").split():
            if word in ("et", "and"):
                continue
            value = self.words.get(word)
            if value is None:
                return None
            known = True
            if value == 1000:
                total, current = total + (current or 1) * 1000, 0
            elif value == 100:
                current = (current or 1) * 100
            elif value == 20 and current % 100 == 4:  # quatre-vingts
                current += 76
            else:
                current += value
        return total + current if known else None

    def value(self, text: str) -> float | None:
        """Return the value of figures or number words, without a scale."""
        return self.figures(text) if text[:1].isdigit() else self.spelled(text)
