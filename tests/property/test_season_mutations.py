"""Any small change to the example season either loads or is refused with its errors."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.season.season_file import SeasonErrors, load_season
from rules.season.toml_lines import Loc, find_lines

TEXT = (Path(__file__).parents[2] / "seasons" / "summer-2026.toml").read_text(encoding="utf-8")
LINES = TEXT.split("\n")
KEYED = [place for place, line in enumerate(LINES) if "=" in line and not line.startswith("#")]

# Values of every TOML type, at and beyond the limits of each kind of field.
VALUES = st.one_of(
    st.sampled_from(
        [
            "true", "0", "-1", "9223372036854775808", "1.5", "inf", "nan", '""', '"x"', '"-1"',
            '"1.10"', '"1.12345"', '"0"', '"7d"', '"0d"', '"1h"', '"999999999y"', '"1-2"', '"10-1"',
            '"22:00-22:00"', '"24:00-25:00"', '"a..b"', '"2026-13-01"', "2026-06-01",
            "2026-06-01T00:00:00", "2026-06-01T00:00:00Z", "12:00:00", "[]", "[[]]", "{}",
            '["x", 1]', '{ min = 1, max = "2026-01-01" }', '{ litres = "1", amount = 1 }',
            '{ any = {}, all = {} }', '{ times = 1, per = "day" }',
            '{ product = "92", tier = "x" }',
            '{ zh = "名" }', '{ fr = 1 }', "0001-01-01T00:00:00", "9999-12-31T23:59:59",
        ]
    ),
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda one: f'"{one}"'),
    st.text(st.characters(codec="utf-8", exclude_characters="\"\\", exclude_categories=["C"]))
    .map(lambda one: f'"{one}"'),
)  # fmt: skip


def loads_or_lists_errors(text: str) -> None:
    try:
        season = load_season(text, "mutated.toml")
    except SeasonErrors as raised:
        errors = raised.errors
    else:
        assert season.format == 1
        return
    assert errors
    for error in errors:
        assert 1 <= error.line <= text.count("\n") + 1
        assert error.problem
        assert error.fix


def all_paths(node: Any, loc: Loc = ()) -> set[Loc]:
    children = (
        list(node.items())
        if isinstance(node, dict)
        else list(enumerate(node))
        if isinstance(node, list)
        else []
    )
    return {(*loc, key) for key, _ in children}.union(
        *(all_paths(value, (*loc, key)) for key, value in children)
    )


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(range(len(LINES))))
def test_without_one_line(place: int) -> None:
    loads_or_lists_errors("\n".join(LINES[:place] + LINES[place + 1 :]))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KEYED), VALUES)
@example(KEYED[0], "2")
def test_with_one_value_changed(place: int, value: str) -> None:
    key = LINES[place].partition("=")[0]
    loads_or_lists_errors("\n".join([*LINES[:place], f"{key}= {value}", *LINES[place + 1 :]]))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(KEYED), st.text("abcdefghij_-", min_size=1, max_size=12))
def test_with_one_key_renamed(place: int, key: str) -> None:
    value = LINES[place].partition("=")[2]
    loads_or_lists_errors("\n".join([*LINES[:place], f"{key} ={value}", *LINES[place + 1 :]]))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(TEXT)), st.integers(0, 30), st.text(max_size=5))
def test_with_any_piece_of_text_replaced(start: int, length: int, put: str) -> None:
    text = TEXT[:start] + put + TEXT[start + length :]
    loads_or_lists_errors(text)
    try:
        parsed = tomllib.loads(text)
    except ValueError:
        return
    assert set(find_lines(text)) == all_paths(parsed)
