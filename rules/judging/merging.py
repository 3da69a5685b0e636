"""Merging: two records of one person become one.

The staying row takes everything over; the other is emptied and unlisted, and from then on its
id stands for the staying one. What was accepted under an id keeps its identity.
"""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from rules.decoding.identity import hash_strings
from rules.judging.coding import Events
from rules.judging.people import describe
from rules.judging.results import Outcome
from rules.ranks.official_order import NO_TIME_US
from rules.table.member_table import MemberTable
from rules.table.older_season import in_older

Int64s = npt.NDArray[np.int64]

SUMMED: Final = (
    "active", "debt", "slack", "earned_base", "earned_bonus", "earned_task",
    "adjusted", "redeemed", "expired", "reversed_points", "litres_ml", "amount_fen", "visits",
    "waiting", "season_fen", "day_points", "task_counts", "month_ml", "month_fen", "month_visits",
)  # fmt: skip
GREATEST: Final = ("enrolled", "trial_until_us", "bought_level", "last_purchase_us", "fired_us")
"""The later of two instants, the higher of two levels, and true where either is."""
SEASON: Final = (
    "score", "tasks_completed_at_us", "active_days", "season_day_words", "disqualified",
)  # fmt: skip
"""What the standings show, which nothing changes once they are final."""
FROZEN: Final = ("final_level", "final_on_board", "final_company")
GOALS: Final = ("goal_held", "goal_scored", "goal_points", "goal_day")
OWN: Final = (
    "level", "level_since_us", "first_order", "first_order_at_us", "merged_into", "listed",
    "described", "kind", "company", "attribute_bits", "birthday",
)  # fmt: skip
"""Columns with a way of their own, below."""


@runtime_checkable
class Movable(Protocol):
    """A part of the table that keeps something by member row."""

    def move(self, row_from: int, row_to: int) -> None:
        """Give what one member has to another."""


