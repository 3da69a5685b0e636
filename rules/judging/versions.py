"""Versions: going on under a new version of the season file.

The table keeps by position what the file names by id: levels, goals, task limits, boards,
triggers, budgets, coupon templates. Each is carried over to its new position. What ended keeps
what it gave: a sale the rates of its version, a lot its expiry, a coupon its conditions.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import months_of_days, weeks_of_days
from rules.compiling.compiled import PERIODS, Rules
from rules.judging.ticks import EARLY_US_MAX, use_rules
from rules.judging.version_checks import check_count
from rules.season.season_models import Coupon
from rules.table.member_table import NO_CLOCK_US, MemberTable
from rules.table.members import Members

Int64s = npt.NDArray[np.int64]

GOAL_COLUMNS: Final = ("goal_held", "goal_scored", "goal_points", "goal_day")
FORGOTTEN_ORDER: Final = -1
MONTH_COLUMNS: Final = ("month_ml", "month_fen", "month_visits")


@runtime_checkable
class Adopting(Protocol):
    """A part of the table that keeps something by its position in the season file."""

    def adopt(self, old: Rules, new: Rules) -> None:
        """Carry what is kept over to the positions of another file."""


def successor(old: Rules, new: Rules) -> Rules:
    """Compile a file so that it goes on for the running one.

    Coupons the file doesn't name any more are kept behind its own, with the segments they look
    at: those issued stay valid, and nobody can claim another. A closed season stays closed.
    """
    season = new.season
    named = {coupon.id for coupon in season.coupons}
    gone = tuple(_retired(one) for one in old.season.coupons if one.id not in named)
    if gone:
        looked_at = {name for one in gone for name in one.where.segment}
        segments = {
            name: segment
            for name, segment in old.season.segments.items()
            if name in looked_at and name not in season.segments
        }
        season = season.model_copy(
            update={
                "coupons": (*season.coupons, *gone),
                "segments": {**season.segments, **segments},
            }
        )
    won = {name: one for name, one in old.season.rewards.items() if name not in season.rewards}
    if won:
        # Somebody may have won it, and claim it yet.
        season = season.model_copy(update={"rewards": {**season.rewards, **won}})
    going_on = Rules(season, rules_hash=new.rules_hash) if gone or won else new
    if old.closed and old.season_id == new.season_id:
        return going_on.with_ends(old.ends_us)
    return going_on


def adopt(table: MemberTable, rules: Rules) -> None:
    """Judge events from here on by rules that successor() has made for this table's.

    The clock stands at the change: ticks due up to it have run. O(members).

    Raises VersionRefused after too many versions.
    """
    check_count(table.past.version)
    old = table.rules
    _carry_profiles(table, rules)
    _carry_members(table, old, rules)
    table.past.end(old, table.ledger.sales)
    table.lots.go_on(rules.lot_rules, *_lots_from(table, rules))
    for part in table.parts.values():
        if isinstance(part, Adopting):
            part.adopt(old, rules)
    if old.referral is None and rules.referral is not None:
        _mark_old_customers(table)
    hours = np.zeros(max(rules.season_hours, len(table.points_by_hour)), dtype=np.int64)
    hours[: len(table.points_by_hour)] = table.points_by_hour
    table.points_by_hour = hours
    use_rules(table, rules)


def places_of(old: list[str], new: list[str]) -> Int64s:
    """Tell where each of the new ids stood among the old ones, int64[new], −1 where it didn't.

    >>> places_of(["a", "b"], ["b", "c"]).tolist()
    [1, -1]
    """
    stood = {name: place for place, name in enumerate(old)}
    return np.array([stood.get(name, -1) for name in new], dtype=np.int64)


def carried(column: npt.NDArray[Any], places: Int64s) -> npt.NDArray[Any]:
    """Pick columns [n, k] by where they stood; a new one is zero."""
    laid = np.zeros((len(column), len(places)), dtype=column.dtype)
    stood = places >= 0
    laid[:, stood] = column[:, places[stood]]
    return laid


def relaid(ring: npt.NDArray[Any], width: int, latest: int) -> npt.NDArray[Any]:
    """Lay a ring [n, k] of periods up to the latest out in another width.

    >>> relaid(np.array([[10, 8, 9]]), 2, latest=9)
    array([[ 9, 10]])
    """
    held = ring.shape[1]
    laid = np.zeros((len(ring), width), dtype=ring.dtype)
    for number in range(latest - min(held, width) + 1, latest + 1):
        laid[:, number % width] = ring[:, number % held]
    return laid


def _retired(coupon: Coupon) -> Coupon:
    if coupon.claim is None:
        return coupon
    return coupon.model_copy(update={"claim": None})


def _carry_profiles(table: MemberTable, rules: Rules) -> None:
    """Test every member's attributes anew; O(members with attributes)."""
    members = table.members
    kind = np.full(members.size, rules.default_kind, dtype=members.kind.dtype)
    bits = np.full(members.size, rules.attribute_bits({}), dtype=np.uint64)
    known: dict[int, tuple[int, np.uint64]] = {}
    for row, profile in table.attributes.items():
        found = known.get(id(profile))  # many members share one profile
        if found is None:
            found = rules.kind_of(profile), rules.attribute_bits(profile)
            known[id(profile)] = found
        kind[row], bits[row] = found
    members.kind[: members.size] = kind
    members.attribute_bits[: members.size] = bits


