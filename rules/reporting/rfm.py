"""Recency, frequency, money: every buyer's quintile in each, for analysts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.segment_rules import Metric
from rules.judging.segments import metric_values

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Scores = npt.NDArray[np.int8]

QUINTILES: Final = 5


@dataclass(frozen=True, slots=True)
class Rfm:
    """Scores from 1 to 5, 5 the best, of the member rows int64[n]; int8[n] each."""

    rows: Int64s
    recency: Scores
    frequency: Scores
    money: Scores


def quintiles(values: Int64s) -> Scores:
    """Score values by the share of smaller ones: int8[n] from 1 to 5. O(n log n).

    Equal values get equal scores, whatever their order.

    >>> quintiles(np.array([10, 20, 30, 40, 50, 50])).tolist()
    [1, 1, 2, 3, 4, 4]
    """
    below = np.searchsorted(np.sort(values), values, side="left")
    return (1 + below * QUINTILES // max(len(values), 1)).astype(np.int8)


def rfm_of(table: MemberTable, days: int) -> Rfm:
    """Score the listed members who ever bought, by their purchases of the last local days.

    Recency: the fewer days since the last purchase, the higher. Frequency and money: net
    purchases and their amount within the window. Raises ValueError when the season file's
    segments don't keep these.
    """
    needed = [("visits", days), ("amount", days)]
    if any(window not in table.windows.rules.windows for window in needed):
        raise ValueError(
            f"visits_{days}d and amount_{days}d aren't both kept; add a segment that looks at them"
        )
    members = table.members
    rows = np.flatnonzero(members.listed[: members.size])
    recency = metric_values(table, rows, Metric("recency_days"))
    rows, recency = rows[recency >= 0], recency[recency >= 0]
    return Rfm(
        rows,
        quintiles(-recency),
        quintiles(metric_values(table, rows, Metric("visits", days))),
        quintiles(metric_values(table, rows, Metric("amount", days))),
    )
