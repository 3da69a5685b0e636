"""Standings: scopes, company rows, shards merged, the file's bytes and hash."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.ranks.standings import (
    NO_TIME_US,
    BoardRows,
    Standing,
    board_rows,
    merge_teams,
    partial_teams,
    team_board_rows,
)
from rules.ranks.standings_file import standings_csv, standings_hash

TIE_BREAK = ("tasks_completed_at", "active_days")
LEVELS = ("silver", "gold")
Row = tuple[str, int, int, int, int, int, str]
HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Scope:
    id: str
    team: str | None = None


BOARDS = (Scope("overall"), Scope("companies", "company"), Scope("drivers"))


def standing_of(*rows: Row) -> Standing:
    """Make a standing of (member, score, tasks_us, days, tier, on_board, team) rows."""
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * 7
    return Standing(
        member=list(columns[0]),
        score=np.array(columns[1], np.int64),
        tasks_completed_at_us=np.array(columns[2], np.int64),
        active_days=np.array(columns[3], np.int32),
        tier=np.array(columns[4], np.int16),
        on_board=np.array(columns[5], np.uint32),
        team_key=list(columns[6]),
        disqualified=np.zeros(len(columns[0]), bool),
    )


def rows_of(standing: Standing, board: str) -> BoardRows:
    return board_rows(standing, BOARDS, board, LEVELS, TIE_BREAK)


def test_only_members_in_scope_with_a_point_are_on_a_board() -> None:
    standing = standing_of(
        ("in", 5, NO_TIME_US, 1, 1, 0b101, ""),
        ("out of scope", 9, NO_TIME_US, 1, 0, 0b100, ""),
        ("no point", 0, NO_TIME_US, 1, 0, 0b101, ""),
        ("below zero", -4, NO_TIME_US, 1, 0, 0b101, ""),
        ("last bit", 2, NO_TIME_US, 1, 0, 0b001, ""),
    )
    overall = rows_of(standing, "overall")
    assert overall.member == ["in", "last bit"]
    assert overall.tier == ["gold", "silver"]
    assert overall.rank.tolist() == [1, 2]
    assert rows_of(standing, "drivers").member == ["out of scope", "in"]


def test_the_highest_of_sixteen_boards_has_its_bit() -> None:
    boards = tuple(Scope(f"b{number}") for number in range(16))
    standing = standing_of(("m", 1, NO_TIME_US, 0, 0, 1 << 15, ""))
    assert board_rows(standing, boards, "b15", LEVELS, ()).member == ["m"]
    assert board_rows(standing, boards, "b14", LEVELS, ()).member == []


def test_an_unknown_board_is_named() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        rows_of(Standing.empty(), "nowhere")


def test_a_company_floors_each_member_and_counts_those_without_points() -> None:
    standing = standing_of(
        ("a", 10, 9 * HOUR_US, 3, 0, 2, "north"),
        ("b", -7, 8 * HOUR_US, 2, 0, 2, "north"),
        ("c", 0, NO_TIME_US, 1, 0, 2, "north"),
        ("d", 10, 8 * HOUR_US + 1, 6, 0, 2, "south"),
        ("e", 99, 1, 9, 0, 2, ""),
        ("f", -1, 1, 9, 0, 2, "empty"),
        ("out of the team board's scope", 50, 1, 9, 0, 1, "south"),
    )
    rows = rows_of(standing, "companies")
    assert rows.member == ["north", "south"]
    assert rows.score.tolist() == [10, 10]
    assert rows.tasks_completed_at_us.tolist() == [8 * HOUR_US, 8 * HOUR_US + 1]
    assert rows.active_days.tolist() == [6, 6]
    assert rows.tier == ["", ""]


def test_equal_companies_go_by_their_ids_bytes() -> None:
    standing = standing_of(("a", 1, NO_TIME_US, 0, 0, 2, "油"), ("b", 1, NO_TIME_US, 0, 0, 2, "Z"))
    assert rows_of(standing, "companies").member == ["Z", "油"]


ROW = st.tuples(
    st.just(""),
    st.integers(-3, 3),
    st.sampled_from([1, 2, NO_TIME_US]),
    st.integers(0, 3),
    st.integers(0, 1),
    st.integers(0, 7),
    st.sampled_from(["", "x", "y", "公司"]),
)


@settings(deadline=None)
@given(drawn=st.lists(ROW, max_size=20), cut=st.integers(0, 20))
def test_shards_merge_to_the_whole(drawn: list[Row], cut: int) -> None:
    rows: list[Row] = [(f"m{number}", *row[1:]) for number, row in enumerate(drawn)]
    parts = [standing_of(*rows[:cut]), standing_of(*rows[cut:])]
    whole = Standing.concat(parts)
    merged = merge_teams([partial_teams(part, 1) for part in parts])
    assert standings_csv(team_board_rows(merged, "companies", TIE_BREAK)) == standings_csv(
        rows_of(whole, "companies")
    )
    mixed = whole.take(np.arange(len(whole))[::-1])
    for board in ("overall", "companies", "drivers"):
        assert standings_csv(rows_of(mixed, board)) == standings_csv(rows_of(whole, board))


def test_no_shards_have_no_teams() -> None:
    assert len(merge_teams([])) == 0
    assert len(Standing.concat([])) == 0


def test_the_file_has_exact_bytes_and_hash() -> None:
    at_us = 1_780_459_506_000_000
    standing = standing_of(
        ('a,"b"', 12, at_us, 3, 0, 1, ""), ("油", 1_000_000, NO_TIME_US, 90, 1, 1, "")
    )
    data = standings_csv(rows_of(standing, "overall"))
    assert data.decode() == (
        "rank,member,score,tier,tasks_completed_at,active_days\n"
        "1,油,1000000,gold,,90\n"
        '2,"a,""b""",12,silver,2026-06-03T04:05:06.000000Z,3\n'
    )
    assert standings_hash(data) == hashlib.sha256(data).hexdigest()


def test_an_empty_board_has_its_header() -> None:
    data = standings_csv(rows_of(Standing.empty(), "overall"))
    assert data == b"rank,member,score,tier,tasks_completed_at,active_days\n"


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Standing\.member|Standing\.score"):
        Standing(
            member=["a"],
            score=np.zeros(2, np.int64),
            tasks_completed_at_us=np.zeros(1, np.int64),
            active_days=np.zeros(1, np.int32),
            tier=np.zeros(1, np.int16),
            on_board=np.zeros(1, np.uint32),
            team_key=[""],
            disqualified=np.zeros(1, bool),
        )