def apply_merges(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply merges, at int64[k] rows of the batch; the kernel hands them over one by one."""
    for place in at.tolist():
        row_to = int(events.row[place])
        other = table.find_rows(*hash_strings(events.batch.column("ref").slice(place, 1)))
        row_from = int(table.resolve(other)[0])
        name = events.text("ref", place)
        if row_from < 0 or not (table.members.listed[row_from] or row_from == row_to):
            outcome.refuse_one(place, "unknown_ref", f"ref = {name!r}: no event of theirs applied")
        elif row_from == row_to:
            outcome.refuse_one(place, "merged", f"ref = {name!r}: one record with this one already")
        else:
            merge(table, row_from, row_to)


def merge(table: MemberTable, row_from: int, row_to: int) -> None:
    """Give one member's record over to another. O(members + what is kept by row)."""
    members = table.members
    for name in SUMMED:
        column = getattr(members, name)
        column[row_to] += column[row_from]
    for name in GREATEST:
        column = getattr(members, name)
        column[row_to] = np.maximum(column[row_to], column[row_from])
    repaid = min(int(members.active[row_to]), int(members.debt[row_to]))
    members.active[row_to] -= repaid
    members.debt[row_to] -= repaid
    _join_level(table, row_from, row_to)
    _join_goals(table, row_from, row_to)
    _join_first_order(table, row_from, row_to)
    if not table.final:
        _join_season(table, row_from, row_to)
    for part in table.parts.values():
        if isinstance(part, Movable):
            part.move(row_from, row_to)
    _move_waiting(table, row_from, row_to)
    table.fulfilments = [
        (row_to if row == row_from else row, owed) for row, owed in table.fulfilments
    ]
    kind = table.rules.kinds[members.kind[row_to]]
    theirs, mine = table.attributes.pop(row_from, {}), table.attributes.get(row_to, {})
    given = {**theirs, **mine, "kind": kind}
    if members.described[row_from] or members.described[row_to]:
        describe(table, np.array([row_to]), np.zeros(1, dtype=np.int64), [given])
    if table.older is not None:
        with in_older(table):
            _join_older(table, row_from, row_to)
    _empty(table, row_from)
    members.merged_into[merged_away(table, row_from)] = row_to + 1
    members.merged_into[row_from] = row_to + 1
    table.merges += 1


def _join_level(table: MemberTable, row_from: int, row_to: int) -> None:
    """Keep the higher level, since when it was reached."""
    members = table.members
    if members.level[row_from] > members.level[row_to]:
        members.level[row_to] = members.level[row_from]
        members.level_since_us[row_to] = members.level_since_us[row_from]


def _join_goals(table: MemberTable, row_from: int, row_to: int) -> None:
    """Hold a goal that either held; what both were paid goes together when it is lost."""
    members = table.members
    held = members.goal_held[row_from] & members.goal_held[row_to]
    taken = members.goal_held[row_from] & ~members.goal_held[row_to]
    members.goal_points[row_to, held] += members.goal_points[row_from, held]
    for name in GOALS:
        column = getattr(members, name)
        column[row_to, taken] = column[row_from, taken]


def _join_first_order(table: MemberTable, row_from: int, row_to: int) -> None:
    """Keep the first order that happened earlier."""
    members = table.members
    if members.first_order[row_from] == 0:
        return
    mine_us, theirs_us = (int(members.first_order_at_us[row]) for row in (row_to, row_from))
    if members.first_order[row_to] == 0 or theirs_us < mine_us:
        members.first_order[row_to] = members.first_order[row_from]
        members.first_order_at_us[row_to] = theirs_us


def _join_season(table: MemberTable, row_from: int, row_to: int) -> None:
    """Add up what the standings show, while they aren't final; either's disqualification holds."""
    members = table.members
    members.score[row_to] += members.score[row_from]
    times = members.tasks_completed_at_us[[row_to, row_from]]
    times = times[times != NO_TIME_US]
    members.tasks_completed_at_us[row_to] = times.max() if len(times) else NO_TIME_US
    members.season_day_words[row_to] |= members.season_day_words[row_from]
    days = np.bitwise_count(members.season_day_words[row_to])
    members.active_days[row_to] = int(days.sum(dtype=np.int64))
    members.disqualified[row_to] |= members.disqualified[row_from]


def _join_older(table: MemberTable, row_from: int, row_to: int) -> None:
    """Add up what the season before holds of both, with its columns in place."""
    members = table.members
    for name in ("season_fen", "task_counts"):
        column = getattr(members, name)
        column[row_to] += column[row_from]
        column[row_from] = 0
    _join_goals(table, row_from, row_to)
    members.goal_held[row_from] = False
    if not table.final:
        _join_season(table, row_from, row_to)
        for name in ("score", "active_days", "season_day_words"):
            getattr(members, name)[row_from] = 0
        members.tasks_completed_at_us[row_from] = NO_TIME_US


def _move_waiting(table: MemberTable, row_from: int, row_to: int) -> None:
    """Let refunds that wait for a purchase under the other id lower the staying record."""
    waiting = table.ledger.waiting
    if any(key[0] == row_from for key in waiting):
        table.ledger.waiting = {
            (row_to if row == row_from else row, key_a, key_b): refunds
            for (row, key_a, key_b), refunds in waiting.items()
        }


def _empty(table: MemberTable, row: int) -> None:
    """Make a row as good as new, but for what the final standings show of it."""
    members, rules = table.members, table.rules
    kept = {*FROZEN, *(SEASON if table.final else ())}
    for name in members.fields:
        if name not in kept:
            getattr(members, name)[row] = 0
    members.kind[row] = rules.default_kind
    members.attribute_bits[row] = rules.attribute_bits({})
    if not table.final:
        members.tasks_completed_at_us[row] = NO_TIME_US


def merged_away(table: MemberTable, row: int) -> Int64s:
    """List the rows that were merged into a row, int64[k]. O(members)."""
    return np.flatnonzero(table.members.merged_into[: table.members.size] == row + 1)
