"""Lines of keys and list elements, against the standard library's idea of the same text."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from rules.season.toml_lines import Loc, find_lines, line_of

ROOT = Path(__file__).parents[2]

TEXT = '''\
# a comment with [brackets] and "quotes
a = """first "" line
\\""" still inside # no comment
"""
b = \'\'\'it's \'\'\'\'
"quoted key" = 1979-05-27 07:32:00  # a date with a space
'single # key'.x = 1

[one."two.three"]
list = [  # a comment ] in a list
  1,

  { p = 1, q.r = [ "]", '}' ] },
]
empty = {}
[[many]]
name = "first"
[many.inner]
deep = true
[[many]]
name = "second"
[[many.inner]]
k = ""
'''


def paths(node: Any, loc: Loc = ()) -> set[Loc]:
    children = node.items() if isinstance(node, dict) else enumerate(node)
    found: set[Loc] = set()
    for key, value in children if isinstance(node, dict | list) else ():
        found |= (
            {(*loc, key)} | paths(value, (*loc, key))
            if isinstance(value, dict | list)
            else {(*loc, key)}
        )
    return found


def test_lines_of_every_construct() -> None:
    lines = find_lines(TEXT)
    assert lines[("a",)] == 2
    assert lines[("b",)] == 5
    assert lines[("quoted key",)] == 6
    assert lines[("single # key", "x")] == 7
    assert lines[("one", "two.three")] == 9
    assert lines[("one", "two.three", "list", 0)] == 11
    assert lines[("one", "two.three", "list", 1, "q", "r", 1)] == 13
    assert lines[("one", "two.three", "empty")] == 15
    assert lines[("many",)] == lines[("many", 0)] == 16
    assert lines[("many", 0, "inner", "deep")] == 19
    assert lines[("many", 1)] == 20
    assert lines[("many", 1, "inner", 0, "k")] == 23
    assert set(lines) == paths(tomllib.loads(TEXT))


@pytest.mark.parametrize("name", ["seasons/summer-2026.toml", "pyproject.toml"])
def test_every_path_of_real_files_has_a_line(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = find_lines(text)
    assert set(lines) == paths(tomllib.loads(text))
    rows = text.split("\n")
    for loc, line in lines.items():
        if isinstance(loc[-1], str):
            assert loc[-1] in rows[line - 1]


def test_a_missing_key_gets_the_line_of_its_table() -> None:
    lines = find_lines("a = 1\n[b]\nc = 2\n")
    assert line_of(lines, ("b", "missing")) == 2
    assert line_of(lines, ("missing",)) == 1


def test_text_that_is_no_toml_is_refused() -> None:
    with pytest.raises(ValueError, match="character 0"):
        find_lines("= 1")
