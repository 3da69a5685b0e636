"""Members: the numbers kept of every member, a row each.

Rings hold the days, weeks and months that events may still fall into; a period's slot is its
number modulo the ring's width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import Rules
from rules.table.columns import Columns, Field
from rules.table.narrow import NarrowColumn

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NARROW: Final[dict[str, npt.DTypeLike]] = {
    **dict.fromkeys(
        (
            "active", "slack", "earned_base", "litres_ml", "amount_fen", "score", "season_fen",
            "month_ml", "month_fen",
        ),
        np.int32,
    ),
    **dict.fromkeys(
        (
            "earned_bonus", "earned_task", "visits", "active_days", "goal_points", "day_points",
            "month_visits",
        ),
        np.int16,
    ),
    **dict.fromkeys(
        (
            "debt", "adjusted", "redeemed", "expired", "reversed_points", "waiting",
            "merged_into", "task_counts", "final_level", "final_company",
        ),
        np.int8,
    ),
    "final_on_board": np.uint8,
}  # fmt: skip
"""How members' numbers begin: most people's fit, and what nobody has takes a byte."""


class Members(Columns):
    """Holds a row a member; points, ml and fen are whole numbers, instants µs UTC.

    Wide columns have a cell a goal (goal_*), a trigger that remembers (fired_us), a slot of a ring
    (day_points, task_counts, month_*), or 64 days of the season (season_day_words).
    """

    kind: npt.NDArray[np.int16]
    company: npt.NDArray[np.int32]
    attribute_bits: npt.NDArray[np.uint64]
    described: Bools  # attributes were given
    enrolled: Bools
    listed: Bools
    disqualified: Bools
    level: npt.NDArray[np.int16]
    waiting: NarrowColumn  # refunds waiting for their purchase
    merged_into: NarrowColumn  # 1 + the row this record was merged into; 0 none
    first_order: npt.NDArray[np.int32]  # 1 + the sale that a referral may be paid for; 0 none
    first_order_at_us: Int64s
    birthday: npt.NDArray[np.int16]  # see rules.birthdays; 0 unknown
    last_purchase_us: Int64s  # the greatest instant of a purchase; 0 none
    fired_us: Int64s  # by trigger that remembers, its last firing; 0 none
    level_since_us: Int64s
    trial_until_us: Int64s
    # The level bought with points, which the next review passes over; 0 none, else level + 1.
    bought_level: npt.NDArray[np.int16]
    active: NarrowColumn
    debt: NarrowColumn
    slack: NarrowColumn  # points of lots expired so far less all draws so far; see rules.lots
    earned_base: NarrowColumn
    earned_bonus: NarrowColumn
    earned_task: NarrowColumn
    adjusted: NarrowColumn
    redeemed: NarrowColumn
    expired: NarrowColumn
    reversed_points: NarrowColumn
    litres_ml: NarrowColumn
    amount_fen: NarrowColumn
    visits: NarrowColumn
    score: NarrowColumn
    tasks_completed_at_us: Int64s
    active_days: NarrowColumn
    # As they stood at the final instant, which the final standings keep.
    final_level: NarrowColumn
    final_on_board: NarrowColumn
    final_company: NarrowColumn
    season_day_words: npt.NDArray[np.uint64]
    season_fen: NarrowColumn
    goal_held: Bools
    goal_scored: Bools
    goal_points: NarrowColumn
    goal_day: npt.NDArray[np.int32]
    day_points: NarrowColumn
    task_counts: NarrowColumn
    month_ml: NarrowColumn
    month_fen: NarrowColumn
    month_visits: NarrowColumn

    def __init__(self, rules: Rules) -> None:
        rings = rules.rings
        goals = len(rules.goals)
        wide: dict[str, Field] = {
            "season_day_words": (np.uint64, rules.season_day_words),
            "goal_held": (np.bool_, goals),
            "goal_scored": (np.bool_, goals),
            "goal_points": (np.int64, goals),
            "goal_day": (np.int32, goals),
            "day_points": (np.int64, rings.cap_days),
            "task_counts": (np.int64, rings.task_slots),
            "month_ml": (np.int64, rings.months),
            "month_fen": (np.int64, rings.months),
            "month_visits": (np.int64, rings.months),
            "fired_us": (np.int64, rules.trigger_rules.memories),
        }
        single: dict[str, type] = {
            "kind": np.int16,
            "company": np.int32,
            "attribute_bits": np.uint64,
            "described": np.bool_,
            "enrolled": np.bool_,
            "listed": np.bool_,
            "disqualified": np.bool_,
            "level": np.int16,
            "bought_level": np.int16,
            "final_level": np.int16,
            "final_on_board": np.uint32,
            "final_company": np.int32,
            "active_days": np.int32,
            "waiting": np.int32,
            "merged_into": np.int32,
            "first_order": np.int32,
            "birthday": np.int16,
        }
        for name in type(self).__annotations__:
            if name not in wide:
                single.setdefault(name, np.int64)
        fields: dict[str, Field] = {name: (dtype, None) for name, dtype in single.items()}
        super().__init__(fields | wide, NARROW)

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill an empty instance from state(); raises KeyError when a column is missing."""
        # A season that ends earlier than it was to still has words for all the days it had.
        self.relay("season_day_words", state["season_day_words"][:0])
        super().restore(state)
