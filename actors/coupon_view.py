"""Coupon view: a member's coupons as they stand, for the app, the till and the card."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.phases import instant
from rules.coupons.coupon_book import NO_INSTANT_US
from rules.coupons.coupon_choice import quote
from rules.coupons.coupon_codes import read_code, write_code
from rules.coupons.order_discount import money
from rules.decoding.order_lines import LineFault, Order, check_lines, read_lines
from rules.table.member_table import MemberTable


def coupons_of(table: MemberTable, member: str, now_us: int) -> list[dict[str, Any]] | None:
    """List a member's coupons, the first-expiring first; None for an unknown member."""
    row = table.row_of(member)
    if row < 0 or not table.members.listed[row]:
        return None
    book = table.coupon_book
    clock_us = max(now_us, table.clock_us)
    held = sorted(book.of_member(row), key=lambda coupon: (int(book.expires_us[coupon]), coupon))
    statuses = book.statuses(np.array(held, dtype=np.int64), clock_us)
    return [_told(table, coupon, status) for coupon, status in zip(held, statuses, strict=True)]


def coupon_of(table: MemberTable, code: str, now_us: int) -> dict[str, Any] | None:
    """Describe the coupon of a code with its member; None where this table has none."""
    number = read_code(code.strip().upper())
    coupon = -1 if number is None else table.coupon_book.find(number)
    if coupon < 0:
        return None
    owner = int(table.coupon_book.member[coupon])
    clock_us = max(now_us, table.clock_us)
    status = table.coupon_book.statuses(np.array([coupon]), clock_us)[0]
    return {"member": table.member_ids[owner], **_told(table, coupon, status)}


def quote_of(
    table: MemberTable,
    member: str,
    order: str,
    lines: list[dict[str, Any]],
    now_us: int,
    station: str,
    pay: str,
    left: npt.NDArray[np.int64],
) -> dict[str, Any] | str | None:
    """Compare a member's coupons for an order, the best first; left is what pools have, int64[k].

    None for an unknown member; a sentence where a line can't be read.
    """
    row = table.row_of(member)
    if row < 0 or not table.members.listed[row]:
        return None
    text = json.dumps(lines)
    try:
        check_lines(text, table.rules.names)
        read = read_lines(text)
    except LineFault as fault:
        return str(fault)
    asked = Order(order, read, max(now_us, table.clock_us), station, pay)
    found = quote(table, row, asked, left)
    return {
        "order": order,
        "amount": money(asked.amount_fen),
        "to_pay": money(found.to_pay_fen),
        "points_max": found.points_max,
        "coupons": [
            {
                "code": offer.code,
                "coupon": offer.coupon,
                "expires_at": instant(offer.expires_us),
                "usable": not offer.reason,
                "off": money(offer.off_fen),
                "to_pay": money(offer.to_pay_fen),
                "points_max": offer.points_max,
                **({"reason": offer.reason, "sentence": offer.note} if offer.reason else {}),
            }
            for offer in found.offers
        ],
    }


def _told(table: MemberTable, coupon: int, status: str) -> dict[str, Any]:
    book = table.coupon_book
    template = table.rules.season.coupons[book.template[coupon]]

    def when(at_us: int) -> str | None:
        return None if at_us == NO_INSTANT_US else instant(at_us)

    return {
        "code": write_code(int(book.code[coupon])),
        "coupon": template.id,
        "name": name.model_dump() if (name := template.name) is not None else None,
        "kind": template.kind,
        "status": status,
        "issued_at": instant(int(book.issued_us[coupon])),
        "expires_at": instant(int(book.expires_us[coupon])),
        "claimed_at": when(int(book.claimed_us[coupon])),
        "used_at": when(int(book.used_us[coupon])),
        "off": f"{int(book.off_fen[coupon]) / 100:.2f}",
    }
