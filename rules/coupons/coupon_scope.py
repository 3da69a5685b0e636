"""Which lines of an order a coupon is for: its `where`, matched line by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rules.compiling.calendar import DAY_US, MINUTE_US
from rules.compiling.clauses import CLAUSES_MAX, EventClauses, MemberClauses
from rules.coupons.order_lines import Order
from rules.season.where import Where

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable


class CouponScope:
    """The conditions of every coupon template of a season file, by the template's place."""

    def __init__(
        self,
        clauses: Sequence[Where],
        event_clauses: Callable[[Sequence[Where]], EventClauses],
        member_clauses: Callable[[Sequence[Where]], MemberClauses],
    ) -> None:
        parts = [clauses[at : at + CLAUSES_MAX] for at in range(0, len(clauses), CLAUSES_MAX)]
        self._everything = [clause.empty for clause in clauses]
        self._events = [event_clauses(part) for part in parts]
        self._members = [member_clauses(part) for part in parts]

    def open_to(self, table: MemberTable, row: int, template: int) -> bool:
        """Tell whether a coupon of a template is for a member, as they stand, on any order."""
        part, bit = divmod(template, CLAUSES_MAX)
        matching = self._members[part].match(*table.who(np.array([row])))
        return bool(matching[0] >> np.uint64(bit) & np.uint64(1))

    def eligible(self, table: MemberTable, row: int, template: int, order: Order) -> list[bool]:
        """Tell which lines of a member's order a coupon of a template is for.

        A line is matched like a purchase of its product at the order's station and time, paid
        like the order, by the member as they stand.
        """
        if self._everything[template]:
            return [True] * len(order.lines)
        part, bit = divmod(template, CLAUSES_MAX)
        rules = table.rules
        wall_us = int(rules.calendar.wall(np.array([order.at_us]))[0])
        day, time_us = divmod(wall_us, DAY_US)
        count = len(order.lines)
        product = [rules.products.get(line.product, 0) for line in order.lines]
        bits = self._events[part].match(
            np.array(product, dtype=np.int64),
            np.full(count, rules.stations.get(order.station, 0), dtype=np.int64),
            np.full(count, rules.pays.get(order.pay, 0), dtype=np.int64),
            np.full(count, day - rules.first_day, dtype=np.int64),
            np.full(count, time_us // MINUTE_US, dtype=np.int64),
        )
        bits = bits & self._members[part].match(*table.who(np.array([row])))
        mine: list[bool] = ((bits >> np.uint64(bit)) & np.uint64(1)).astype(np.bool_).tolist()
        return mine
