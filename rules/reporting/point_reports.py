"""Point reports: points by time, what is still owed of them, and what that is worth."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.advice.point_value import fen_per_point
from rules.compiling.calendar import months_of_days
from rules.compiling.compiled import Rules
from rules.reporting.report_query import FIRST_DAY, LAST_DAY, Query
from rules.reporting.report_tables import Kind, Part, begins, finished, keyed, named, ratio
from rules.reporting.sale_parts import split_cells, within
from rules.table.tallies import DAYS_BEFORE_EPOCH, EXPIRED, WHATS, WORD_BITS, WORDS_MAX

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]

NEVER_MONTH: Final = 10**6
"""Stands for the month in which points that never expire do so."""
EARNED: Final = ("base", "bonus", "task", "goal", "referral")
LIFE: Final = (
    *EARNED, "adjusted", "deducted", "redemption", "checkout", "expired", "reversed",
)  # fmt: skip


def gather_points(table: MemberTable, query: Query) -> Part:
    """Gather earned and gone points by period; reversed ones stand on the day they were earned."""
    return {"points": _flows(table, query, query.by)}


def gather_liability(table: MemberTable, _query: Query) -> Part:
    """Gather points by the month they were earned in, and what of them is outstanding."""
    whole = Query("liability", "earned", FIRST_DAY, LAST_DAY)
    members = table.members
    size = members.size
    return {
        "points": _flows(table, whole, "month"),
        "expired": _expired(table),
        "outstanding": _outstanding(table),
        "totals": keyed(
            {"all": ["all"]},
            {
                "active": np.array([members.active[:size].sum()]),
                "debt": np.array([members.debt[:size].sum()]),
            },
        ),
    }


def _flows(table: MemberTable, query: Query, period: str) -> pa.Table:
    """Gather points by period and what they are for: LIFE."""
    tallies = table.tallies
    cells, sold = tallies.sold.sums()
    sale_days = split_cells(cells)[0]
    keys, counted = tallies.counted.sums()
    base = keys >> WORD_BITS
    days = np.concatenate([sale_days, sale_days, (base >> 8) - DAYS_BEFORE_EPOCH])
    names = ("base", "bonus", *WHATS)
    what = np.concatenate(
        [np.zeros(len(cells), np.int64), np.ones(len(cells), np.int64), (base & 255) + 2]
    )
    points = np.concatenate([sold[:, 3], sold[:, 4], counted[:, 1]])
    life = np.isin(what, [names.index(name) for name in LIFE]) & within(days, query)
    return keyed(
        {"period": begins(days[life], period), "what": named(names, what[life])},
        {"points": points[life]},
    )


def _expired(table: MemberTable) -> pa.Table:
    """Gather expired points by the month they were earned in."""
    keys, counted = table.tallies.counted.sums()
    expired = (keys >> WORD_BITS & 255) == EXPIRED
    months = keys[expired] & (WORDS_MAX - 1)
    return keyed({"month": months}, {"points": counted[expired, 1]})


def _outstanding(table: MemberTable) -> pa.Table:
    """Gather what members hold by the months it was earned and expires in: see rules.lots.

    What is left of all lots through a day is max(0, slack + those lots), so going from the
    last lots to the first, each step down is what is left of the lots stepped over.
    O(members × months).
    """
    members, lots, size = table.members, table.lots, len(table)
    steps: dict[tuple[int, int], list[int]] = {}
    for day in lots.days():
        earned = lots.earned_day(day)
        assert earned is not None
        earned_month, month = months_of_days(np.array([earned, day - 1])).tolist()
        steps.setdefault((earned_month, month), []).append(day)
    active = members.active[:size]
    total = members.slack[:size] + lots.through(LAST_DAY, size)
    left = np.minimum(active, np.maximum(total, 0))
    found = {(NEVER_MONTH, NEVER_MONTH): int(active.sum() - left.sum())}
    for key, days in sorted(steps.items(), reverse=True):
        through = lots.through(min(days) - 1, size)
        before = np.minimum(left, np.maximum(members.slack[:size] + through, 0))
        found[key] = int(left.sum() - before.sum())
        left = before
    held = {key: points for key, points in found.items() if points}
    months = np.array(list(held), dtype=np.int64).reshape(-1, 2)
    return keyed(
        {"earned": months[:, 0], "expires": months[:, 1]},
        {"points": np.array(list(held.values()), dtype=np.int64)},
    )


def report_points(part: Part, rules: Rules, query: Query) -> pa.Table:
    """Tell how points were earned, spent, expired and reversed over time."""
    found: dict[int, dict[str, int]] = {}
    for row in part["points"].to_pylist():
        held = found.setdefault(row["period"], dict.fromkeys(LIFE, 0))
        held[row["what"]] += row["points"]
    columns: dict[str, Kind] = {query.by: "day"}
    counted = (
        *(f"{name}_points" for name in EARNED), "earned_points", "adjusted_points",
        "redeemed_points", "expired_points", "reversed_points",
    )  # fmt: skip
    columns |= dict.fromkeys(counted, "count")
    columns["redeemed_value_yuan"] = "yuan"
    worth = fen_per_point(rules.season)
    rows = []
    for period, held in sorted(found.items()):
        redeemed = held["redemption"] + held["checkout"]
        rows.append(
            {
                query.by: period,
                **{f"{name}_points": held[name] for name in LIFE},
                "earned_points": sum(held[name] for name in EARNED),
                "adjusted_points": held["adjusted"] + held["deducted"],
                "redeemed_points": redeemed,
                "redeemed_value_yuan": redeemed * worth,
            }
        )
    return finished(columns, rows)


def report_liability(part: Part, rules: Rules, query: Query) -> pa.Table:
    """Tell what is owed in points, by the month they were earned in or the one they expire in."""
    return _by_expiry(part, rules) if query.by == "expires" else _by_earning(part, rules)


def _by_expiry(part: Part, rules: Rules) -> pa.Table:
    worth = fen_per_point(rules.season)
    sums: dict[int, int] = {}
    for row in part["outstanding"].to_pylist():
        sums[row["expires"]] = sums.get(row["expires"], 0) + row["points"]
    columns: dict[str, Kind] = {
        "expires_month": "day",
        "outstanding_points": "count",
        "value_yuan": "yuan",
    }
    return finished(
        columns,
        (
            {
                "expires_month": _first_day(month),
                "outstanding_points": points,
                "value_yuan": points * worth,
            }
            for month, points in sorted(sums.items())
        ),
    )


def _by_earning(part: Part, rules: Rules) -> pa.Table:
    worth = fen_per_point(rules.season)
    months: dict[int, dict[str, int]] = {}

    def at(month: int) -> dict[str, int]:
        words = ("earned", "reversed", "expired", "outstanding")
        return months.setdefault(month, dict.fromkeys(words, 0))

    for row in part["points"].to_pylist():
        [month] = months_of_days(np.array([row["period"]])).tolist()
        if row["what"] in (*EARNED, "adjusted"):
            at(month)["earned"] += row["points"]
        elif row["what"] == "reversed":
            at(month)["reversed"] += row["points"]
    for row in part["expired"].to_pylist():
        at(row["month"])["expired"] += row["points"]
    expires: dict[int, list[int]] = {}
    for row in part["outstanding"].to_pylist():
        at(row["earned"])["outstanding"] += row["points"]
        expires.setdefault(row["earned"], []).append(row["expires"])
    columns: dict[str, Kind] = {
        "earned_month": "day",
        "earned_points": "count",
        "reversed_points": "count",
        "expired_points": "count",
        "outstanding_points": "count",
        "used_points": "count",
        "breakage": "number",
        "last_expires_month": "day",
        "value_yuan": "yuan",
    }
    return finished(
        columns,
        (
            _month_row(month, held, max(expires.get(month, [NEVER_MONTH])), worth)
            for month, held in sorted(months.items())
        ),
    )


def _month_row(month: int, held: dict[str, int], expires: int, worth: Fraction) -> dict[str, Any]:
    net = held["earned"] - held["reversed"]
    dated = month != NEVER_MONTH
    return {
        "earned_month": _first_day(month),
        **{f"{name}_points": points for name, points in held.items()},
        "used_points": net - held["expired"] - held["outstanding"] if dated else None,
        "breakage": ratio(held["expired"], net) if dated else None,
        "last_expires_month": _first_day(expires),
        "value_yuan": held["outstanding"] * worth,
    }


def _first_day(month: int) -> int | None:
    """Give the first day of a month counted from 1970, or None for never."""
    if month == NEVER_MONTH:
        return None
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype(np.int64))
