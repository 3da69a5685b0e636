"""Segments: saved conditions on members, matched as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rules.compiling.segment_rules import Metric, MetricTest

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


def segment_bits_of(table: MemberTable, rows: Int64s) -> UInt64s:
    """Tell the segments that members are in: uint64[n], bit s set for segment s of the file."""
    members, rules = table.members, table.rules
    bits = rules.segment_rules.clauses.match(
        members.level[rows], members.kind[rows], members.attribute_bits[rows], None
    )
    for place, tests in enumerate(rules.segment_rules.metrics):
        for test in tests:
            bits[~_passes(table, rows, test)] &= ~np.uint64(1 << place)
    return bits


def segment_rows(table: MemberTable, name: str) -> Int64s:
    """Find the listed members of a segment as they stand: int64[k] rows, ascending. O(members).

    Raises KeyError when the season file has no such segment.
    """
    members, rules = table.members, table.rules
    if name not in rules.segments:
        known = ", ".join(rules.segments) or "none"
        raise KeyError(f"segment {name!r}: the season file has {known}")
    place = rules.segments.index(name)
    rows = np.flatnonzero(members.listed[: members.size])
    for test in rules.segment_rules.metrics[place]:
        rows = rows[_passes(table, rows, test)]
    bits = rules.segment_rules.alone[place].match(
        members.level[rows], members.kind[rows], members.attribute_bits[rows], None
    )
    inside: Int64s = rows[bits != 0]
    return inside


def count_segment(table: MemberTable, name: str) -> int:
    """Count the listed members of a segment as they stand. O(members)."""
    return len(segment_rows(table, name))


def metric_values(table: MemberTable, rows: Int64s, metric: Metric) -> Int64s:
    """Compute a metric for some members, int64[n] in ml, fen, points, purchases or days.

    recency_days is −1 for who never bought.
    """
    members = table.members
    if metric.days is not None:
        return table.windows.sums(metric.name, metric.days, rows)
    if metric.name == "recency_days":
        last_us = members.last_purchase_us[rows]
        days = table.windows.today - table.rules.calendar.days(last_us)
        since: Int64s = np.where(last_us == 0, -1, np.maximum(days, 0))
        return since
    column = {
        "score": members.score,
        "visits": members.visits,
        "litres": members.litres_ml,
        "amount": members.amount_fen,
        "active": members.active,
    }[metric.name]
    values: Int64s = column[rows]
    return values


def _passes(table: MemberTable, rows: Int64s, test: MetricTest) -> Bools:
    value = metric_values(table, rows, test.metric)
    passes = np.ones(len(rows), dtype=np.bool_)
    if test.low is not None:
        passes &= value >= test.low
    if test.high is not None:
        passes &= value <= test.high
    if test.values is not None:
        passes &= np.isin(value, test.values)
    if test.metric.name == "recency_days":
        passes &= value >= 0
    return passes
