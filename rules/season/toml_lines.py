"""Find the line of every key and list element in a TOML text that is known to be valid.

The standard library's parser gives values without positions; this scanner gives positions
without values, so that an error can name its line, and a value be replaced where it stands.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import TypeAlias

Loc: TypeAlias = tuple[str | int, ...]

BLANK = re.compile(r"[ \t\r\n]*(?:#[^\n]*[\n]?[ \t\r\n]*)*")
SPACE = re.compile(r"[ \t]*")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
BARE_VALUE = re.compile(r"[^,\]}#\n]*")
STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


class _Scanner:
    """Walk a valid TOML text once, noting the line where each path begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Loc, int] = {}
        self.spans: dict[Loc, tuple[int, int]] = {}
        self._breaks = [place for place, letter in enumerate(text) if letter == "\n"]
        self._tables: dict[Loc, int] = {}  # tables of each [[array]] so far

    def scan(self) -> None:
        prefix: Loc = ()
        self._skip(BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                prefix = self._header()
            else:
                self._pair(prefix)
            self._skip(BLANK)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"the text isn't TOML at character {self.at}")
        self.at = found.end()
        return found[0]

    def _note(self, path: Loc, at: int) -> None:
        self.lines.setdefault(path, bisect_right(self._breaks, at - 1) + 1)

    def _header(self) -> Loc:
        many = self.text.startswith("[[", self.at)
        start = self.at
        self.at += 2 if many else 1
        path: Loc = ()
        keys = self._key()
        for depth, key in enumerate(keys):
            path += (key,)
            self._note(path, start)
            if many and depth == len(keys) - 1:
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path += (self._tables[path] - 1,)
                self._note(path, start)
        self.at += 2 if many else 1
        return path

    def _key(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(SPACE)
            if self.text[self.at] in "\"'":
                keys.append(tomllib.loads(f"key = {self._skip(STRING)}")["key"])
            else:
                keys.append(self._skip(BARE_KEY))
            self._skip(SPACE)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _pair(self, prefix: Loc) -> None:
        start = self.at
        path = prefix
        for key in self._key():
            path += (key,)
            self._note(path, start)
        self.at += 1
        self._value(path)

    def _value(self, path: Loc) -> None:
        self._skip(SPACE)
        start = self.at
        self._past(path)
        self.spans[path] = (start, start + len(self.text[start : self.at].rstrip()))

    def _past(self, path: Loc) -> None:
        match self.text[self.at]:
            case "[":
                self._array(path)
            case "{":
                self._inline(path)
            case '"' | "'":
                self._skip(STRING)
            case _:
                self._skip(BARE_VALUE)

    def _array(self, path: Loc) -> None:
        self.at += 1
        place = 0
        while True:
            self._skip(BLANK)
            if self.text[self.at] == "]":
                self.at += 1
                return
            self._note((*path, place), self.at)
            self._value((*path, place))
            place += 1
            self._skip(BLANK)
            if self.text[self.at] == ",":
                self.at += 1

    def _inline(self, path: Loc) -> None:
        self.at += 1
        while True:
            self._skip(BLANK)
            if self.text[self.at] == "}":
                self.at += 1
                return
            self._pair(path)
            self._skip(BLANK)
            if self.text[self.at] == ",":
                self.at += 1


def find_lines(text: str) -> dict[Loc, int]:
    """Map each path (keys, and 0-based places in lists) to its 1-based line.

    >>> find_lines("[a]\\nb = [\\n  1,\\n  2,\\n]\\n[[c]]\\nd.e = 1")
    {('a',): 1, ('a', 'b'): 2, ('a', 'b', 0): 3, ('a', 'b', 1): 4, ('c',): 6, ('c', 0): 6, \
('c', 0, 'd'): 7, ('c', 0, 'd', 'e'): 7}

    Raises:
        ValueError: when the text isn't valid TOML.
    """
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.lines


def find_spans(text: str) -> dict[Loc, tuple[int, int]]:
    """Map the path of each value to where it stands in the text: first character, one past last.

    >>> text = 'a = "1"  # one\\n[[b]]\\nc = [2, 3]'
    >>> {path: text[slice(*span)] for path, span in find_spans(text).items()}
    {('a',): '"1"', ('b', 0, 'c', 0): '2', ('b', 0, 'c', 1): '3', ('b', 0, 'c'): '[2, 3]'}

    Raises:
        ValueError: when the text isn't valid TOML.
    """
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.spans


def line_of(lines: dict[Loc, int], loc: Loc) -> int:
    """Give the line of a path, or of the nearest table around it; 1 for the file itself."""
    while loc:
        if loc in lines:
            return lines[loc]
        loc = loc[:-1]
    return 1
