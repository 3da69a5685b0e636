"""Coupons that members take themselves, as often as the season file lets them."""

from __future__ import annotations

import numpy as np

from rules.compiling.calendar import months_of_days, weeks_of_days
from rules.coupons.coupon_terms import CouponRefused
from rules.table.member_table import MemberTable


def period_of(day: int, per: str) -> int:
    """Number the period of a local day: day, week, month; the season is one period.

    >>> period_of(31, "month"), period_of(31, "season")
    (1, 0)
    """
    if per == "day":
        return day
    if per == "season":
        return 0
    days = np.array([day], dtype=np.int64)
    return int((weeks_of_days(days) if per == "week" else months_of_days(days))[0])


def claim_afresh(
    table: MemberTable, row: int, template: int, at_us: int, day: int, cause: str
) -> int:
    """Issue a coupon that nothing but the member's own wish asks for; returns its row.

    Raises:
        CouponRefused: where its template doesn't allow it, or not so often, or a budget is used up.
    """
    coupon = table.rules.season.coupons[template]
    if coupon.claim is None:
        note = f"the member has no coupon {coupon.id} to claim"
        raise CouponRefused("coupon_not_valid", note)
    times = _claimed(table, row, template, coupon.claim.per, day)
    if times >= coupon.claim.times:
        note = f"{coupon.id} was claimed {times} times this {coupon.claim.per}"
        raise CouponRefused("coupon_not_valid", note)
    draws = table.rules.pool_rules.to_issue(coupon)
    short = table.pools.short(draws)
    if short is not None:
        note = f"budget {short.id} has too little left for {coupon.id}"
        raise CouponRefused("budget_exhausted", note)
    table.pools.take(draws)
    made = table.coupon_book.issue(
        table, template, np.array([row]), np.array([at_us]), [cause], "claim", claimed=True
    )
    return int(made[0])


def _claimed(table: MemberTable, row: int, template: int, per: str, day: int) -> int:
    """Count what a member took of a template in the period of a local day, kept or handed on."""
    book, calendar = table.coupon_book, table.rules.calendar
    handed_on = table.rules.season.coupon_rules.transferable
    coupons = book.taken_by(row, template, "claim", handed_on=handed_on)
    taken = [calendar.day(int(book.issued_us[one])) for one in coupons]
    now = period_of(day, per)
    return sum(1 for one in taken if period_of(one, per) == now)
