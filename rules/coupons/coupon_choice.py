"""The best coupon for an order: every coupon of a member with its worth or what bars it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rules.coupons.coupon_codes import write_code
from rules.coupons.coupon_terms import (
    CouponRefused,
    Visit,
    check_usable,
    open_bill,
    price,
    use_cost_fen,
)
from rules.coupons.order_discount import most_points
from rules.decoding.order_lines import Order, order_hash
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Offer:
    """One coupon for one order: what it takes off and what is left to pay, or why it can't."""

    code: str
    coupon: str
    expires_us: int
    off_fen: int = 0
    to_pay_fen: int = 0
    points_max: int = 0
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """All coupons of a member for an order, the best first; and the order without any."""

    offers: list[Offer]
    to_pay_fen: int
    points_max: int


def quote(table: MemberTable, row: int, order: Order, left: Int64s | None = None) -> Quote:
    """Compare a member's coupons for an order, most discount first; changes nothing.

    Of equal ones the first to expire comes first, then the least code. Those that can't be
    used come last, each with its reason, at the price without any. points_max is the most that
    may be paid beside. left is what may still be drawn from each pool, int64[pools], where that
    isn't what this table has of it.
    """
    visit = Visit(row, order, order_hash(order.id))
    book = table.coupon_book
    checkout = table.rules.season.checkout
    bill = open_bill(table, visit, with_coupon=False)
    points_max = 0
    if checkout is not None:
        paid_fen = table.order_book.points_paid_fen(row, visit.order_hash)
        points_max = most_points(bill, checkout, int(table.members.active[row]), paid_fen)
    without = Quote([], sum(bill.left()), points_max)
    left = table.pools.lease - table.pools.used if left is None else left
    offers = [_offer(table, visit, coupon, left, without) for coupon in book.of_member(row)]
    offers.sort(key=lambda one: (bool(one.reason), -one.off_fen, one.expires_us, one.code))
    return replace(without, offers=offers)


def _offer(table: MemberTable, visit: Visit, coupon: int, left: Int64s, without: Quote) -> Offer:
    book, rules = table.coupon_book, table.rules
    template = int(book.template[coupon])
    code, expires_us = write_code(int(book.code[coupon])), int(book.expires_us[coupon])
    section = rules.season.coupons[template]
    try:
        check_usable(table, visit, coupon)
        bill, off_fen = price(table, visit, template)
        draws = rules.pool_rules.to_use(section, use_cost_fen(section, off_fen))
        for pool, amount in draws:
            if amount > left[pool]:
                short = rules.pool_rules.pools[pool]
                note = f"budget {short.id} has too little left for {section.id}"
                raise CouponRefused("budget_exhausted", note)
    except CouponRefused as why:
        return Offer(
            code, section.id, expires_us, 0, without.to_pay_fen, without.points_max,
            why.reason, why.note,
        )  # fmt: skip
    points_max = 0
    if rules.season.checkout is not None:
        active = int(table.members.active[visit.row])
        paid_fen = table.order_book.points_paid_fen(visit.row, visit.order_hash)
        points_max = most_points(bill, rules.season.checkout, active, paid_fen)
    return Offer(code, section.id, expires_us, off_fen, sum(bill.left()), points_max)
