"""Lint of limits and deadlines: a season with each fault, and one without."""

from __future__ import annotations

import pytest

from tests.unit.lint_cases import SOUND, coupon, multiplier, warned

GOODS = '[[catalogue]]\nid = "cup"\npoints = 10\ngoods = { unit_cost = "0.10", stock = 5 }\n'
WINDOW = "ends = 2026-07-01T00:00:00"
BUDGET = '[[budgets]]\nid = "b"\ncovers = ["ten"]\ncount = 5\n'
TEN = coupon("ten", 'off = "10.00"\nvalid = "7d"')

# kind · path · season with the fault · the same without it
FAULTS = {
    "no ties": (
        "tie-break",
        "season.tie_break",
        SOUND.replace(WINDOW, f"{WINDOW}, tie_break = []"),
        SOUND.replace(WINDOW, f'{WINDOW}, tie_break = ["active_days"]'),
    ),
    "ties by tasks without tasks": (
        "tie-break",
        "season.tie_break",
        SOUND[: SOUND.index("[[tasks]]")],
        SOUND,
    ),
    "goal above the cap": (
        "cut-by-cap",
        "tasks.spend.points",
        SOUND + "[points]\nmember_day_cap = 40\n",
        SOUND + "[points]\nmember_day_cap = 50\n",
    ),
    "referral above the cap": (
        "cut-by-cap",
        "referral.advocate_points",
        SOUND + "[referral]\nadvocate_points = 101\n[points]\nmember_day_cap = 100\n",
        SOUND + "[referral]\nadvocate_points = 100\n[points]\nmember_day_cap = 100\n",
    ),
    "one fill above the cap": (
        "cut-by-cap",
        "points.member_day_cap",
        SOUND + multiplier("m", "3") + "[points]\nmember_day_cap = 104\n",
        SOUND + multiplier("m", "3") + "[points]\nmember_day_cap = 105\n",
    ),
    "late events that are refused": (
        "deadline",
        "season.late_events",
        SOUND.replace(WINDOW, f'{WINDOW}, late_events = "8d"'),
        SOUND.replace(WINDOW, f'{WINDOW}, late_events = "7d"'),
    ),
    "reminder before the points are earned": (
        "deadline",
        "points.remind_before",
        SOUND + '[points]\nexpire_after = "1mo"\nremind_before = ["30d"]\n',
        SOUND + '[points]\nexpire_after = "1mo"\nremind_before = ["29d"]\n',
    ),
    "reminder without expiry": (
        "deadline",
        "points.remind_before",
        SOUND + '[points]\nremind_before = ["30d"]\n',
        SOUND + '[points]\nexpire_after = "1y"\nremind_before = ["30d"]\n',
    ),
    "empty budget": (
        "nothing-left",
        "budgets.b",
        SOUND + TEN + BUDGET.replace("count = 5", "count = 0"),
        SOUND + TEN + BUDGET,
    ),
    "empty stock": (
        "nothing-left",
        "catalogue.cup.goods.stock",
        SOUND + GOODS.replace("stock = 5", "stock = 0"),
        SOUND + GOODS,
    ),
    "checkout without share": (
        "nothing-left",
        "checkout.max_share",
        SOUND.replace('amount = "1.00" }\nh', 'amount = "1.00", max_share = "0" }\nh'),
        SOUND,
    ),
    "steps that pay nothing": (
        "nothing-left",
        "checkout.step",
        SOUND.replace("points = 100, amount", "points = 101, step = 1, amount"),
        SOUND.replace("points = 100, amount", "points = 100, step = 1, amount"),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_where_it_stands_and_only_there(name: str) -> None:
    kind, path, faulty, sound = FAULTS[name]
    assert path in [one.path for one in warned(faulty, kind)]
    assert path not in [one.path for one in warned(sound, kind)]
