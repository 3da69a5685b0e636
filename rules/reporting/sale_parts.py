"""Sale parts: what one member table has sold, counted and been told, for reports to add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.reporting.margins import margin_parts
from rules.reporting.report_query import PERIODS, Query
from rules.reporting.report_tables import begins, keyed, named
from rules.table.tallies import DAYS_BEFORE_EPOCH, WHATS, WORD_BITS, WORDS_MAX

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SOLD: Final = ("purchases", "ml", "fen", "base", "bonus")
REFUNDED: Final = ("refunds", "refunded_ml", "refunded_fen", "refunded_points")
SALES: Final = (*SOLD, *REFUNDED, "discount_fen")
ANSWERS: Final = ("answers", "score", "promoters", "detractors")


def split_cells(cells: Int64s) -> tuple[Int64s, Bools, Int64s, Int64s]:
    """Read cells' numbers: local day, whether of top-ups, product, station, [n] each."""
    station = cells & (WORDS_MAX - 1)
    product = cells >> WORD_BITS & (WORDS_MAX - 1)
    base = cells >> 2 * WORD_BITS
    return (base >> 1) - DAYS_BEFORE_EPOCH, (base & 1) == 1, product, station


def within(days: Int64s, query: Query) -> Bools:
    """Tell which local days a query is about, bool[n]."""
    inside: Bools = (days >= query.first_day) & (days <= query.last_day)
    return inside


def sales_part(table: MemberTable, query: Query) -> pa.Table:
    """Gather sales by the period of a query, product and station: SALES, and top_up to tell.

    Their margin is that of each sale's own day, exact; margins_known counts the days that have one.
    """
    tallies = table.tallies
    blocks = [
        _block(query, *_of_cells(tallies.sold.sums(), 0, len(SOLD))),
        _block(query, *_of_cells(tallies.refunded.sums(), len(SOLD), len(REFUNDED))),
        _block(query, *_discounts(table)),
    ]
    days, top_up, product, station, sums = (
        np.concatenate(one) for one in zip(*blocks, strict=True)
    )
    ml, fen = (
        sums[:, SALES.index(name)] - sums[:, SALES.index(f"refunded_{name}")]
        for name in ("ml", "fen")
    )
    margin, known = margin_parts(table, product, station, days, ml, fen)
    by_day = query.by if query.by in PERIODS else ""
    period = begins(days, by_day) if by_day else np.zeros(len(days), dtype=np.int64)
    return keyed(
        {
            "period": period,
            "product": named(tallies.products.names, product),
            "station": named(tallies.stations.names, station),
            "top_up": top_up,
        },
        {name: sums[:, place] for place, name in enumerate(SALES)}
        | {"margin_parts": margin, "margins_known": known},
    )


Block = tuple[Int64s, Bools, Int64s, Int64s, Int64s]


def _of_cells(held: tuple[Int64s, Int64s], first: int, width: int) -> Block:
    cells, sums = held
    laid = np.zeros((len(cells), len(SALES)), dtype=np.int64)
    laid[:, first : first + width] = sums
    return (*split_cells(cells), laid)


def _discounts(table: MemberTable) -> Block:
    """Lay out what coupons took off, on the local day of their use."""
    lines = table.coupon_lines
    rows = lines.standing(table)
    laid = np.zeros((len(rows), len(SALES)), dtype=np.int64)
    laid[:, SALES.index("discount_fen")] = lines.off_fen[rows]
    days = table.rules.calendar.days(lines.used_us[rows])
    product, station = lines.product[rows].astype(np.int64), lines.station[rows].astype(np.int64)
    return days, np.zeros(len(rows), dtype=np.bool_), product, station, laid


def _block(query: Query, *block: Any) -> tuple[Any, ...]:
    inside = within(block[0], query)
    return tuple(column[inside] for column in block)


def counts_part(table: MemberTable, query: Query, period: str) -> pa.Table:
    """Gather what is counted by day: by period and what, its count and amount."""
    tallies = table.tallies
    keys, sums = tallies.counted.sums()
    base = keys >> WORD_BITS
    days, what = (base >> 8) - DAYS_BEFORE_EPOCH, base & 255
    inside = within(days, query)
    days, what, sums = days[inside], what[inside], sums[inside]
    return keyed(
        {"period": begins(days, period), "what": named(WHATS, what)},
        {"count": sums[:, 0], "amount": sums[:, 1]},
    )


def answers_part(table: MemberTable, query: Query, period: str, split_day: int | None) -> pa.Table:
    """Gather survey answers by station, period, and before or after a day."""
    tallies = table.tallies
    cells, sums = tallies.answers.sums()
    days, _, _, station = split_cells(cells)
    inside = within(days, query)
    days, station, sums = days[inside], station[inside], sums[inside]
    return keyed(
        {
            "station": named(tallies.stations.names, station),
            "period": begins(days, period) if period else np.zeros(len(days), dtype=np.int64),
            "after": days >= split_day if split_day is not None else np.zeros(len(days), bool),
        },
        {name: sums[:, place] for place, name in enumerate(ANSWERS)},
    )


def days_part(table: MemberTable, query: Query) -> pa.Table:
    """Count by period the members who bought in it, and those who bought for the first time.

    O(sales log sales). What is refunded in full is no purchase.
    """
    sales = table.ledger.sales
    held = np.flatnonzero(sales.visit[: sales.size])
    rows = table.resolve(sales.row[held].astype(np.int64))
    days = sales.day[held].astype(np.int64)
    first = np.full(len(table), np.iinfo(np.int64).max)
    np.minimum.at(first, rows, days)
    first = first[first < np.iinfo(np.int64).max]
    first = begins(first[within(first, query)], query.by)
    inside = within(days, query)
    keys = np.sort(begins(days[inside], query.by) << 32 | rows[inside])
    keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
    active = keys >> 32
    zeros = np.zeros(len(active), dtype=np.int64)
    none = np.zeros(len(first), dtype=np.int64)
    return keyed(
        {"period": np.concatenate([active, first])},
        {
            "active_members": np.concatenate([zeros + 1, none]),
            "first_purchases": np.concatenate([zeros, none + 1]),
        },
    )
