"""The day of a deal: the one date of the sentence that states it, when it can be told for sure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from processors import lexicon

_YEARS = (1900, 2100)
_YEAR = r"(?:,? (?P<year>\d{4})(?!\d))?"
_DAY = r"(?<!\d)(?P<day>[0-3]?\d)"
_WEEK = timedelta(days=7)


class Dates:
    """Reads the dates of one language."""

    def __init__(self, language: str) -> None:
        table = lexicon.table(f"{language}/grammar")["dates"]
        self._months = _numbered(table["months"], 1)
        self._weekdays = _numbered(table["weekdays"], 0)
        self._ago = {form: days for word, days in table["ago"].items() for form in _forms(word)}
        month = rf"(?P<month>{_any(self._months)})\b\.?"
        ordinal = rf"(?:{_any(table['ordinals'])})?"
        day_first = rf"{_DAY}{ordinal} (?:{_any(table['of'])} )?{month}{_YEAR}"
        day_last = rf"\b{month} {_DAY}{ordinal}(?!\d){_YEAR}"
        near = rf"\b(?:(?P<weekday>{_any(self._weekdays)})|(?P<ago>{_any(self._ago)}))\b"
        orders = (day_last, day_first) if table["month_first"] else (day_first,)
        self._full = [re.compile(order) for order in orders]
        self._near = re.compile(near)
        self._not_before = re.compile(rf"(?i:\b(?:{_any(table['limits'])})(?: \w+)?\s*$)")
        self._not_after = re.compile(rf"(?i:\s*(?:{_any(table['ahead'])})\b)")

    def of(self, sentence: str, published: date | None) -> date | None:
        """Return the day on which a sentence says that its deal was told or done; None if unsure.

        Days without a year, days of the week and "yesterday" count from when the article was
        published. Two days, a limit ("by 30 June") or a day to come give none.
        >>> Dates("en").of("Acme closed the purchase on March 3, 2025.", None)
        datetime.date(2025, 3, 3)
        >>> Dates("fr").of("Le groupe a annoncé mardi le rachat.", date(2025, 12, 11))
        datetime.date(2025, 12, 9)
        """
        days = {self._day(found, published) for found in self._found(sentence)}
        day = days.pop() if len(days) == 1 else None
        return None if day and published and day > published else day

    def _found(self, sentence: str) -> Iterator[re.Match[str]]:
        full = [found for pattern in self._full for found in pattern.finditer(sentence)]
        yield from full
        for found in self._near.finditer(sentence):
            # "Tuesday 9 December" is one day, and the date says it best.
            if all(
                found.end() + 6 < other.start() or found.start() > other.end() for other in full
            ):
                yield found

    def _day(self, found: re.Match[str], published: date | None) -> date | None:
        if self._not_before.search(found.string, 0, found.start()) or self._not_after.match(
            found.string, found.end()
        ):
            return None
        parts = found.groupdict()
        if parts.get("month"):
            return self._dated(parts, published)
        if published is None:
            return None
        if parts["ago"]:
            return published - timedelta(days=self._ago[parts["ago"]])
        back = (published.weekday() - self._weekdays[parts["weekday"]]) % _WEEK.days
        return published - timedelta(days=back)

    def _dated(self, parts: dict[str, str | None], published: date | None) -> date | None:
        month, day = self._months[parts["month"] or ""], int(parts["day"] or 0)
        if year := parts["year"]:
            return _valid(int(year), month, day)
        if published is None:
            return None
        near = (_valid(published.year + step, month, day) for step in (-1, 0, 1))
        possible = [candidate for candidate in near if candidate]
        return min(possible, key=lambda candidate: abs(candidate - published), default=None)


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def _forms(word: str) -> set[str]:
    """Return a word as the list has it and as a sentence begins with it: "May", but not "may"."""
    return {word, word[:1].upper() + word[1:]}


def _numbered(names: Iterable[list[str]], first: int) -> dict[str, int]:
    return {
        form: number
        for number, some in enumerate(names, first)
        for name in some
        for form in _forms(name)
    }


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if _YEARS[0] <= year <= _YEARS[1] else None
    except ValueError:
        return None
