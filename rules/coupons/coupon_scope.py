"""Coupon scope: which lines of an order a coupon is for: its `where`, matched line by line."""

from __future__ import annotations

import numpy as np

from rules.compiling.calendar import DAY_US, MINUTE_US
from rules.decoding.order_lines import Order
from rules.table.member_table import MemberTable


def open_to(table: MemberTable, row: int, template: int) -> bool:
    """Tell whether a coupon of a template is for a member, as they stand, on any order."""
    who = table.who(np.array([row]))
    return bool(table.rules.coupon_clauses.hold_for(template, who)[0])


def eligible_lines(table: MemberTable, row: int, template: int, order: Order) -> list[bool]:
    """Tell which lines of a member's order a coupon of a template is for.

    A line is matched like a purchase of its product at the order's station and time, paid
    like the order, by the member as they stand.
    """
    rules, count = table.rules, len(order.lines)
    clauses = rules.coupon_clauses
    if clauses.asks_nothing(template):
        return [True] * count
    wall_us = int(rules.calendar.wall(np.array([order.at_us]))[0])
    day, time_us = divmod(wall_us, DAY_US)
    product = [rules.products.get(line.product, 0) for line in order.lines]
    lines = clauses.hold_of(
        template,
        np.array(product, dtype=np.int64),
        np.full(count, rules.stations.get(order.station, 0), dtype=np.int64),
        np.full(count, rules.pays.get(order.pay, 0), dtype=np.int64),
        np.full(count, day - rules.first_day, dtype=np.int64),
        np.full(count, time_us // MINUTE_US, dtype=np.int64),
    )
    mine: list[bool] = (lines & clauses.hold_for(template, table.who(np.array([row])))).tolist()
    return mine
