"""Task events: check-in, browse, share, survey and review, each with its limit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rules.accounts.journal import TASK, Note
from rules.compiling.calendar import weeks_of_days
from rules.compiling.compiled import PERIODS
from rules.judging.coding import Events
from rules.judging.goals import complete_tasks
from rules.judging.points import credit, room
from rules.judging.results import LIMIT_REACHED, Outcome
from rules.judging.sales import mark_active_days
from rules.table.columns import cells
from rules.table.member_table import MemberTable
from rules.table.tallies import TASK_POINTS

Int64s = npt.NDArray[np.int64]


def apply_tasks(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply task events of distinct members, at int64[k] rows of the batch.

    An event no task names is applied with 0 and is no completed task.
    """
    inside = events.in_season[at]
    outcome.refuse(at[~inside], "outside_season")
    at = at[inside]
    table.tallies.answered(events, at)
    which = table.rules.task_of_type[events.type[at]]
    for place, task in enumerate(table.rules.tasks):
        doing = at[which == place]
        if not len(doing):
            continue
        if task.times is not None:
            period = _periods(events, doing, task.period)
            slots = task.slot + period % task.slots
            counts, cell = cells(table.members.task_counts, events.row[doing], slots)
            done = counts[cell]
            over = done >= task.times
            if over.any():
                outcome.status[doing[over]] = LIMIT_REACHED
                doing, cell, done = doing[~over], cell[~over], done[~over]
            counts.put(cell, done + 1, task.times)
        _complete(table, events, doing, task.points, outcome)


def _periods(events: Events, at: Int64s, period: int) -> Int64s:
    """Number the limit periods that events fall into, by their own local day."""
    name = PERIODS[period]
    if name == "day":
        return events.day[at]
    if name == "week":
        return weeks_of_days(events.day[at])
    if name == "month":
        return events.month[at]
    return np.zeros(len(at), dtype=np.int64)


def _complete(
    table: MemberTable, events: Events, at: Int64s, points: int, outcome: Outcome
) -> None:
    members, rules = table.members, table.rules
    rows, days = events.row[at], events.day[at]
    paid = np.minimum(points, room(table, rows, days))
    scored = events.stamp_us[at] < rules.score_end_us
    notes: list[Note] = []
    if table.journal is not None:
        notes.append(Note(TASK, scores=paid * (scored & rules.scores_task)))
    credit(table, rows, paid, days, notes)
    members.earned_task.add(rows, paid, points)
    table.tallies.count(TASK_POINTS, days, paid)
    outcome.points[at] = paid
    counting, when = rows[scored], events.at_us[at[scored]]
    complete_tasks(table, counting, when)
    mark_active_days(table, counting, days[scored])
    if rules.scores_task:
        members.score.add(counting, paid[scored], points)
        hours = (when - rules.starts_us) // 3_600_000_000
        np.add.at(table.points_by_hour, hours, paid[scored])
