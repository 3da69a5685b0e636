"""Gaps to prizes: what is missing to the next better one, and how safe a held one is."""

from datetime import datetime
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.ranks.official_order import key_of
from rules.ranks.prize_gap import Gap, PrizeLines, gap_to_prize, points_to_pass, prize_lines
from rules.ranks.prizes import allocate
from rules.ranks.standings import NO_TIME_US, BoardRows, full_order
from rules.season.season_models import Season

TIE_BREAK = ("tasks_completed_at", "active_days")


def season_of(prizes: list[tuple[str, str, str]], **rules: Any) -> Season:
    """Make a season with these (board, ranks, reward) prizes."""
    return Season.model_validate(
        {
            "format": 1,
            "programme": {"id": "club", "timezone": "Asia/Shanghai"},
            "earning": [{"id": "all", "on": "purchase", "points": 1, "per": {"amount": "1.00"}}],
            "season": {
                "id": "s",
                "starts": datetime.fromisoformat("2026-06-01T00:00:00"),
                "ends": datetime.fromisoformat("2026-09-01T00:00:00"),
            },
            "boards": [{"id": "overall"}, {"id": "drivers"}],
            "rewards": {
                "phone": {"kind": "goods", "unit_cost": "5999.00"},
                "cup": {"kind": "goods", "unit_cost": "19.00"},
            },
            "prizes": [
                {"board": board, "ranks": ranks, "reward": reward}
                for board, ranks, reward in prizes
            ],
            "prize_rules": rules,
        },
        strict=False,
    )


def rows_of(*members: tuple[str, int]) -> BoardRows:
    """Rank (member, score) pairs that have neither tasks nor active days."""
    count = len(members)
    score = np.array([score for _, score in members], np.int64)
    none_us = np.full(count, NO_TIME_US, np.int64)
    days = np.zeros(count, np.int64)
    order = full_order(score, none_us, days, [member for member, _ in members], TIE_BREAK)
    return BoardRows(
        board="overall",
        rank=np.arange(1, count + 1, dtype=np.int64),
        member=[members[row][0] for row in order],
        score=score[order],
        tier=[""] * count,
        tasks_completed_at_us=none_us,
        active_days=days,
    )


def lines_of(season: Season, rows: BoardRows, disqualified: frozenset[str]) -> PrizeLines:
    awards = allocate({"overall": rows}, season, disqualified)
    return prize_lines("overall", rows, awards, season, disqualified)


def gap_of(lines: PrizeLines, member: str, score: int) -> Gap:
    return gap_to_prize(lines, key_of(score, NO_TIME_US, 0, member, TIE_BREAK))


def test_holders_see_the_next_better_reward_and_their_lead() -> None:
    season = season_of([("overall", "1", "phone"), ("overall", "2-3", "cup")])
    rows = rows_of(("a", 90), ("b", 70), ("c", 60), ("d", 40))
    lines = lines_of(season, rows, frozenset())
    assert gap_of(lines, "a", 90) == Gap(1, "phone", None, None, None, 50)
    # c shares its reward with b, so only the phone is better; a wins the tie by id.
    assert gap_of(lines, "c", 60) == Gap(3, "cup", 1, "phone", 31, 20)
    assert gap_of(lines, "d", 40) == Gap(None, None, 3, "cup", 21, None)
    assert gap_of(lines, "B", 40).missing == 20, "B wins the tie by its id"
    assert gap_of(lines, "newcomer", 0) == Gap(None, None, 3, "cup", 61, None)


def test_the_disqualified_neither_hold_a_line_nor_contend() -> None:
    season = season_of([("overall", "1", "phone")])
    rows = rows_of(("a", 90), ("b", 70), ("c", 60), ("d", 40))
    lines = lines_of(season, rows, frozenset({"a", "c"}))
    assert gap_of(lines, "b", 70) == Gap(1, "phone", None, None, None, 30)
    assert gap_of(lines, "d", 40) == Gap(None, None, 1, "phone", 31, None)


def test_an_open_place_needs_only_the_least_score() -> None:
    season = season_of([("overall", "1-5", "cup")], min_score=50)
    rows = rows_of(("a", 90), ("b", 20))
    lines = lines_of(season, rows, frozenset())
    assert lines.contender is None
    assert gap_of(lines, "b", 20) == Gap(None, None, 2, "cup", 30, None)
    assert gap_of(lines, "a", 90) == Gap(1, "cup", None, None, None, None)


def test_a_full_board_asks_for_the_least_score_too() -> None:
    season = season_of([("overall", "1", "cup")])
    lines = lines_of(season, rows_of(("z", 1)), frozenset())
    assert gap_of(lines, "a", -4).missing == 5
    assert gap_of(lines, "zz", -4).missing == 6


def test_winners_of_an_earlier_board_do_not_contend() -> None:
    season = season_of([("drivers", "1", "cup"), ("overall", "1", "phone")], one_per_member=True)
    rows = rows_of(("a", 90), ("b", 70), ("c", 60))
    awards = allocate({"overall": rows, "drivers": rows_of(("b", 70))}, season, set())
    lines = prize_lines("overall", rows, awards, season, set())
    assert [award.member for award in lines.awards] == ["a"]
    assert lines.contender is not None
    assert lines.contender.member == "c"


MEMBER = st.tuples(st.integers(0, 4), st.sampled_from([3, 4, NO_TIME_US]), st.integers(0, 2))


@settings(deadline=None)
@given(MEMBER, MEMBER, st.sampled_from([(), TIE_BREAK, ("active_days",)]))
def test_points_to_pass_are_enough_and_no_more(
    one: tuple[int, int, int], other: tuple[int, int, int], tie_break: tuple[str, ...]
) -> None:
    ahead = key_of(*other, "m", tie_break)
    for member in ("a", "z"):
        needed = points_to_pass(key_of(*one, member, tie_break), ahead)

        def after(points: int, member: str = member) -> bool:
            return key_of(one[0] + points, one[1], one[2], member, tie_break) < ahead

        assert after(needed)
        assert needed == 0 or not after(needed - 1)
