"""Member view: one member's points, tier and what is missing to the next."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any, Final

import numpy as np

from actors.phases import instant
from rules.compiling.calendar import months_of_days
from rules.compiling.compiled import Need
from rules.judging.referrals import pending_points
from rules.judging.tiers import Window, window_of
from rules.table.member_table import MemberTable

NOTHING: Final = Window(*(np.zeros(1, dtype=np.int64) for _ in fields(Window)))
"""What who has bought nothing has: all of an entry is missing then."""


def member_view(table: MemberTable, member: str) -> dict[str, Any] | None:
    """Describe a member as `GET /v1/members/{id}` shows it, without ranks; None when unknown."""
    row = table.row_of(member)
    rules, members = table.rules, table.members
    if row < 0 or not members.listed[row]:
        return None
    level = int(members.level[row])
    return {
        "member": member,
        "kind": rules.kinds[members.kind[row]],
        "tier": rules.levels[level],
        "next_tier": _next_tier(table, row, level),
        "active": int(members.active[row]),
        "debt": int(members.debt[row]),
        "pending": pending_points(table, row),
        "score": int(members.score[row]),
        "active_days": int(members.active_days[row]),
        "litres": f"{int(members.litres_ml[row]) / 1000:.3f}",
        "amount": f"{int(members.amount_fen[row]) / 100:.2f}",
        "visits": int(members.visits[row]),
        "earned": {
            "base": int(members.earned_base[row]),
            "bonus": int(members.earned_bonus[row]),
            "task": int(members.earned_task[row]),
        },
        "adjusted": int(members.adjusted[row]),
        "redeemed": int(members.redeemed[row]),
        "expired": int(members.expired[row]),
        "reversed": int(members.reversed_points[row]),
        "coupons": _coupon_counts(table, row),
        "fulfilments": [
            {"item": owed.item, "at": instant(owed.at_us), "event_id": owed.event_id}
            for owner, owed in table.fulfilments
            if owner == row
        ],
    }


def lots_of(table: MemberTable, member: str) -> list[dict[str, Any]] | None:
    """List what is left of a member's lots by the local day at whose beginning it expires.

    None for an unknown member. Looks at every lot of the table: milliseconds for a million.
    """
    row = table.row_of(member)
    if row < 0 or not table.members.listed[row]:
        return None
    left = int(table.members.slack[row])
    listed = []
    for day, points in table.lots.by_expiry(row).items():
        # Draws took the earlier lots first, so the running sum shows what is left so far.
        before, left = max(left, 0), left + points
        if (remains := max(left, 0) - before) > 0:
            expires_us = table.rules.calendar.midnight(day)
            listed.append({"at": instant(expires_us), "points": remains})
    return listed


def _coupon_counts(table: MemberTable, row: int) -> dict[str, int]:
    """Count the member's coupons by status, as of the clock."""
    book = table.coupon_book
    held = np.array(book.of_member(row), dtype=np.int64)
    return dict(sorted(Counter(book.statuses(held, table.clock_us)).items()))


def _next_tier(table: MemberTable, row: int, level: int) -> dict[str, Any] | None:
    """Name the next level a purchase can reach, and what the window lacks to its entry."""
    for place in range(level + 1, len(table.rules.tier_levels)):
        entry = table.rules.tier_levels[place].entry
        if not entry.never:
            day = table.rules.calendar.days(np.array([table.clock_us], dtype=np.int64))
            window = window_of(table, np.array([row]), months_of_days(day))
            missing, needs = _missing(entry, window), _missing(entry, NOTHING)
            return {"id": table.rules.levels[place], "missing": missing, "needs": needs}
    return None


def _missing(entry: Need, window: Window) -> dict[str, Any]:
    missing: dict[str, Any] = {}
    if entry.litres_ml is not None:
        missing["litres"] = f"{max(0, entry.litres_ml - int(window.litres_ml[0])) / 1000:.3f}"
    if entry.amount_fen is not None:
        missing["amount"] = f"{max(0, entry.amount_fen - int(window.amount_fen[0])) / 100:.2f}"
    if entry.visits is not None:
        missing["visits"] = max(0, entry.visits - int(window.visits[0]))
    return missing
