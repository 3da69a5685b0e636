"""What time itself does: local midnights, and the instant the season becomes final."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import months_of_days, weeks_of_days
from rules.compiling.compiled import PERIODS, Rules
from rules.coupons.triggers import run_trigger_tick
from rules.judging.points import expire
from rules.judging.referrals import run_referral_tick
from rules.judging.refunds import drop_waiting
from rules.judging.tiers import run_tier_tick
from rules.notices.level_notices import LevelWatch
from rules.notices.reminders import remind
from rules.table.member_table import NO_CLOCK_US, MemberTable

Int64s = npt.NDArray[np.int64]


EARLY_US_MAX: Final = 5 * 60 * 1_000_000
"""How far ahead of the clock an event may lie: a till's clock may be fast."""


def due(table: MemberTable, upto_us: int) -> list[int]:
    """List the instants after the clock and up to upto_us at which a tick runs, ascending.

    An empty table's clock starts with its first event: nothing was due before.
    """
    if table.clock_us == NO_CLOCK_US or upto_us < table.next_tick_us:
        return []
    instants = set(table.rules.calendar.midnights(table.clock_us, upto_us))
    instants |= {at_us for at_us in _season_instants(table) if at_us <= upto_us}
    return sorted(instants)


def _season_instants(table: MemberTable) -> list[int]:
    """List the instants at which a season becomes final or opens, as far as they are to come."""
    instants = [] if table.final else [table.rules.final_us]
    if table.older is not None and not table.older.final:
        instants.append(table.older.rules.final_us)
    if table.upcoming is not None:
        instants.append(table.upcoming.starts_us)
    return instants


def run_tick(table: MemberTable, at_us: int) -> Int64s:
    """Run the tick of one instant and return the rows it may have changed, int64[k]."""
    table.clock_us = max(table.clock_us, at_us)
    changed = np.zeros(0, dtype=np.int64)
    if table.journal is not None:
        table.journal.tick(table, at_us)
    if table.notices is not None:
        table.notices.tick()
    day = table.rules.calendar.day(at_us)
    begins = day + 1 > table.open_day
    if begins:
        _renew_pools(table, day)
        table.windows.roll(day)
        levels = LevelWatch(table, at_us) if table.notices is not None else None
        changed = run_tier_tick(table, at_us, day)
        if levels is not None:
            levels.tell(table, changed)
        expire(table, day)
        remind(table, at_us, day)
        # A zone that skips a date opens two days at one midnight.
        for opening in range(table.open_day + 1, day + 1):
            open_day(table, opening)
    referred = run_referral_tick(table, at_us, day)
    changed = np.concatenate([changed, referred])
    if begins:
        run_trigger_tick(table, at_us, day)
        open_day(table, day + 1)
    if at_us == table.rules.final_us:
        drop_waiting(table)
        table.freeze()
    if table.older is not None and at_us == table.older.rules.final_us:
        table.older.final = True
    return changed


def _renew_pools(table: MemberTable, day: int) -> None:
    """Fill the budgets of the day, week and month that begin with a local day."""
    opening, before = np.array([day]), np.array([table.open_day - 1])
    begins = {
        "day": True,
        "week": bool(weeks_of_days(opening) != weeks_of_days(before)),
        "month": bool(months_of_days(opening) != months_of_days(before)),
    }
    table.pools.renew([period for period, begun in begins.items() if begun])


def set_clock(table: MemberTable, at_us: int) -> None:
    """Move the clock between ticks; never backwards."""
    if table.clock_us == NO_CLOCK_US:
        table.open_day = table.rules.calendar.day(at_us) + 1
        table.windows.roll(table.open_day - 1)
        table.open_month = int(months_of_days(np.array([table.open_day]))[0])
    table.clock_us = max(table.clock_us, at_us)
    if table.clock_us >= table.next_tick_us or table.next_tick_us == NO_CLOCK_US:
        table.next_tick_us = _next_tick(table)


def use_rules(table: MemberTable, rules: Rules) -> None:
    """Judge from here on by other rules of the same shape, such as a season that ends earlier."""
    table.rules = rules
    if table.clock_us != NO_CLOCK_US:
        table.next_tick_us = _next_tick(table)


def _next_tick(table: MemberTable) -> int:
    calendar = table.rules.calendar
    midnight_us = calendar.midnight(calendar.day(table.clock_us) + 1)
    return min([midnight_us, *_season_instants(table)])


def open_day(table: MemberTable, day: int) -> None:
    """Empty the ring slots that a local day and the week and month it begins will use.

    One day ahead of the clock, because a till's clock may be five minutes fast.
    """
    members, rules = table.members, table.rules
    now, before = np.array([day]), np.array([day - 1])
    month = int(months_of_days(now)[0])
    begins = {
        "day": day,
        "week": int(weeks_of_days(now)[0]) if weeks_of_days(now) != weeks_of_days(before) else None,
        "month": month if months_of_days(now) != months_of_days(before) else None,
        "season": None,
    }
    if rules.rings.cap_days:
        members.day_points[:, day % rules.rings.cap_days] = 0
    if rules.rings.months and begins["month"] is not None:
        slot = month % rules.rings.months
        for column in (members.month_ml, members.month_fen, members.month_visits):
            column[:, slot] = 0
    for task in rules.tasks:
        number = begins[PERIODS[task.period]]
        if task.times is not None and number is not None:
            members.task_counts[:, task.slot + number % task.slots] = 0
    table.open_day, table.open_month = day, month
