"""Goal tasks: paid when a member's net purchases in the season reach them, and taken back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rules.accounts.journal import GOAL, REVERSED, Note
from rules.judging.points import claw_back, credit, give_back_room, room
from rules.ranks.official_order import NO_TIME_US
from rules.table.member_table import MemberTable
from rules.table.tallies import GOAL_POINTS

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def reach_goals(
    table: MemberTable, rows: Int64s, at_us: Int64s, days: Int64s, scored: Bools
) -> Int64s:
    """Pay the goals that a purchase in the season has just reached, in file order.

    scored says which purchases count for the score. Returns the points paid, int64[n].
    """
    members, rules = table.members, table.rules
    paid = np.zeros(len(rows), dtype=np.int64)
    for place, goal in enumerate(rules.goals):
        enough = members.season_fen[rows] >= goal.amount_fen
        if not enough.any():
            continue
        reached = np.flatnonzero(enough & ~members.goal_held[rows, place])
        if not len(reached):
            continue
        who, day = rows[reached], days[reached]
        points = np.minimum(goal.points, room(table, who, day))
        notes: list[Note] = []
        if table.journal is not None:
            counted = points * (scored[reached] & rules.scores_task)
            notes.append(Note(GOAL, scores=counted, goal=place))
        credit(table, who, points, day, notes)
        members.earned_task[who] += points
        table.tallies.count(GOAL_POINTS, day, points)
        members.goal_held[who, place] = True
        members.goal_points[who, place] = points
        members.goal_day[who, place] = day
        members.goal_scored[who, place] = scored[reached]
        paid[reached] += points
        counting = reached[scored[reached]]
        complete_tasks(table, rows[counting], at_us[counting])
        if rules.scores_task:
            members.score[rows[counting]] += members.goal_points[rows[counting], place]
    return paid


def complete_tasks(table: MemberTable, rows: Int64s, at_us: Int64s) -> None:
    """Move the time of members' latest completed task."""
    members = table.members
    before = members.tasks_completed_at_us[rows]
    latest = np.where(before == NO_TIME_US, at_us, np.maximum(before, at_us))
    members.tasks_completed_at_us[rows] = latest


def lose_goals(table: MemberTable, rows: Int64s, counts: Bools) -> Int64s:
    """Take back goals that net purchases no longer reach; returns what counts as reversed.

    counts says for which members the reversal still moves the score.
    """
    members, rules = table.members, table.rules
    taken = np.zeros(len(rows), dtype=np.int64)
    for place, goal in enumerate(rules.goals):
        lost = np.flatnonzero(
            members.goal_held[rows, place] & (members.season_fen[rows] < goal.amount_fen)
        )
        if not len(lost):
            continue
        who = rows[lost]
        points = members.goal_points[who, place]
        members.goal_held[who, place] = False
        days = members.goal_day[who, place].astype(np.int64)
        give_back_room(table, who, points, days)
        notes: list[Note] = []
        if table.journal is not None:
            counted = points * (members.goal_scored[who, place] & counts[lost] & rules.scores_task)
            notes.append(Note(REVERSED, scores=-counted, goal=place))
        taken[lost] += claw_back(table, who, points, days, notes)
        if rules.scores_task:
            members.score[who] -= points * (members.goal_scored[who, place] & counts[lost])
    return taken
