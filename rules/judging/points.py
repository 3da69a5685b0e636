"""Crediting and taking points: the day cap, debt, and what comes back.

Rows handed to these functions are distinct members.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.accounts.journal import Note
from rules.table.columns import cells
from rules.table.member_table import MemberTable
from rules.table.narrow import greatest
from rules.table.tallies import ADJUSTED, REVERSED

Int64s = npt.NDArray[np.int64]

NO_CAP: Final = 2**62


def room(table: MemberTable, rows: Int64s, days: Int64s) -> Int64s:
    """Count the points each member may still earn on a local day, int64[n] ≥ 0."""
    cap = table.rules.member_day_cap
    if cap is None:
        return np.full(len(rows), NO_CAP, dtype=np.int64)
    flat, slots = cells(table.members.day_points, rows, days % table.rules.rings.cap_days)
    left: Int64s = cap - flat[slots]
    return np.maximum(left, 0, out=left)


def credit(
    table: MemberTable, rows: Int64s, points: Int64s, days: Int64s, notes: Sequence[Note] = ()
) -> None:
    """Credit earned points that the cap has let through to the lots of local days.

    notes tell a journal what the points are for.
    """
    members, rings = table.members, table.rules.rings
    if table.rules.member_day_cap is not None:
        # No credit leads beyond the cap.
        members.day_points.hold(table.rules.member_day_cap)
        flat, slots = cells(members.day_points, rows, days % rings.cap_days)
        flat.add(slots, points, 0)
    _raise(table, rows, points, days)
    if table.journal is not None:
        table.journal.earned(rows, points, days, notes)


def pay_in(table: MemberTable, rows: Int64s, points: Int64s, days: Int64s) -> None:
    """Raise the balance without touching the day cap; debt is repaid first."""
    _raise(table, rows, points, days)
    table.tallies.count(ADJUSTED, days, points)
    if table.journal is not None:
        table.journal.paid_in(rows, points, days)


def draw(table: MemberTable, rows: Int64s, points: Int64s) -> None:
    """Lower the balance, first-expiring lots first; what is missing becomes debt."""
    table.members.slack[rows] -= points
    _lower(table, rows, points)
    if table.journal is not None:
        table.journal.drawn(rows, points)


def claw_back(
    table: MemberTable, rows: Int64s, points: Int64s, days: Int64s, notes: Sequence[Note] = ()
) -> Int64s:
    """Take back points earned on local days and return what counts as reversed, int64[n].

    The lots of those days are lowered first. Under `absorb` points already spent are forgiven
    and don't count. notes tell a journal what they were earned for.
    """
    members = table.members
    counted = np.minimum(members.active[rows], points) if table.rules.absorb else points
    _lower(table, rows, counted)
    table.lots.put(rows, -counted, days)
    members.reversed_points[rows] += counted
    table.tallies.count(REVERSED, days, counted)
    if table.journal is not None:
        table.journal.reversed(rows, counted, days, notes)
    return counted


def expire(table: MemberTable, day: int) -> Int64s:
    """Expire the lots due at the beginning of a local day; returns the rows, int64[k]."""
    members = table.members
    earned_day = table.lots.earned_day(day)
    due = table.lots.due(day, members.size)
    if due is None:
        return np.zeros(0, dtype=np.int64)
    slack = members.slack[: members.size] + due
    rows = np.flatnonzero(slack > 0)
    points = slack[rows]
    slack[rows] = 0
    members.slack[: members.size] = slack
    members.active[rows] -= points
    members.expired[rows] += points
    table.tallies.expire(day, earned_day, points)
    if table.journal is not None:
        table.journal.expired(rows, points)
    return rows


def give_back_room(table: MemberTable, rows: Int64s, points: Int64s, days: Int64s) -> None:
    """Free the day cap on the day reversed points were earned, while that day is held."""
    rings = table.rules.rings
    if table.rules.member_day_cap is None:
        return
    held = days > table.open_day - rings.cap_days
    rows, points, days = rows[held], points[held], days[held]
    slots = days % rings.cap_days
    # A cap that a later version of the file brought never saw what was earned before.
    left = np.maximum(table.members.day_points[rows, slots] - points, 0)
    table.members.day_points[rows, slots] = left


def _raise(table: MemberTable, rows: Int64s, points: Int64s, days: Int64s) -> None:
    members = table.members
    most = greatest(points)
    if not members.debt.untouched and (debt := members.debt[rows]).any():
        repaid = np.minimum(debt, points)
        members.debt[rows] = debt - repaid
        members.active.add(rows, points - repaid, most)
    else:
        members.active.add(rows, points, most)
    table.lots.put(rows, points, days)


def _lower(table: MemberTable, rows: Int64s, points: Int64s) -> None:
    members = table.members
    active = members.active[rows]
    drawn = np.minimum(active, points)
    members.active[rows] = active - drawn
    members.debt[rows] += points - drawn
