"""What the reports page shows of each report: by what, which measure, which columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PERIODS: Final = ("day", "week", "month")


@dataclass(frozen=True)
class Shape:
    """How a report is shown: the ways to group it, what its chart measures, its table's columns.

    `total` says that the measure adds up over the rows, so that shares of it make sense.
    """

    by: tuple[str, ...]
    measure: str
    columns: tuple[str, ...]
    dated: bool = True
    total: bool = True


SOLD: Final = ("purchases", "net_litres", "net_amount_yuan", "discount_yuan", "margin_yuan")
SHAPES: Final[dict[str, Shape]] = {
    "sales": Shape(
        ("product", "category", "station", *PERIODS),
        "net_amount_yuan",
        SOLD,
    ),
    "stations": Shape(
        ("station", "region", "brand"),
        "net_amount_yuan",
        ("purchases", "net_litres", "net_amount_yuan", "margin_yuan", "mean_score", "nps"),
    ),
    "service": Shape(
        ("product", "station", *PERIODS),
        "net_amount_yuan",
        ("purchases", "net_amount_yuan", "discount_yuan", "margin_yuan"),
    ),
    "trend": Shape(
        PERIODS,
        "net_amount_yuan",
        ("purchases", "net_amount_yuan", "active_members", "first_purchases", "enrolments"),
    ),
    "members": Shape(
        ("kind", "tier", "recency"),
        "members",
        ("members", "buyers", "churn", "amount_per_member_yuan", "active_points"),
        dated=False,
    ),
    "satisfaction": Shape(
        ("station_week", "station", "week"),
        "mean_score",
        ("answers", "mean_score", "nps", "complaints", "followed_up_share"),
        total=False,
    ),
    "liability": Shape(
        ("earned", "expires"),
        "value_yuan",
        ("outstanding_points", "value_yuan", "earned_points", "used_points"),
        dated=False,
    ),
}
SEGMENTS: Final = "segments"
REPORTS: Final = (SEGMENTS, *SHAPES)
KEY_COLUMN: Final = {"earned": "earned_month", "expires": "expires_month"}


def key_columns(by: str) -> tuple[str, ...]:
    """Give the columns that say what a row stands for.

    >>> key_columns("station_week"), key_columns("earned"), key_columns("day")
    (('station', 'week'), ('earned_month',), ('day',))
    """
    if by == "station_week":
        return ("station", "week")
    return (KEY_COLUMN.get(by, by),)


def over_time(by: str) -> bool:
    """Tell whether the rows go on in time.

    >>> over_time("week"), over_time("expires"), over_time("region")
    (True, True, False)
    """
    return by in (*PERIODS, "station_week", *KEY_COLUMN)
