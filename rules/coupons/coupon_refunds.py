"""Coupons that come back when everything bought with them is refunded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rules.coupons.coupon_book import CLAIMED, NO_INSTANT_US, USED
from rules.coupons.coupon_claims import period_of
from rules.coupons.coupon_terms import use_cost_fen
from rules.decoding.text_bytes import null_rows
from rules.judging.coding import PURCHASE, Events
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]


def note_orders(table: MemberTable, events: Events, at: Int64s) -> None:
    """Note which orders sales just recorded belong to; at int64[k] are of distinct members."""
    column = events.batch.column("order")
    if column.null_count == len(column):
        return
    bought = at[(events.type[at] == PURCHASE) & ~null_rows(column)[at]]
    bought = bought[(events.amount_fen[bought] > 0) | (events.quantity_ml[bought] > 0)]
    bought = bought[events.sale[bought] >= 0]
    if len(bought):
        table.order_book.open_sales(events.row[bought], events.order[bought], events.sale[bought])


def reinstate(
    table: MemberTable, sale: npt.NDArray[np.int32], at_us: Int64s, stamp_us: Int64s
) -> None:
    """Give back the coupons of orders that refunds have left nothing of.

    The sales, int32[k], were refunded at those times. A coupon that has expired by then stays
    used; points paid at the till stay spent.
    """
    sales = table.ledger.sales
    gone = (sales.left_ml[sale] == 0) & (sales.left_fen[sale] == 0) & sales.purchase[sale]
    for place in np.flatnonzero(gone).tolist():
        for order in table.order_book.close_sales(sale[place : place + 1]).tolist():
            day = table.rules.calendar.day(int(stamp_us[place]))
            _give_back(table, order, int(at_us[place]), day)


def _give_back(table: MemberTable, order: int, at_us: int, day: int) -> None:
    book, orders = table.coupon_book, table.order_book
    for coupon in book.of_member(int(orders.member[order])):
        used_here = book.status[coupon] == USED and book.order[coupon] == orders.order[order]
        if not used_here or at_us >= book.expires_us[coupon]:
            continue
        _refill(table, coupon, day)
        book.status[coupon] = CLAIMED
        book.order[coupon] = 0
        book.off_fen[coupon] = 0
        book.used_us[coupon] = NO_INSTANT_US
        book.reserved_until_us[coupon] = NO_INSTANT_US


def _refill(table: MemberTable, coupon: int, day: int) -> None:
    """Return what a use took of its budgets, where their period is still that of the use."""
    rules, book = table.rules, table.coupon_book
    template = rules.season.coupons[book.template[coupon]]
    used_day = int(book.used_day[coupon])
    draws = rules.pool_rules.to_use(template, use_cost_fen(template, int(book.off_fen[coupon])))
    pools = rules.pool_rules.pools
    same = [
        (pool, amount)
        for pool, amount in draws
        if period_of(used_day, pools[pool].per or "season")
        == period_of(day, pools[pool].per or "season")
    ]
    table.pools.give_back(same)
