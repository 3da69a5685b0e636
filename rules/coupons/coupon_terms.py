"""What a coupon and points are worth on an order, or why they can't be used there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rules.coupons.coupon_book import CLAIMED, RESERVED, STATES, USED, VOID
from rules.coupons.coupon_codes import write_code
from rules.coupons.coupon_scope import eligible_lines
from rules.coupons.order_discount import (
    Bill,
    fen_of_points,
    money,
    share_fen,
    spread,
    take_coupon,
    take_points,
    take_tier_discount,
)
from rules.decoding.order_lines import Order
from rules.season.season_models import Coupon
from rules.table.member_table import MemberTable

EXPIRED: Final = len(STATES)


class CouponRefused(Exception):  # noqa: N818 - an answer to the sender, not a failure
    """A coupon or points can't be used; reason is the word of the answer, the text says why."""

    def __init__(self, reason: str, note: str) -> None:
        super().__init__(note)
        self.reason = reason
        self.note = note


@dataclass(frozen=True, slots=True)
class Visit:
    """A member (by row) at the till with an order, whose id is also given as its hash."""

    row: int
    order: Order
    order_hash: int


def coupon_name(table: MemberTable, coupon: int) -> str:
    """Write a coupon's code and template for a sentence."""
    template = table.rules.season.coupons[table.coupon_book.template[coupon]].id
    return f"{write_code(int(table.coupon_book.code[coupon]))} ({template})"


def standing_at(table: MemberTable, coupon: int, at_us: int) -> int:
    """Tell how a coupon stands at an instant: its status, a lapsed reservation as claimed."""
    book = table.coupon_book
    status = int(book.status[coupon])
    if status in (USED, VOID):
        return status
    if at_us >= book.expires_us[coupon]:
        return EXPIRED
    if status == RESERVED and at_us >= book.reserved_until_us[coupon]:
        return CLAIMED
    return status


def of_order(table: MemberTable, visit: Visit) -> list[int]:
    """List the member's coupons that are used, or still reserved, for this order."""
    book = table.coupon_book
    return [
        coupon
        for coupon in book.of_member(visit.row)
        if book.order[coupon] == visit.order_hash
        and standing_at(table, coupon, visit.order.at_us) in (RESERVED, USED)
    ]


def check_owner(table: MemberTable, row: int, coupon: int) -> None:
    """Refuse another member's coupon, unless coupons are transferable."""
    owner = int(table.coupon_book.member[coupon])
    if owner != row and not table.rules.season.coupon_rules.transferable:
        raise CouponRefused("not_yours", f"coupon {coupon_name(table, coupon)} is someone else's")


def check_standing(table: MemberTable, coupon: int, at_us: int) -> int:
    """Tell how a coupon stands; refuse one that is used, void or expired."""
    standing = standing_at(table, coupon, at_us)
    if standing not in (USED, VOID, EXPIRED):
        return standing
    name = coupon_name(table, coupon)
    if standing == USED:
        raise CouponRefused("coupon_spent", f"coupon {name} was used already")
    if standing == VOID:
        raise CouponRefused("coupon_not_valid", f"coupon {name} is void")
    raise CouponRefused("coupon_not_valid", f"coupon {name} has expired")


def check_usable(table: MemberTable, visit: Visit, coupon: int) -> None:
    """Refuse a coupon that this member can't use for this order, whatever the order holds."""
    check_owner(table, visit.row, coupon)
    book = table.coupon_book
    reserved = check_standing(table, coupon, visit.order.at_us) == RESERVED
    same_order = book.member[coupon] == visit.row and book.order[coupon] == visit.order_hash
    if reserved and not same_order:
        note = f"coupon {coupon_name(table, coupon)} is reserved for another order"
        raise CouponRefused("coupon_not_valid", note)
    others = sum(1 for one in of_order(table, visit) if one != coupon)
    per_order = table.rules.season.coupon_rules.per_order
    if others >= per_order:
        note = f"order {visit.order.id} has {others} coupons already; per_order = {per_order}"
        raise CouponRefused("coupon_not_valid", note)


def open_bill(table: MemberTable, visit: Visit, *, with_coupon: bool) -> Bill:
    """Begin an order's bill: the tier discount, and what was taken off the order before."""
    season, book = table.rules.season, table.coupon_book
    bill = Bill(visit.order.lines)
    used = [one for one in of_order(table, visit) if book.status[one] == USED]
    earlier_fen = sum(int(book.off_fen[one]) for one in used)
    with_coupon |= earlier_fen > 0
    replaced = with_coupon and not season.coupon_rules.with_tier_discount
    if season.tiers is not None and not replaced:
        level = season.tiers.levels[int(table.members.level[visit.row])]
        take_tier_discount(bill, level.discount, table.rules.categories)
    if earlier_fen:
        bill.earlier = spread(earlier_fen, bill.left())
    paid_fen = table.order_book.points_paid_fen(visit.row, visit.order_hash)
    if paid_fen:
        take_points(bill, paid_fen)
    return bill


def price(table: MemberTable, visit: Visit, template: int) -> tuple[Bill, int]:
    """Work out an order's bill with a coupon of a template, and what the coupon takes off, fen.

    Raises:
        CouponRefused: where no line is eligible, or they come to less than min_spend.
    """
    coupon = table.rules.season.coupons[template]
    lines = visit.order.lines
    eligible = eligible_lines(table, visit.row, template, visit.order)
    if not any(eligible):
        note = f"{coupon.id} is for no line of order {visit.order.id} here and now"
        raise CouponRefused("coupon_not_valid", note)
    spent_fen = sum(line.amount_fen for line, is_ in zip(lines, eligible, strict=True) if is_)
    least_fen = coupon.min_spend_fen or 0
    if spent_fen < least_fen:
        note = (
            f"{coupon.id} needs {money(least_fen)} of eligible lines; order {visit.order.id} "
            f"has {money(spent_fen)}"
        )
        raise CouponRefused("coupon_not_valid", note)
    bill = open_bill(table, visit, with_coupon=True)
    return bill, take_coupon(bill, coupon, eligible)


def pay_points(table: MemberTable, visit: Visit, bill: Bill, points: int) -> None:
    """Pay part of a bill with points.

    Raises:
        CouponRefused: where the step, the balance or the share doesn't allow it.
    """
    checkout = table.rules.season.checkout
    if checkout is None:
        raise CouponRefused("over_share", "the season file has no [checkout]: points pay nothing")
    if points % checkout.step:
        raise CouponRefused("bad_step", f"points = {points}: not a multiple of {checkout.step}")
    active = int(table.members.active[visit.row])
    if active < points:
        raise CouponRefused("insufficient_points", f"points = {points}: the member has {active}")
    fen = fen_of_points(checkout, points)
    paid_fen = table.order_book.points_paid_fen(visit.row, visit.order_hash)
    most_fen = share_fen(bill, checkout, paid_fen)
    if fen > most_fen:
        note = f"points = {points} pay {money(fen)}; at most {money(most_fen)} of this order"
        raise CouponRefused("over_share", note)
    take_points(bill, fen)


def use_cost_fen(coupon: Coupon, off_fen: int) -> int:
    """Tell what a use costs the programme: the discount, or the gift's own cost."""
    return coupon.unit_cost_fen if coupon.kind == "gift" else off_fen
