"""Prizes: fall-through, thresholds, one prize a member, costs and tax, the file."""

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from rules.ranks.prizes import (
    Award,
    Cost,
    allocate,
    cost_by_kind,
    has_unbounded_cost,
    prize_boards,
    prizes_csv,
    tax_fen,
    total_cost,
    unit_cost_fen,
)
from rules.ranks.standings import NO_TIME_US, BoardRows
from rules.season.season_models import Reward, Season


def season_of(prizes: list[tuple[str, str, str]], **sections: Any) -> Season:
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
            "boards": [
                {"id": "overall"},
                {"id": "drivers"},
                {"id": "companies", "team": "company"},
            ],
            "coupons": [
                {"id": "ten", "kind": "amount_off", "off": "10.00"},
                {"id": "share", "kind": "percent", "pay": "0.80", "max_off": "30.00"},
                {"id": "free-share", "kind": "percent", "pay": "0.80"},
                {"id": "wash", "kind": "gift", "product": "wash", "unit_cost": "15.00"},
            ],
            "rewards": {
                "phone": {
                    "kind": "goods",
                    "unit_cost": "5999.00",
                    "tax": "programme_pays_20",
                },
                "watch": {"kind": "goods", "unit_cost": "1999.00", "tax": "winner_pays_20"},
                "ten": {"kind": "coupon", "coupon": "ten", "tax": "programme_pays_20"},
                "share": {"kind": "coupon", "coupon": "share"},
                "free-share": {"kind": "coupon", "coupon": "free-share"},
                "wash": {"kind": "coupon", "coupon": "wash"},
                "points": {"kind": "points", "points": 500},
            },
            "prizes": [
                {"board": board, "ranks": ranks, "reward": reward}
                for board, ranks, reward in prizes
            ],
            **sections,
        },
        strict=False,
    )


def rows_of(board: str, *members: tuple[str, int]) -> BoardRows:
    """Make a board of (member, score), already in order."""
    count = len(members)
    return BoardRows(
        board=board,
        rank=np.arange(1, count + 1, dtype=np.int64),
        member=[member for member, _ in members],
        score=np.array([score for _, score in members], np.int64),
        tier=["silver"] * count,
        tasks_completed_at_us=np.full(count, NO_TIME_US, np.int64),
        active_days=np.ones(count, np.int64),
    )


def brief(awards: list[Award]) -> list[tuple[str, int, int, str]]:
    return [(award.board, award.place, award.rank, award.member) for award in awards]


