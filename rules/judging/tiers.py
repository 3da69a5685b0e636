"""Tier levels: up at once, down at the monthly review, and the trial for newcomers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import months_of_days
from rules.compiling.compiled import Need
from rules.notices.level_notices import tell_rise
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Levels = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Window:
    """Net sums over a window of calendar months, int64[n] each."""

    litres_ml: Int64s
    amount_fen: Int64s
    visits: Int64s


def holds(need: Need, window: Window) -> Bools:
    """Tell which members' windows meet the thresholds, bool[n]."""
    if need.never:
        return np.zeros(len(window.visits), dtype=np.bool_)
    tests = [
        column >= threshold
        for threshold, column in (
            (need.litres_ml, window.litres_ml),
            (need.amount_fen, window.amount_fen),
            (need.visits, window.visits),
        )
        if threshold is not None
    ]
    if not tests:
        return np.ones(len(window.visits), dtype=np.bool_)
    combine = np.logical_and if need.every else np.logical_or
    held: Bools = combine.reduce(tests)
    return held


def window_of(table: MemberTable, rows: Int64s, last_months: Int64s) -> Window:
    """Sum the members' metrics over the window that ends with a month, per member."""
    members, rules = table.members, table.rules
    sums = np.zeros((3, len(rows)), dtype=np.int64)
    first = rows * rules.rings.months
    for back in range(rules.window_months):
        place = first + (last_months - back) % rules.rings.months
        sums[0] += members.month_ml.reshape(-1)[place]
        sums[1] += members.month_fen.reshape(-1)[place]
        sums[2] += members.month_visits.reshape(-1)[place]
    return Window(*sums)


def entered(table: MemberTable, window: Window) -> Levels:
    """Find the highest level whose entry holds, int16[n]."""
    highest = np.zeros(len(window.visits), dtype=np.int16)
    for place, level in enumerate(table.rules.tier_levels):
        highest[holds(level.entry, window)] = place
    return highest


def rise(table: MemberTable, rows: Int64s, months: Int64s, at_us: Int64s) -> Int64s:
    """Raise members to the highest level whose entry holds after a purchase in a month.

    Returns the places of those who rose, int64[k].
    """
    members = table.members
    below_top: Int64s = (members.level[rows] < len(table.rules.tier_levels) - 1).nonzero()[0]
    if not len(below_top):
        return below_top
    rows, months, at_us = rows[below_top], months[below_top], at_us[below_top]
    highest = entered(table, window_of(table, rows, months))
    risen = highest > members.level[rows]
    if not risen.any():
        return below_top[:0]
    tell_rise(table, rows[risen], highest[risen], at_us[risen])
    members.level[rows[risen]] = highest[risen]
    members.level_since_us[rows[risen]] = at_us[risen]
    return below_top[risen]


def give_trials(table: MemberTable, rows: Int64s, days: Int64s, at_us: Int64s) -> None:
    """Start the trials of distinct members' first enrolments on their local days."""
    rules, members = table.rules, table.members
    if rules.trial_level is None or not len(rows):
        return
    distinct_days, place = np.unique(days, return_inverse=True)
    ends_us = [rules.trial_end_us(day) for day in distinct_days.tolist()]
    members.trial_until_us[rows] = np.array(ends_us, dtype=np.int64)[place]
    below = members.level[rows] < rules.trial_level
    members.level[rows[below]] = rules.trial_level
    members.level_since_us[rows[below]] = at_us[below]


def run_tier_tick(table: MemberTable, midnight_us: int, day: int) -> Int64s:
    """End the trials due at a local midnight and, on the first of a month, review everyone.

    O(members). Returns the rows whose level changed, int64[k].
    """
    members, rules = table.members, table.rules
    if len(rules.tier_levels) < 2:
        return np.zeros(0, dtype=np.int64)
    month, month_before = (
        int(one) for one in months_of_days(np.array([day, day - 1], dtype=np.int64))
    )
    levels = members.level[: members.size]
    before = levels.copy()
    until_us = members.trial_until_us[: members.size]
    on_trial = (until_us > 0) & (levels == (rules.trial_level or 0))
    ending = (until_us > 0) & (until_us <= midnight_us)
    _end_trials(table, np.flatnonzero(on_trial & ending), month - 1, midnight_us)
    if month != month_before:
        bought = members.bought_level[: members.size]
        passed_over = on_trial | ((bought > 0) & (bought == before + 1))
        _review(table, np.flatnonzero(~passed_over & (before > 0)), month - 1, midnight_us)
        bought[:] = 0
    until_us[ending] = 0
    return np.flatnonzero(levels != before)


def _end_trials(table: MemberTable, rows: Int64s, month: int, midnight_us: int) -> None:
    """Test the trial level's keep over the window ending with a month; who fails moves."""
    members, rules = table.members, table.rules
    if not len(rows) or rules.trial_level is None:
        return
    window = window_of(table, rows, np.full(len(rows), month))
    failed = ~holds(rules.tier_levels[rules.trial_level].keep, window)
    earned = entered(table, window)
    moved = failed & (earned != members.level[rows])
    members.level[rows[moved]] = earned[moved]
    members.level_since_us[rows[moved]] = midnight_us


def _review(table: MemberTable, rows: Int64s, month: int, midnight_us: int) -> None:
    """Lower the members whose level's keep fails over the window ending with a month."""
    members, rules = table.members, table.rules
    settled_us = rules.calendar.later_each(members.level_since_us[rows], rules.grace)
    rows = rows[settled_us <= midnight_us]
    if not len(rows):
        return
    window = window_of(table, rows, np.full(len(rows), month))
    level = members.level[rows]
    keeps = np.ones(len(rows), dtype=np.bool_)
    for place, rule in enumerate(rules.tier_levels):
        keeps[level == place] = holds(rule.keep, window)[level == place]
    lowered = np.maximum(level - rules.steps_down, entered(table, window))
    falls = ~keeps & (lowered < level)
    members.level[rows[falls]] = lowered[falls]
    members.level_since_us[rows[falls]] = midnight_us
