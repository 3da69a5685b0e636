"""Coupon report: how each template does, from issue to what its orders were worth."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.coupons.coupon_book import NO_INSTANT_US, USED
from rules.reporting.margins import margin_parts
from rules.reporting.report_query import Query
from rules.reporting.report_tables import Kind, Part, finished, keyed, named, ratio
from rules.reporting.sale_parts import within
from rules.season.price_list import FEN_PARTS

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]

REPURCHASE_DAYS: Final = 30


def use_costs_fen(table: MemberTable, coupons: Int64s) -> Int64s:
    """Tell what used coupons cost the programme, int64[n] fen: the discount, or the gift's cost."""
    book, templates = table.coupon_book, table.rules.season.coupons
    gift = np.array([one.kind == "gift" for one in templates] + [False])
    unit_fen = np.array([one.unit_cost_fen for one in templates] + [0], dtype=np.int64)
    template = book.template[coupons]
    costs: Int64s = np.where(gift[template], unit_fen[template], book.off_fen[coupons])
    return costs


def gather_coupons(table: MemberTable, query: Query) -> Part:
    """Gather the coupons issued on the days of a query, by template; and visits without any."""
    book = table.coupon_book
    issued_day = table.rules.calendar.days(book.issued_us[: book.size])
    coupons = np.flatnonzero(within(issued_day, query))
    status = np.array(book.statuses(coupons, table.clock_us), dtype=object)
    used = book.status[coupons] == USED
    before_fen, to_pay_fen, margin_fen, orders = _orders(table)
    cost_fen = use_costs_fen(table, coupons) * used
    sums = {
        "issued": np.ones(len(coupons), dtype=np.int64),
        "claimed": book.claimed_us[coupons] != NO_INSTANT_US,
        "used": used,
        "expired": status == "expired",
        "void": status == "void",
        "off_fen": book.off_fen[coupons] * used,
        "cost_fen": cost_fen,
        "orders": orders[coupons] * used,
        "before_fen": before_fen[coupons] * used,
        "to_pay_fen": to_pay_fen[coupons] * used,
        "margin_fen": np.rint(margin_fen[coupons]).astype(np.int64) * used,
        "came_again": _came_again(table, coupons) & used,
    }
    names = [one.id for one in table.rules.season.coupons]
    return {
        "coupons": keyed({"coupon": named(names, book.template[coupons])}, sums),
        "without": _visits_without(table, query),
    }


def _orders(
    table: MemberTable,
) -> tuple[Int64s, Int64s, npt.NDArray[np.float64], Int64s]:
    """Add up the order of each coupon's use by coupon row: before, to pay, margin (fen), count."""
    lines, size = table.coupon_lines, table.coupon_book.size
    rows = lines.standing(table)
    coupon = lines.coupon[rows]
    before_fen, to_pay_fen, orders = np.zeros((3, size), dtype=np.int64)
    parts = np.zeros(size, dtype=np.int64)
    np.add.at(before_fen, coupon, lines.before_fen[rows])
    np.add.at(to_pay_fen, coupon, lines.to_pay_fen[rows])
    margin, _ = margin_parts(
        table,
        lines.product[rows].astype(np.int64),
        lines.station[rows].astype(np.int64),
        table.rules.calendar.days(lines.used_us[rows]),
        lines.ml[rows].astype(np.int64),
        lines.before_fen[rows],
    )
    np.add.at(parts, coupon, margin)
    orders[coupon] = 1
    return before_fen, to_pay_fen, parts / FEN_PARTS, orders


def _visit_keys(table: MemberTable) -> tuple[Int64s, Int64s]:
    """Number the visits that count, one a member and local day: sorted keys and their fen."""
    sales = table.ledger.sales
    held = np.flatnonzero(sales.visit[: sales.size])
    rows = table.resolve(sales.row[held].astype(np.int64))
    keys, which = np.unique(rows << 32 | sales.day[held].astype(np.int64), return_inverse=True)
    fen = np.zeros(len(keys), dtype=np.int64)
    np.add.at(fen, which, sales.left_fen[held])
    return keys, fen


def _came_again(table: MemberTable, coupons: Int64s) -> npt.NDArray[np.bool_]:
    """Tell whose member bought on a later local day within 30 days of the use, bool[n]."""
    book = table.coupon_book
    keys, _ = _visit_keys(table)
    day = table.rules.calendar.days(book.used_us[coupons])
    row = book.member[coupons].astype(np.int64) << 32
    first = np.searchsorted(keys, row | day + 1)
    last = np.searchsorted(keys, row | day + REPURCHASE_DAYS, side="right")
    again: npt.NDArray[np.bool_] = last > first
    return again


def _visits_without(table: MemberTable, query: Query) -> pa.Table:
    """Count the visits on which the member used no coupon, and what they were worth."""
    book = table.coupon_book
    keys, fen = _visit_keys(table)
    used = np.flatnonzero(book.status[: book.size] == USED)
    day = table.rules.calendar.days(book.used_us[used])
    with_coupon = np.isin(keys, book.member[used].astype(np.int64) << 32 | day)
    days = keys & (2**32 - 1)
    chosen = ~with_coupon & within(days, query)
    return keyed(
        {"all": ["all"] * int(chosen.sum())},
        {"visits": np.ones(int(chosen.sum()), dtype=np.int64), "fen": fen[chosen]},
    )


COLUMNS: Final[dict[str, Kind]] = {
    "coupon": "text",
    "issued": "count",
    "claimed": "count",
    "used": "count",
    "expired": "count",
    "void": "count",
    "claim_rate": "number",
    "usage_rate": "number",
    "conversion": "number",
    "discount_yuan": "yuan",
    "cost_yuan": "yuan",
    "order_before_yuan": "yuan",
    "order_paid_yuan": "yuan",
    "visit_without_yuan": "yuan",
    "repurchased": "count",
    "repurchase_rate": "number",
    "margin_yuan": "yuan",
    "return_on_cost": "number",
}


def report_coupons(part: Part, rules: Rules, _query: Query) -> pa.Table:
    """Tell how each coupon of the file does; one never issued stands with zeros.

    return_on_cost is of the margin of orders it was used on, whoever would have come anyway;
    the report campaigns has the increment.
    """
    held = {row["coupon"]: row for row in part["coupons"].to_pylist()}
    [without] = part["without"].to_pylist() or [{"visits": 0, "fen": 0}]
    visit_fen = ratio(Fraction(without["fen"]), without["visits"])
    rows = []
    for coupon in rules.season.coupons:
        row: dict[str, Any] = held.get(coupon.id, {})
        got = {name: row.get(name, 0) for name in part["coupons"].column_names[1:]}
        orders = got["orders"]
        cost_fen = got["cost_fen"]
        rows.append(
            {
                **got,
                "coupon": coupon.id,
                "claim_rate": ratio(got["claimed"], got["issued"]),
                "usage_rate": ratio(got["used"], got["claimed"]),
                "conversion": ratio(got["used"], got["issued"]),
                "discount_yuan": got["off_fen"],
                "cost_yuan": cost_fen,
                "order_before_yuan": ratio(Fraction(got["before_fen"]), orders),
                "order_paid_yuan": ratio(Fraction(got["to_pay_fen"]), orders),
                "visit_without_yuan": visit_fen,
                "repurchased": got["came_again"],
                "repurchase_rate": ratio(got["came_again"], got["used"]),
                "margin_yuan": got["margin_fen"],
                "return_on_cost": ratio(got["margin_fen"] - cost_fen, cost_fen),
            }
        )
    return finished(COLUMNS, rows)
