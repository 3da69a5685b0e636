"""Narrow columns: as wide as ever to whoever reads them, whatever is written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.table.columns import Columns, cells
from rules.table.narrow import NarrowColumn, fewest_bytes

ROWS, WIDTH = 6, 3
EDGES = [
    sign * (1 << bits) + step for bits in (7, 15, 31, 62) for sign in (-1, 1) for step in (-1, 0, 1)
]
NUMBERS = st.one_of(st.sampled_from(EDGES), st.integers(-(2**62), 2**62), st.integers(-200, 200))
WRITES = st.lists(
    st.tuples(
        st.sampled_from(("one", "some", "slice", "cells", "all")),
        st.lists(NUMBERS, min_size=1, max_size=4),
    ),
    max_size=12,
)


@given(WRITES, st.sampled_from(("i1", "i2", "i4", "i8")))
def test_a_narrow_column_holds_what_a_wide_one_does(
    writes: list[tuple[str, list[int]]], begins: str
) -> None:
    narrow = NarrowColumn("points", np.int64, begins, (ROWS, WIDTH))
    wide = np.zeros((ROWS, WIDTH), dtype=np.int64)
    for how, numbers in writes:
        given_ = np.array(numbers, dtype=np.int64)
        rows = np.arange(len(given_))
        for column in (narrow, wide):
            if how == "one":
                column[0, 1] = numbers[0]
            elif how == "some":
                column[rows, 2] = given_
            elif how == "slice":
                column[: len(given_), 0] = given_
            elif how == "cells":
                flat, index = cells(column, rows, np.ones(len(rows), dtype=np.int64))
                flat[index] = given_
            else:
                column[:] = numbers[0]
        assert narrow.dtype.itemsize <= 8
        assert np.array_equal(narrow[:], wide)
        assert np.array_equal(np.asarray(narrow), wide)
        assert narrow[0, 1] == wide[0, 1]
        assert narrow[[0, 2]].dtype == np.int64
        assert cells(narrow, rows, rows * 0)[0][rows].tolist() == wide.reshape(-1)[rows].tolist()


@given(st.lists(st.sampled_from((0, 1, 255, 256, 65_535, 65_536, 2**32, 2**64 - 1)), min_size=1))
def test_bits_are_held_up_to_the_64th(numbers: list[int]) -> None:
    narrow = NarrowColumn("bits", np.uint64, np.uint8, (len(numbers),))
    narrow[:] = np.array(numbers, dtype=np.uint64)
    assert narrow[:].tolist() == numbers
    assert narrow.dtype.itemsize == next(
        size for size in (1, 2, 4, 8) if max(numbers) < 2 ** (8 * size)
    )


def test_a_number_beyond_what_a_column_gives_is_named() -> None:
    narrow = NarrowColumn("company", np.int32, np.int8, (2,))
    narrow[0] = 2**31 - 1
    with pytest.raises(OverflowError, match=r"company = 2147483648: beyond what int32 holds"):
        narrow[1] = np.array([2**31])
    assert narrow[:].tolist() == [2**31 - 1, 0]


def test_nobody_writes_into_the_copy_that_a_slice_gives() -> None:
    narrow = NarrowColumn("points", np.int64, np.int8, (3,))
    whole = narrow[:2]
    with pytest.raises(ValueError, match="read-only"):
        whole += 1


def test_columns_grow_restore_and_relay_as_wide_as_their_numbers_are() -> None:
    columns = Columns(
        {"points": (np.int64, None), "ring": (np.int64, 2)}, {"points": "i1", "ring": "i1"}
    )
    columns.extend(3)
    columns.points[1] = 70_000  # type: ignore[attr-defined]  # a column that its fields name
    columns.ring[2] = np.array([5, -200])  # type: ignore[attr-defined]  # likewise
    columns.extend(5_000)
    state = columns.state()
    assert {name: column.dtype.itemsize for name, column in state.items()} == {
        "points": 4,
        "ring": 2,
    }
    again = Columns(
        {"points": (np.int64, None), "ring": (np.int64, 2)}, {"points": "i1", "ring": "i1"}
    )
    again.restore(state)
    assert again.points[:5_003].tolist() == [0, 70_000, *[0] * 5_001]  # type: ignore[attr-defined]  # likewise
    again.relay("ring", np.array([[1, 2, 40_000]] * 5_003))
    assert again.ring[5_002].tolist() == [1, 2, 40_000]  # type: ignore[attr-defined]  # likewise


def test_fewest_bytes_hold_every_number() -> None:
    for numbers, size in (([], 1), ([127, -128], 1), ([128], 2), ([-(2**31)], 4), ([2**31], 8)):
        held = fewest_bytes(np.array(numbers, dtype=np.int64))
        assert held.dtype.itemsize == size
        assert held.tolist() == numbers