def _carry_members(table: MemberTable, old: Rules, rules: Rules) -> None:
    members = table.members
    _carry_levels(members, old, rules)
    goals = places_of([goal.id for goal in old.goals], [goal.id for goal in rules.goals])
    for name in GOAL_COLUMNS:
        members.relay(name, carried(getattr(members, name)[: members.size], goals))
    boards = places_of([board.id for board in old.boards], [board.id for board in rules.boards])
    on_board = members.final_on_board[: members.size]
    moved = np.zeros_like(on_board)
    for place, stood in enumerate(boards.tolist()):
        if stood >= 0:
            moved |= (on_board >> np.uint32(stood) & np.uint32(1)) << np.uint32(place)
    members.final_on_board[: members.size] = moved
    _carry_rings(table, old, rules)
    words = members.season_day_words[: members.size]
    width = max(rules.season_day_words, words.shape[1])
    members.relay("season_day_words", np.pad(words, ((0, 0), (0, width - words.shape[1]))))
    triggers = places_of(_remembering(old), _remembering(rules))
    members.relay("fired_us", carried(members.fired_us[: members.size], triggers))


def _remembering(rules: Rules) -> list[str]:
    """List the triggers that keep their last firing, by column of Members.fired_us."""
    return [rule.id for rule in rules.trigger_rules.all if rule.memory is not None]


def _carry_levels(members: Members, old: Rules, rules: Rules) -> None:
    """Move members to their levels' new places; from one that is gone to the next below left."""
    lookup = np.zeros(len(old.levels), dtype=np.int16)
    below = 0
    for place, level in enumerate(old.levels):
        if level in rules.levels:
            below = rules.levels.index(level)
        lookup[place] = below
    size = members.size
    bought = members.bought_level[:size]
    members.bought_level[:size] = np.where(bought > 0, lookup[np.maximum(bought - 1, 0)] + 1, 0)
    for column in (members.level, members.final_level):
        column[:size] = lookup[column[:size]]


def _carry_rings(table: MemberTable, old: Rules, rules: Rules) -> None:
    """Lay the rings of days, months and task limits out anew; a new ring starts at zero."""
    members = table.members
    day = np.array([table.open_day])
    latest = {
        "day": table.open_day,
        "week": int(weeks_of_days(day)[0]),
        "month": int(months_of_days(day)[0]),
        "season": 0,
    }

    def ring(name: str, width: int, period: str) -> None:
        column = getattr(members, name)[: members.size]
        members.relay(name, relaid(column, width, latest[period]))

    ring("day_points", rules.rings.cap_days, "day")
    for name in MONTH_COLUMNS:
        ring(name, rules.rings.months, "month")
    counts = members.task_counts[: members.size]
    laid = np.zeros((members.size, rules.rings.task_slots), dtype=counts.dtype)
    before = {task.id: task for task in old.tasks if task.times is not None}
    for task in rules.tasks:
        was = before.get(task.id)
        # A limit that counts by another period counts afresh.
        if task.times is None or was is None or was.period != task.period:
            continue
        held = counts[:, was.slot : was.slot + was.slots]
        period = latest[PERIODS[task.period]]
        laid[:, task.slot : task.slot + task.slots] = relaid(held, task.slots, period)
    members.relay("task_counts", laid)


def _mark_old_customers(table: MemberTable) -> None:
    """Let nobody be referred whose first order nobody looked at: no referral section was there."""
    members, size = table.members, table.members.size
    unseen = (members.last_purchase_us[:size] > 0) & (members.first_order[:size] == 0)
    members.first_order[:size][unseen] = FORGOTTEN_ORDER


def _lots_from(table: MemberTable, rules: Rules) -> tuple[int, Int64s]:
    """Find the first local day without points so far, and what members hold outside of lots."""
    members, size = table.members, table.members.size
    held = members.active[:size] - members.debt[:size] - members.slack[:size]
    untracked = held - table.lots.through(2**40, size)
    if table.clock_us == NO_CLOCK_US:
        return 0, untracked
    return rules.calendar.day(table.clock_us + EARLY_US_MAX) + 1, untracked
