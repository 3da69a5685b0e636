"""Next season: a file with another id opens its season at `starts`; the programme goes on.

Balances, lots, tiers, coupons, sales and identities stay. Score, tasks, goals, active days and
boards begin at nothing, while the season before runs its course beside it.
"""

from __future__ import annotations

import numpy as np

from rules.compiling.compiled import Rules
from rules.decoding.event_columns import Names
from rules.judging.version_checks import VersionRefused, instant_text, programme_refusals
from rules.judging.versions import adopt, successor
from rules.ranks.official_order import NO_TIME_US
from rules.table.member_table import NO_CLOCK_US, MemberTable
from rules.table.narrow import NarrowColumn
from rules.table.older_season import SEASON_COLUMNS, OlderSeason


def check_next_season(running: Rules, new: Rules, older: Rules | None, clock_us: int) -> None:
    """Raise VersionRefused when a file can't open the season after the running one.

    older is the season before the running one, as long as it isn't final.
    """
    refusals = list(programme_refusals(running, new))
    if new.starts_us < running.ends_us:
        refusals.append(
            f"season.starts = {instant_text(new.starts_us)}: {running.season_id} runs until "
            f"{instant_text(running.ends_us)}; start the next season then or later, or close "
            "the running one"
        )
    if older is not None and max(new.starts_us, clock_us) < older.final_us:
        refusals.append(
            f"season.starts = {instant_text(new.starts_us)}: {older.season_id} isn't final before "
            f"{instant_text(older.final_us)}, and two seasons at most run beside each other"
        )
    if refusals:
        raise VersionRefused(refusals)


def joined_names(running: Rules, upcoming: Rules) -> Names:
    """Give the names that events may use while one season follows the other."""
    mine, theirs = running.names, upcoming.names
    both = mine.products is not None and theirs.products is not None
    return Names(
        products=(mine.products or frozenset()) | (theirs.products or frozenset())
        if both
        else None,
        kinds=mine.kinds | theirs.kinds,
        earliest_us=min(mine.earliest_us, theirs.earliest_us),
        latest_us=max(mine.latest_us, theirs.latest_us),
    )


def await_season(table: MemberTable, rules: Rules) -> None:
    """Open a season at its `starts`, or now where that has passed."""
    table.upcoming = rules
    if table.clock_us != NO_CLOCK_US and rules.starts_us <= table.clock_us:
        open_season(table)
    table.next_tick_us = min(table.next_tick_us, rules.starts_us)


def open_season(table: MemberTable) -> None:
    """Open the season that is awaited; the running one becomes the older. O(members)."""
    upcoming = table.upcoming
    assert upcoming is not None
    members = table.members
    if table.older is not None:
        _leave(table, table.older)
    if not table.final:
        table.keep_boards()
    older = OlderSeason(table.rules, table.season_number)
    older.final, older.known = table.final, members.listed[: members.size].copy()
    older.points_by_hour = table.points_by_hour
    for name in SEASON_COLUMNS:
        column = getattr(members, name)
        older.columns[name] = column
        if isinstance(column, NarrowColumn):
            setattr(members, name, column.fresh(members.capacity))
            continue
        fresh = np.zeros_like(column)
        if name == "tasks_completed_at_us":
            fresh[:] = NO_TIME_US
            column[members.size :] = NO_TIME_US
        setattr(members, name, fresh)
    table.points_by_hour = np.zeros(0, dtype=np.int64)
    table.final = False
    table.older, table.upcoming = older, None
    table.season_number += 1
    adopt(table, successor(table.rules, upcoming))


def _leave(table: MemberTable, older: OlderSeason) -> None:
    """Let go of a season that is final: its sales move no score any more."""
    sales = table.ledger.sales
    gone = sales.season[: sales.size] == older.number
    for flag in (sales.in_season, sales.scored):
        flag[: sales.size][gone] = False
    table.referrals.forget_scores(before_day=table.rules.season_first_day)
    table.older = None
