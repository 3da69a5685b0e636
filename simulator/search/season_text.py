"""Season text: a season file as written, in which single values can be replaced in place.

Comments, order, spacing and line ends stay as they are; only the replaced values change.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from rules.season.season_draft import BARE_KEY, dotted, entries, freeze, value_at
from rules.season.toml_lines import Loc, find_spans

MARK: Final = "\ufeff"
"""Some editors begin a file with it; it is no part of the TOML."""


class SeasonText:
    """A valid season file's text, with the paths of its values.

    A path joins the keys by dots; of a list it names an element by its `id`, a prize by board
    and ranks, a trigger without an id by what it is on and issues, anything else by its number.
    """

    def __init__(self, text: str) -> None:
        self.mark = MARK if text.startswith(MARK) else ""
        self.text = text.removeprefix(MARK)
        self.draft: dict[str, Any] = freeze(tomllib.loads(self.text))
        self._spans = find_spans(self.text)
        self.paths: dict[str, Loc] = {}
        """Every value that can be replaced, by each way to name it."""
        named = list(_leaves(self.draft))
        for loc, path in named:
            self.paths.setdefault(path, loc)
        for loc, _ in named:
            self.paths.setdefault(dotted(self.draft, loc), loc)

    def value(self, loc: Loc) -> Any:
        """Give the value at a path, lists as tuples."""
        return value_at(self.draft, loc)

    def written(self, loc: Loc) -> str:
        """Give the value at a path as the file writes it."""
        return self.text[slice(*self._spans[loc])]

    def replaced(self, values: Mapping[Loc, str]) -> str:
        """Give the text with values replaced, each written as TOML, without the mark.

        >>> text = SeasonText('[points]\\nmember_day_cap = 3000  # a day')
        >>> text.replaced({("points", "member_day_cap"): "2000"})
        '[points]\\nmember_day_cap = 2000  # a day'
        """
        parts = []
        at = 0
        for (start, end), value in sorted((self._spans[loc], new) for loc, new in values.items()):
            parts += [self.text[at:start], value]
            at = end
        return "".join([*parts, self.text[at:]])

    def added(self, beside: Loc, key: str, value: str) -> str:
        """Give the text with a key put after the value at a path, in the same table.

        >>> text = SeasonText('[card]\\nearn_on_spend = true  # twice')
        >>> text.added(("card", "earn_on_spend"), "note", '"x"')
        '[card]\\nearn_on_spend = true  # twice\\nnote = "x"'
        """
        end = self._spans[beside][1]
        if self.is_inline(beside[:-1]):
            return f"{self.text[:end]}, {key} = {value}{self.text[end:]}"
        line_end = self.text.find("\n", end)
        line_end = len(self.text) if line_end < 0 else line_end
        return f"{self.text[:line_end]}\n{key} = {value}{self.text[line_end:]}"

    def without(self, loc: Loc) -> str:
        """Give the text without a value and its key.

        >>> text = SeasonText('keep = { litres = "200", visits = 8 }\\nnext = 1')
        >>> text.without(("keep", "visits"))
        'keep = { litres = "200" }\\nnext = 1'
        """
        start, end = self._spans[loc]
        key_at = re.search(r'[\w"\'-]+[ \t]*=[ \t]*$', self.text[:start])
        assert key_at is not None
        before, after = self.text[: key_at.start()], self.text[end:]
        if not self.is_inline(loc[:-1]):
            return before[: before.rfind("\n") + 1] + after[after.find("\n") + 1 :]
        if before.rstrip().endswith(","):
            return before.rstrip()[:-1] + after
        return before + after.lstrip().removeprefix(",").lstrip(" ")

    def without_table(self, header: str, nth: int = 0) -> str:
        """Give the text without the nth table of a header, up to the next blank line or header.

        >>> SeasonText('[a]\\nx = 1\\n[[b]]\\ny = 2\\n[[b]]\\ny = 3\\n').without_table("[[b]]", 1)
        '[a]\\nx = 1\\n[[b]]\\ny = 2\\n'
        """
        pattern = rf"^{re.escape(header)}[^\n]*\n(?:[ \t]*[^\s\[#][^\n]*(?:\n|\Z))*"
        found = list(re.finditer(pattern, self.text, re.MULTILINE))
        if nth >= len(found):
            return self.text
        return self.text[: found[nth].start()] + self.text[found[nth].end() :]

    def is_inline(self, loc: Loc) -> bool:
        """Tell whether a table is written as `{ … }`."""
        span = self._spans.get(loc)
        return span is not None and self.text[span[0]] == "{"


def _leaves(node: Any, loc: Loc = (), path: str = "") -> Iterator[tuple[Loc, str]]:
    """List plain values and lists of them with their paths, list elements by their names."""
    taken: set[str] = set()
    for key, value in entries(node):
        if isinstance(key, int):
            name = element_name(value) if loc else ""
            name = f"#{key + 1}" if not name or name in taken else name
            taken.add(name)
        else:
            name = key if BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
        whole = f"{path}.{name}" if path else name
        if isinstance(value, dict) or (isinstance(value, tuple) and _holds_tables(value)):
            yield from _leaves(value, (*loc, key), whole)
        else:
            yield (*loc, key), whole


def _holds_tables(value: tuple[Any, ...]) -> bool:
    return any(isinstance(one, dict) for one in value)


def element_name(value: Any) -> str:
    """Name an element of a list of tables by what tells it from the others; empty without."""
    if not isinstance(value, dict):
        return ""
    keys: tuple[tuple[str, str, str], ...] = (
        ("id", "", ""), ("board", ".", "ranks"), ("on", "-", "issue"),
    )  # fmt: skip
    for first, join, second in keys:
        if isinstance(value.get(first), str) and (not second or second in value):
            return f"{value[first]}{join}{value.get(second, '') if second else ''}"
    return ""


def toml_of(value: Any) -> str:
    """Write a plain value, or a list of them, as a season file does: decimals in quotes.

    >>> toml_of(Decimal("1.10")), toml_of(3), toml_of(["tue", "wed"]), toml_of(True)
    ('"1.10"', '3', '["tue", "wed"]', 'true')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f'"{value}"'
        case datetime() | date() | time():
            return value.isoformat()
        case list() | tuple():
            return "[" + ", ".join(toml_of(one) for one in value) + "]"
        case int():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)
