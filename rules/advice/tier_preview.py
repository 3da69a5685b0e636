"""Preview of tiers: who would stand where at the next review if other rules were in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import months_of_days
from rules.compiling.compiled import Rules
from rules.judging.tiers import Window, holds
from rules.table.member_table import NO_CLOCK_US, MemberTable
from rules.table.narrow import NarrowColumn

Int64s = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int16]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TierPreview:
    """Hold where listed members stand now and where they would at the next review.

    `counts` is int64[now, then] over all of them; `rows`, `now` and `then`, int64[k], int16[k]
    and int16[k], are the ones that move: their rows of the table and places in the level lists.
    `months_missing` says how many months of the new window the table no longer knows.
    """

    review_us: int
    levels_now: tuple[str, ...]
    levels_then: tuple[str, ...]
    counts: Int64s
    rows: Int64s
    now: Levels
    then: Levels
    months_missing: int

    def moves(self) -> list[tuple[str, str, int]]:
        """List (level now, level then, members), the stays among them, without empty ones."""
        return [
            (self.levels_now[now], self.levels_then[then], int(self.counts[now, then]))
            for now, then in np.argwhere(self.counts).tolist()
        ]


@dataclass(frozen=True, slots=True)
class TierMoves:
    """Hold how many members of any number of tables move: (level now, level then, members)."""

    review_us: int
    moves: tuple[tuple[str, str, int], ...]
    months_missing: int

    @classmethod
    def added(cls, previews: Sequence[TierPreview | TierMoves]) -> TierMoves:
        """Add up what tables tell, at least one; a table that idled may know of an older review."""
        counts: Counter[tuple[str, str]] = Counter()
        for one in previews:
            for now, then, members in one.moves() if isinstance(one, TierPreview) else one.moves:
                counts[now, then] += members
        return cls(
            max(one.review_us for one in previews),
            tuple((now, then, members) for (now, then), members in sorted(counts.items())),
            max(one.months_missing for one in previews),
        )

    def rows(self) -> list[dict[str, str | int]]:
        """Give the moves as plain tables, for JSON."""
        return [{"now": now, "then": then, "members": count} for now, then, count in self.moves]


def preview(table: MemberTable, new_rules: Rules) -> TierPreview:
    """Judge every listed member by other rules, on what they have bought so far; O(members).

    A member whose purchases reach a higher entry counts as risen, which the next purchase makes
    true. The table isn't changed; with its own rules it tells what happens without a change.
    """
    members = table.members
    rows = np.flatnonzero(members.listed[: members.size]).astype(np.int64)
    month = int(months_of_days(np.array([_last_day(table)]))[0])
    review_day = int(np.datetime64(month + 1, "M").astype("datetime64[D]").astype(np.int64))
    review_us = new_rules.calendar.midnight(review_day)
    now = members.level[rows]
    level = _carried(table.rules, new_rules)[now]
    current = _window(table, new_rules, rows, np.full(len(rows), month))
    highest = _entered(new_rules, current)
    since_us = members.level_since_us[rows]
    until_us = members.trial_until_us[rows]
    has_trial = new_rules.trial_level is not None
    on_trial = has_trial & (until_us > 0) & (level == (new_rules.trial_level or 0))
    ends = np.flatnonzero(on_trial & (until_us <= review_us))
    after = _after_trial(table, new_rules, rows[ends], level[ends])
    since_us[ends[after != level[ends]]] = until_us[ends[after != level[ends]]]
    level[ends] = after
    bought = members.bought_level[rows]
    passed_over = (on_trial & (until_us >= review_us)) | ((bought > 0) & (bought == now + 1))
    settled = new_rules.calendar.later_each(since_us, new_rules.grace) <= review_us
    reviewed = ~passed_over & (level > 0) & settled
    lowered = np.maximum(level - new_rules.steps_down, highest)
    falls = reviewed & ~_keeps(new_rules, level, current) & (lowered < level)
    then = np.where(falls, lowered, np.maximum(level, highest)).astype(np.int16)
    counts = np.zeros((len(table.rules.levels), len(new_rules.levels)), dtype=np.int64)
    np.add.at(counts, (now, then), 1)
    names_now = np.array(table.rules.levels)[now]
    moved = names_now != np.array(new_rules.levels)[then]
    return TierPreview(
        review_us,
        table.rules.levels,
        new_rules.levels,
        counts,
        rows[moved],
        now[moved],
        then[moved],
        max(0, new_rules.window_months - table.rules.rings.months),
    )


def _last_day(table: MemberTable) -> int:
    """Number the local day the table has come to; a table without events stands at the start."""
    if table.clock_us == NO_CLOCK_US:
        return table.rules.season_first_day
    return table.open_day


def _after_trial(table: MemberTable, rules: Rules, rows: Int64s, level: Levels) -> Levels:
    """Judge members whose trial ends by the review: its level's keep, the month before its end."""
    days = rules.calendar.days(table.members.trial_until_us[rows])
    tested = _window(table, rules, rows, months_of_days(days) - 1)
    after: Levels = np.where(_keeps(rules, level, tested), level, _entered(rules, tested))
    return after


def _carried(old: Rules, new: Rules) -> Levels:
    """Map the old levels to places of the new ones; from one that is gone to the next below."""
    lookup = np.zeros(len(old.levels), dtype=np.int16)
    below = 0
    for place, level in enumerate(old.levels):
        if level in new.levels:
            below = new.levels.index(level)
        lookup[place] = below
    return lookup


def _window(table: MemberTable, rules: Rules, rows: Int64s, last_months: Int64s) -> Window:
    """Sum metrics over the new window that ends with a month each, as far as the table knows."""
    members, width = table.members, table.rules.rings.months
    if not width:
        none = np.zeros(len(rows), dtype=np.int64)
        return Window(none, none, none)
    months = last_months[:, None] - np.arange(min(rules.window_months, width))
    known = months > table.open_month - width
    who, slots = rows[:, None], months % width

    def total(column: NarrowColumn) -> Int64s:
        summed: Int64s = np.where(known, column[who, slots], 0).sum(axis=1, dtype=np.int64)
        return summed

    return Window(total(members.month_ml), total(members.month_fen), total(members.month_visits))


def _entered(rules: Rules, window: Window) -> Levels:
    """Find the highest level whose entry holds, int16[n]."""
    highest = np.zeros(len(window.visits), dtype=np.int16)
    for place, level in enumerate(rules.tier_levels):
        highest[holds(level.entry, window)] = place
    return highest


def _keeps(rules: Rules, level: Levels, window: Window) -> Bools:
    """Tell whose own level's keep holds, bool[n]."""
    keeps = np.ones(len(level), dtype=np.bool_)
    for place, rule in enumerate(rules.tier_levels):
        keeps[level == place] = holds(rule.keep, window)[level == place]
    return keeps