def test_worked_example_a_disqualified_second_falls_through() -> None:
    season = season_of([("overall", "4-10", "ten"), ("overall", "1-3", "watch")])
    rows = rows_of("overall", *((f"m{rank}", 100 - rank) for rank in range(1, 13)))
    awards = allocate({"overall": rows}, season, {"m2"})
    assert [award.rank for award in awards] == [1, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert [award.place for award in awards] == list(range(1, 11))
    assert [award.reward for award in awards] == ["watch"] * 3 + ["ten"] * 7


def test_boards_go_by_their_first_prize_and_pass_over_winners() -> None:
    season = season_of(
        [("drivers", "1", "watch"), ("overall", "1-2", "ten"), ("drivers", "2", "ten")],
        prize_rules={"one_per_member": True},
    )
    assert prize_boards(season) == ("drivers", "overall")
    boards = {
        "overall": rows_of("overall", ("a", 9), ("b", 8), ("c", 7), ("d", 6)),
        "drivers": rows_of("drivers", ("b", 8), ("c", 7)),
    }
    assert brief(allocate(boards, season, set())) == [
        ("drivers", 1, 1, "b"),
        ("drivers", 2, 2, "c"),
        ("overall", 1, 1, "a"),
        ("overall", 2, 4, "d"),
    ]


def test_without_one_per_member_a_winner_wins_again() -> None:
    season = season_of([("overall", "1", "ten"), ("drivers", "1", "ten")])
    boards = {"overall": rows_of("overall", ("a", 9)), "drivers": rows_of("drivers", ("a", 9))}
    assert brief(allocate(boards, season, set())) == [
        ("overall", 1, 1, "a"),
        ("drivers", 1, 1, "a"),
    ]


def test_a_company_is_nobody_elses_namesake() -> None:
    season = season_of(
        [("overall", "1", "ten"), ("companies", "1", "watch")],
        prize_rules={"one_per_member": True},
    )
    boards = {
        "overall": rows_of("overall", ("x", 5), ("y", 4)),
        "companies": rows_of("companies", ("x", 9)),
    }
    assert brief(allocate(boards, season, set())) == [
        ("overall", 1, 1, "x"),
        ("companies", 1, 1, "x"),
    ]
    assert brief(allocate(boards, season, {"x"})) == [
        ("overall", 1, 2, "y"),
        ("companies", 1, 1, "x"),
    ]


def test_places_nobody_reaches_are_left_out() -> None:
    season = season_of([("overall", "1-3", "ten")], prize_rules={"min_score": 5})
    rows = rows_of("overall", ("a", 9), ("b", 5), ("c", 4))
    assert brief(allocate({"overall": rows}, season, set())) == [
        ("overall", 1, 1, "a"),
        ("overall", 2, 2, "b"),
    ]
    assert allocate({}, season, set()) == []


def test_a_place_without_a_prize_leaves_its_member_free_for_a_later_board() -> None:
    season = season_of(
        [("overall", "1", "ten"), ("overall", "3", "ten"), ("drivers", "1-2", "ten")],
        prize_rules={"one_per_member": True},
    )
    boards = {
        "overall": rows_of("overall", ("a", 9), ("b", 8), ("c", 7)),
        "drivers": rows_of("drivers", ("a", 9), ("b", 8), ("c", 7)),
    }
    assert brief(allocate(boards, season, set())) == [
        ("overall", 1, 1, "a"),
        ("overall", 3, 3, "c"),
        ("drivers", 1, 2, "b"),
    ]


@pytest.mark.parametrize(
    ("reward", "cost_fen", "of_tax_fen"),
    [
        ("phone", 599_900, 119_980),
        ("watch", 199_900, 0),
        ("ten", 1_000, 200),
        ("share", 3_000, 0),
        ("free-share", 0, 0),
        ("wash", 1_500, 0),
        ("points", 0, 0),
    ],
)
def test_costs_and_tax(reward: str, cost_fen: int, of_tax_fen: int) -> None:
    season = season_of([("overall", "1", reward)])
    awards = allocate({"overall": rows_of("overall", ("a", 1))}, season, set())
    assert (awards[0].unit_cost_fen, awards[0].tax_fen) == (cost_fen, of_tax_fen)
    model = season.rewards[reward]
    assert unit_cost_fen(season, model) == cost_fen
    assert has_unbounded_cost(season, model) == (reward == "free-share")


@pytest.mark.parametrize(("cost_fen", "expected_fen"), [(0, 0), (2, 0), (3, 1), (5, 1), (8, 2)])
def test_tax_rounds_half_up(cost_fen: int, expected_fen: int) -> None:
    reward = Reward.model_validate(
        {"kind": "goods", "unit_cost": "1.00", "tax": "programme_pays_20"}
    )
    assert tax_fen(reward, cost_fen) == expected_fen


def test_costs_add_up_by_kind() -> None:
    season = season_of([("overall", "1", "phone"), ("overall", "2-3", "ten")])
    rows = rows_of("overall", ("a", 3), ("b", 2), ("c", 1))
    awards = allocate({"overall": rows}, season, set())
    assert cost_by_kind(awards, season) == {
        "coupon": Cost(2, 2_000, 400),
        "goods": Cost(1, 599_900, 119_980),
    }
    assert total_cost(awards) == Cost(3, 601_900, 120_380)
    assert total_cost(awards).total_fen == 722_280


def test_the_file_has_exact_bytes() -> None:
    season = season_of([("overall", "1", "phone"), ("companies", "1-2", "share")])
    boards = {
        "overall": rows_of("overall", ("a,b", 3)),
        "companies": rows_of("companies", ("油", 2)),
    }
    assert prizes_csv(allocate(boards, season, set())).decode() == (
        "board,place,rank,member,reward,unit_cost,tax\n"
        'overall,1,1,"a,b",phone,5999.00,1199.80\n'
        "companies,1,1,油,share,30.00,0.00\n"
    )
    assert prizes_csv([]) == b"board,place,rank,member,reward,unit_cost,tax\n"
