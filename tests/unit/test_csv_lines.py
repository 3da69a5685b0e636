"""Canonical CSV against the standard library's reader and plain formatting."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decoding.csv_lines import csv_bytes, decimals, instants, quoted

TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, st.integers(-(2**63), 2**63 - 1)), max_size=8))
def test_a_reader_gets_the_same_back(rows: list[tuple[str, int]]) -> None:
    data = csv_bytes(
        ["name", "number"],
        [
            pa.array([text for text, _ in rows], pa.string()),
            pa.array([number for _, number in rows], pa.int64()),
        ],
    )
    read = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert read == [["name", "number"], *([text, str(number)] for text, number in rows)]


def test_only_what_needs_quotes_has_them() -> None:
    column = pa.array(["a b", " a", "a'b", "a;b", "a,b", 'a"b', "a\nb", "a\rb", "", None])
    assert [text[:1] == '"' for text in quoted(column).to_pylist()] == [
        *[False] * 4,
        *[True] * 4,
        False,
        False,
    ]


def test_a_slice_writes_only_its_rows() -> None:
    column = pa.array(["one", "two", "three"])[1:2]
    assert csv_bytes(["n"], [column]) == b"n\ntwo\n"


@settings(deadline=None)
@given(st.lists(st.integers(0, 4_000_000_000_000_000), max_size=5))
def test_instants_have_microseconds_and_z(at_us: list[int]) -> None:
    written = instants(np.array([*at_us, -1], np.int64), none_us=-1).to_pylist()
    expected = [
        (EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for us in at_us
    ]
    assert written == [*expected, ""]


@settings(deadline=None)
@given(st.lists(st.integers(-(10**15), 10**15), max_size=5), st.integers(1, 4))
def test_decimals_are_exact(values: list[int], places: int) -> None:
    expected = [f"{Decimal(value).scaleb(-places):.{places}f}" for value in values]
    assert decimals(np.array(values, np.int64), places).to_pylist() == expected
