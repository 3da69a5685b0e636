"""Report query: which report, of which days, by what; read from text and checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

EPOCH: Final = date(1970, 1, 1)
PERIODS: Final = ("day", "week", "month")
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "sales": ("product", "category", "station", *PERIODS, "total"),
    "service": ("product", "station", *PERIODS),
    "members": ("kind", "tier", "recency", "rfm"),
    "stations": ("station", "region", "brand"),
    "trend": PERIODS,
    "coupons": ("coupon",),
    "campaigns": ("campaign",),
    "recall": ("campaign",),
    "satisfaction": ("station", "week", "station_week"),
    "liability": ("earned", "expires"),
    "points": ("month", "week", "day"),
    "budgets": ("budget",),
    "prizes": ("reward",),
}
"""Every report with what its rows may stand for; the first is the default."""

WITHIN_DAYS: Final = 30
WITHIN_DAYS_MAX: Final = 400
FIRST_DAY, LAST_DAY = -(10**6), 10**6


class QueryRefused(ValueError):  # noqa: N818 - an answer to the sender, not a failure
    """A report can't be asked for like this; the text says what is wrong and the fix."""


@dataclass(frozen=True, slots=True)
class Query:
    """A report of the local days from first_day to last_day, both included.

    within_days is how long a purchase counts as an answer to a coupon, and how long nobody
    may stay away before they count as lost; split_day begins the time "after".
    """

    name: str
    by: str
    first_day: int = FIRST_DAY
    last_day: int = LAST_DAY
    split_day: int | None = None
    within_days: int = WITHIN_DAYS


def read_query(
    name: str,
    *,
    by: str | None = None,
    first: str | None = None,
    last: str | None = None,
    split: str | None = None,
    within_days: int = WITHIN_DAYS,
) -> Query:
    """Read a query as it comes in a URL; dates are local, YYYY-MM-DD.

    Raises:
        QueryRefused: where a name, a date or a number isn't one that is known.
    """
    if name not in NAMES:
        raise QueryRefused(f"There is no report {name!r}; there are {', '.join(NAMES)}.")
    ways = NAMES[name]
    if by is not None and by not in ways:
        raise QueryRefused(f"by = {by!r}: report {name} goes by {', '.join(ways)}.")
    if not 1 <= within_days <= WITHIN_DAYS_MAX:
        raise QueryRefused(f"within_days = {within_days}: write 1 to {WITHIN_DAYS_MAX}.")
    if split is not None and name != "satisfaction":
        raise QueryRefused(f"split = {split!r}: only satisfaction tells before and after.")
    days = {word: _day(word, text) for word, text in (("from", first), ("to", last))}
    first_day = FIRST_DAY if days["from"] is None else days["from"]
    last_day = LAST_DAY if days["to"] is None else days["to"]
    if last_day < first_day:
        raise QueryRefused(f"to = {last!r}: lies before from = {first!r}.")
    return Query(name, by or ways[0], first_day, last_day, _day("split", split), within_days)


def _day(word: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        raise QueryRefused(f"{word} = {text!r}: write a date as 2026-06-01.") from None
