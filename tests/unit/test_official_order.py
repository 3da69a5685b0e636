"""The official order against plain Python sorting by the season file's words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.ranks.official_order import NO_TIME_US, byte_order, full_order, key_of

Row = tuple[int, int, int, str]
TIE_BREAKS: list[tuple[str, ...]] = [
    (),
    ("tasks_completed_at",),
    ("active_days",),
    ("tasks_completed_at", "active_days"),
    ("active_days", "tasks_completed_at"),
]
MEMBERS = st.tuples(
    st.integers(0, 3), st.sampled_from([5, 6, NO_TIME_US]), st.integers(0, 2), st.text(max_size=3)
)


def plain_order(rows: list[Row], tie_break: tuple[str, ...]) -> list[int]:
    """Sort by the words of the season file, id by its UTF-8 bytes."""

    def place(number: int) -> tuple[object, ...]:
        score, tasks_us, days, member = rows[number]
        terms: list[object] = [-score]
        for name in tie_break:
            if name == "tasks_completed_at":
                terms.append((tasks_us == NO_TIME_US, tasks_us))
            else:
                terms.append(-days)
        return (*terms, member.encode())

    return sorted(range(len(rows)), key=place)


@pytest.mark.parametrize("tie_break", TIE_BREAKS)
@settings(deadline=None)
@given(rows=st.lists(MEMBERS, max_size=30, unique_by=lambda row: row[3]))
def test_order_and_keys_equal_plain_sorting(tie_break: tuple[str, ...], rows: list[Row]) -> None:
    score = [row[0] for row in rows]
    tasks_us = [row[1] for row in rows]
    days = [row[2] for row in rows]
    member = [row[3] for row in rows]
    order = full_order(
        np.array(score, np.int64), np.array(tasks_us, np.int64), np.array(days), member, tie_break
    )
    expected = plain_order(rows, tie_break)
    assert order.tolist() == expected
    keys = [key_of(*row, tie_break) for row in rows]
    assert sorted(range(len(rows)), key=keys.__getitem__) == expected


def test_worked_example_of_three_equal_scores() -> None:
    hour_us = 3_600_000_000
    order = full_order(
        [500, 500, 500],
        [9 * hour_us, 8 * hour_us, NO_TIME_US],
        [1, 1, 1],
        ["A", "B", "C"],
        ("tasks_completed_at", "active_days"),
    )
    assert [["A", "B", "C"][row] for row in order] == ["B", "A", "C"]


def test_ids_sort_by_bytes_beyond_the_basic_plane() -> None:
    # UTF-16 would put the emoji before the full-width letter; UTF-8 bytes don't.
    texts = ["\uff21", "\U0001f600", "a\x00", "a", "", "油"]
    assert [texts[place] for place in byte_order(texts)] == sorted(texts, key=str.encode)


@pytest.mark.parametrize("tie_break", [("score",), ("active_days", "active_days")])
def test_unknown_or_repeated_tie_break_is_refused(tie_break: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="at most once"):
        key_of(1, 2, 3, "m", tie_break)
