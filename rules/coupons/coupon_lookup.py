"""Which coupon an event names: by its code, or by its template the one that fits best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rules.coupons.coupon_book import RESERVED
from rules.coupons.coupon_codes import read_code
from rules.coupons.coupon_terms import CouponRefused, Visit, standing_at
from rules.table.member_table import MemberTable


def find_named(
    table: MemberTable, row: int, named: str, at_us: int, standings: Sequence[int]
) -> int | None:
    """Find a coupon by code, or the member's first-expiring one of a template.

    standings are those that fit when a template is named; None where the member has none such.

    Raises:
        CouponRefused: where no coupon has the code.
    """
    template = table.rules.coupon_places.get(named)
    if template is None:
        return _by_code(table, named)
    mine = _of_template(table, row, template)
    return _first(table, (one for one in mine if standing_at(table, one, at_us) in standings))


def find_named_of_order(table: MemberTable, visit: Visit, named: str) -> int | None:
    """Find the member's first-expiring coupon of a template that is reserved for an order."""
    template = table.rules.coupon_places.get(named)
    if template is None:
        return None
    at_us = visit.order.at_us
    return _first(table, _reserved(table, visit.row, template, at_us, visit.order_hash))


def find_reserved(table: MemberTable, row: int, named: str, at_us: int, order: int | None) -> int:
    """Find a coupon to release: by code, or the one of a template reserved for the order.

    order is its id's hash; without one, the only coupon reserved.

    Raises:
        CouponRefused: where there is none, or several.
    """
    template = table.rules.coupon_places.get(named)
    if template is None:
        return _by_code(table, named)
    reserved = list(_reserved(table, row, template, at_us, order))
    found = _first(table, reserved)
    if found is None:
        raise CouponRefused("coupon_not_valid", f"the member has no coupon {named} reserved")
    if len(reserved) > 1 and order is None:
        note = f"{len(reserved)} coupons {named} are reserved: name the order or a code"
        raise CouponRefused("coupon_not_valid", note)
    return found


def _by_code(table: MemberTable, named: str) -> int:
    code = read_code(named)
    found = -1 if code is None else table.coupon_book.find(code)
    if found < 0:
        raise CouponRefused("coupon_not_valid", f"there is no coupon {named}")
    return found


def _of_template(table: MemberTable, row: int, template: int) -> list[int]:
    book = table.coupon_book
    return [one for one in book.of_member(row) if book.template[one] == template]


def _reserved(
    table: MemberTable, row: int, template: int, at_us: int, order: int | None
) -> Iterable[int]:
    book = table.coupon_book
    for one in _of_template(table, row, template):
        if standing_at(table, one, at_us) == RESERVED and order in (None, int(book.order[one])):
            yield one


def _first(table: MemberTable, coupons: Iterable[int]) -> int | None:
    """Pick the first to expire; of those that expire together the least code."""
    book = table.coupon_book
    return min(coupons, key=lambda one: (book.expires_us[one], book.code[one]), default=None)
