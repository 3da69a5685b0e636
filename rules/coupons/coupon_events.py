"""Coupon events: claim, reserve, use (with points at the till, or points alone) and release.

Each is judged by its own time. A refused one changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import TYPE_CODES
from rules.coupons.code_claims import claim_by_code
from rules.coupons.coupon_book import CLAIMED, ISSUED, NO_INSTANT_US, RESERVED, USED
from rules.coupons.coupon_claims import claim_afresh
from rules.coupons.coupon_lookup import find_named, find_named_of_order, find_reserved
from rules.coupons.coupon_terms import (
    CouponRefused,
    Visit,
    check_owner,
    check_standing,
    check_usable,
    coupon_name,
    open_bill,
    pay_points,
    price,
    standing_at,
    use_cost_fen,
)
from rules.coupons.order_discount import Bill, fen_of_points, told
from rules.decoding.order_lines import Order, read_lines
from rules.judging.coding import Events
from rules.judging.points import draw
from rules.judging.results import Outcome
from rules.table.member_table import MemberTable
from rules.table.tallies import CHECKOUT

Int64s = npt.NDArray[np.int64]

Act = Callable[[MemberTable, Events, int, int, Outcome], None]
"""Applies the event at a row of the batch, with its order's hash."""


def apply_coupon_events(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply coupon events of distinct members, at int64[k] rows of the batch, one by one.

    The points that orders are paid with are taken off their members, and noted, together.
    """
    if not len(at):
        return
    for place, order in zip(at.tolist(), events.order[at].tolist(), strict=True):
        try:
            _ACTS[int(events.type[place])](table, events, place, order, outcome)
        except CouponRefused as why:
            outcome.refuse_one(place, why.reason, why.note)
    paid = at[outcome.points[at] < 0]
    if len(paid):
        _take_points(table, events, paid, -outcome.points[paid])


def _take_points(table: MemberTable, events: Events, at: Int64s, points: Int64s) -> None:
    rows = events.row[at]
    draw(table, rows, points)
    table.members.redeemed[rows] += points
    table.tallies.count(CHECKOUT, events.day[at], points)
    checkout = table.rules.season.checkout
    assert checkout is not None, "points have paid"
    fen = np.array([fen_of_points(checkout, one) for one in points.tolist()], dtype=np.int64)
    table.order_book.pay_with_points(rows, events.order[at], fen)


def _claim(table: MemberTable, events: Events, place: int, _order: int, outcome: Outcome) -> None:
    row, at_us = int(events.row[place]), int(events.at_us[place])
    named = events.text("coupon", place)
    day, cause = int(events.day[place]), events.text("event_id", place)
    coupon = claim_by_code(table, row, named, at_us, cause)
    if coupon is not None:
        outcome.details[place] = table.coupon_book.told(table.rules, coupon)
        return
    coupon = find_named(table, row, named, at_us, (ISSUED,))
    if coupon is None:
        template = table.rules.coupon_places[named]
        coupon = claim_afresh(table, row, template, at_us, day, cause)
    else:
        check_owner(table, row, coupon)
        if check_standing(table, coupon, at_us) != ISSUED:
            note = f"coupon {coupon_name(table, coupon)} is claimed already"
            raise CouponRefused("coupon_not_valid", note)
        _hold(table, row, coupon, at_us)
        table.coupon_book.status[coupon] = CLAIMED
    outcome.details[place] = table.coupon_book.told(table.rules, coupon)


def _reserve(table: MemberTable, events: Events, place: int, order: int, outcome: Outcome) -> None:
    visit = _visit(events, place, order)
    coupon = _usable(table, visit, events.text("coupon", place), mine_first=False)
    book, rules = table.coupon_book, table.rules
    bill, _ = price(table, visit, int(book.template[coupon]))
    at_us = visit.order.at_us
    until_us = rules.calendar.later(at_us, rules.season.coupon_rules.reserve_for)
    if standing_at(table, coupon, at_us) == RESERVED:
        until_us = max(until_us, int(book.reserved_until_us[coupon]))
    _hold(table, visit.row, coupon, at_us)
    book.status[coupon] = RESERVED
    book.order[coupon] = visit.order_hash
    book.reserved_until_us[coupon] = until_us
    outcome.details[place] = _answer(table, visit, coupon, bill)


def _use(table: MemberTable, events: Events, place: int, order: int, outcome: Outcome) -> None:
    visit, points = _visit(events, place, order), int(events.points[place])
    coupon, off_fen = None, 0
    if events.text("coupon", place):
        coupon = _usable(table, visit, events.text("coupon", place), mine_first=True)
        bill, off_fen = price(table, visit, int(table.coupon_book.template[coupon]))
    else:
        bill = open_bill(table, visit, with_coupon=False)
    if points:
        pay_points(table, visit, bill, points)
    if coupon is not None:
        _take_budget(table, coupon, off_fen)
        _spend(table, visit, coupon, off_fen, int(events.stamp_us[place]))
        table.coupon_lines.note(table, coupon, visit, bill)
    if points:
        outcome.points[place] = -points
    outcome.details[place] = _answer(table, visit, coupon, bill)
    if points:
        outcome.details[place]["points_used"] = points


def _release(table: MemberTable, events: Events, place: int, order: int, outcome: Outcome) -> None:
    row, at_us = int(events.row[place]), int(events.at_us[place])
    order_id = events.text("order", place)
    named, wanted = events.text("coupon", place), order if order_id else None
    coupon = find_reserved(table, row, named, at_us, wanted)
    if table.coupon_book.member[coupon] != row:
        raise CouponRefused("not_yours", f"coupon {coupon_name(table, coupon)} is someone else's")
    if check_standing(table, coupon, at_us) != RESERVED:
        note = f"coupon {coupon_name(table, coupon)} is not reserved"
        raise CouponRefused("coupon_not_valid", note)
    book = table.coupon_book
    if wanted not in (None, int(book.order[coupon])):
        note = f"coupon {coupon_name(table, coupon)} is not reserved for order {order_id}"
        raise CouponRefused("coupon_not_valid", note)
    book.status[coupon] = CLAIMED
    book.order[coupon] = 0
    book.reserved_until_us[coupon] = NO_INSTANT_US
    outcome.details[place] = book.told(table.rules, coupon)


_ACTS: Final[dict[int, Act]] = {
    TYPE_CODES["claim"]: _claim,
    TYPE_CODES["reserve"]: _reserve,
    TYPE_CODES["use"]: _use,
    TYPE_CODES["release"]: _release,
}


def _visit(events: Events, place: int, order_hash: int) -> Visit:
    order = Order(
        events.text("order", place),
        read_lines(events.text("lines", place)),
        int(events.at_us[place]),
        events.text("station", place),
        events.text("pay", place),
    )
    return Visit(int(events.row[place]), order, order_hash)


def _usable(table: MemberTable, visit: Visit, named: str, *, mine_first: bool) -> int:
    """Find the coupon a till names and refuse one that can't be used for its order."""
    at_us = visit.order.at_us
    coupon = None
    if mine_first:
        coupon = find_named_of_order(table, visit, named)
    if coupon is None:
        coupon = find_named(table, visit.row, named, at_us, (ISSUED, CLAIMED))
    if coupon is None:
        note = f"the member has no coupon {named} that can be used"
        raise CouponRefused("coupon_not_valid", note)
    check_usable(table, visit, coupon)
    return coupon


def _hold(table: MemberTable, row: int, coupon: int, at_us: int) -> None:
    """Let a coupon be this member's, and claimed if it wasn't yet."""
    book = table.coupon_book
    if book.member[coupon] != row:
        book.give(coupon, row)
    if book.claimed_us[coupon] == NO_INSTANT_US:
        book.claimed_us[coupon] = at_us


def _take_budget(table: MemberTable, coupon: int, off_fen: int) -> None:
    rules = table.rules
    template = rules.season.coupons[table.coupon_book.template[coupon]]
    draws = rules.pool_rules.to_use(template, use_cost_fen(template, off_fen))
    short = table.pools.short(draws)
    if short is not None:
        note = f"budget {short.id} has too little left for {template.id}"
        raise CouponRefused("budget_exhausted", note)
    table.pools.take(draws)


def _spend(table: MemberTable, visit: Visit, coupon: int, off_fen: int, stamp_us: int) -> None:
    book, at_us = table.coupon_book, visit.order.at_us
    _hold(table, visit.row, coupon, at_us)
    book.status[coupon] = USED
    book.used_us[coupon] = at_us
    book.used_day[coupon] = table.rules.calendar.day(stamp_us)
    book.off_fen[coupon] = off_fen
    book.order[coupon] = visit.order_hash


def _answer(table: MemberTable, visit: Visit, coupon: int | None, bill: Bill) -> dict[str, Any]:
    named = {} if coupon is None else table.coupon_book.told(table.rules, coupon)
    return named | {"order": visit.order.id} | told(bill)
