"""Shard status: where a shard stands, as it tells the gateway and the keeper."""

from __future__ import annotations

import numpy as np

from actors.messages import ShardStatus
from actors.projection import Projection
from rules.compiling.calendar import HOUR_US
from rules.table.member_table import MemberTable


def status_of(shard: int, epoch: int, held: Projection, hours: int) -> ShardStatus:
    """Describe a shard by what it holds, with the points of the last hours (-1: of all)."""
    table, rules = held.table, held.rules
    older = table.older
    return ShardStatus(
        shard=shard,
        seq=held.seq,
        version=held.version,
        clock_us=table.clock_us,
        ends_us=rules.ends_us,
        members=len(table),
        epoch=epoch,
        final=table.final,
        rules_number=held.book.number,
        season=rules.season_id,
        older=older.id if older else None,
        older_final=older is not None and older.final,
        older_ends_us=older.rules.ends_us if older else None,
        points_per_hour=points_per_hour(table, hours) if hours else {},
    )


def points_per_hour(table: MemberTable, hours: int) -> dict[int, int]:
    """Give the points of each hour that has any, by its start in µs UTC.

    Of the last hours up to the latest that has points; of all of them for -1.
    """
    points = table.points_by_hour
    filled = np.flatnonzero(points)
    if hours > 0 and len(filled):
        filled = filled[filled > filled[-1] - hours]
    starts_us = table.rules.starts_us
    return {starts_us + hour * HOUR_US: int(points[hour]) for hour in filled.tolist()}
