"""Point till: spends points at some visits, on part of the bill or on an item of the catalogue."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import Rules
from rules.coupons.order_discount import Bill, spread
from simulator.people.keyed import Keyed, Purpose
from simulator.people.persons import Persons
from simulator.people.population import Redeeming
from simulator.people.setting import Setting
from simulator.play.acts import Acts, Details, Line, Series, acts_of
from simulator.play.day_sales import OrderWriter, Sales, told_lines
from simulator.play.local_days import US
from simulator.play.visible import Visible

Bools = npt.NDArray[np.bool_]

_REDEEMS_AFTER_US: Final = 90 * US


class PointTill:
    """Spends points of members who see that they have enough, at most once a day."""

    def __init__(
        self, keyed: Keyed, figures: Redeeming, setting: Setting, rules: Rules, persons: Persons
    ) -> None:
        self._keyed = keyed
        self._figures = figures
        self._rules = rules
        self._persons = persons
        self._orders = OrderWriter(setting, persons)
        self._items = rules.season.catalogue
        self._item_points = np.array([item.points for item in self._items], dtype=np.int64)

    def pay(
        self, seen: Visible, sales: Sales, coupons: dict[int, int], details: Details
    ) -> dict[int, int]:
        """Pay some visits with as many points as the rules allow; rows of details by place."""
        checkout = self._rules.season.checkout
        if checkout is None or not len(sales):
            return {}
        share = self._figures.checkout_share
        draw = self._keyed.uniforms(Purpose.CHECKOUT, sales.member, sales.visit)
        active = seen.active(sales.member)
        able = (draw < share) & (active >= checkout.step)
        first = sales.first_of_member(len(self._persons))
        beside = sales.beside()
        paid: dict[int, int] = {}
        for place in np.flatnonzero(able & first).tolist():
            if place in coupons:
                continue
            shop = beside.get(place)
            left = [int(sales.paid_fen[place])]
            left += [] if shop is None else [int(sales.shop_paid_fen[shop])]
            room_fen = int(checkout.max_share * sum(left) // 1)
            by_share = ((room_fen + 1) * checkout.points - 1) // checkout.amount_fen
            points = max(0, min(int(active[place]), by_share) // checkout.step * checkout.step)
            if not points:
                continue
            fen = points * checkout.amount_fen // checkout.points
            lines = self._orders.lines(sales, place, shop)
            bill = Bill(lines)
            bill.tier[0] = int(sales.discount_fen[place])
            bill.points = spread(fen, left)
            sales.take_off(place, shop, bill)
            paid[place] = details.add(points=points, lines=told_lines(lines))
        return paid

    def redeem(
        self, seen: Visible, sales: Sales, coupons: dict[int, int], spending: dict[int, int],
        details: Details,
    ) -> Acts:  # fmt: skip
        """Redeem an item at some visits of members who can afford one."""
        share = self._figures.item_share
        places = np.zeros(0, dtype=np.int64)
        active = np.zeros(0, dtype=np.int64)
        if len(self._items) and len(sales):
            active = seen.active(sales.member)
            draw = self._keyed.uniforms(Purpose.REDEEMS, sales.member, sales.visit)
            able = (
                (draw < share)
                & (active >= self._item_points.min())
                & sales.first_of_member(len(self._persons))
            )
            places = np.flatnonzero(able)
        done = [p for p in places.tolist() if p not in coupons and p not in spending]
        places = np.array(done, dtype=np.int64)
        which = self._keyed.uniforms(
            Purpose.REDEEMED_ITEM, sales.member[places], sales.visit[places]
        )
        rows, kept = [], []
        for place, draw_item in zip(places.tolist(), which.tolist(), strict=True):
            can = np.flatnonzero(self._wanted(seen, int(sales.member[place]), int(active[place])))
            if len(can):
                item = self._items[can[int(draw_item * len(can))]]
                rows.append(details.add(item=item.id))
                kept.append(place)
        at = np.array(kept, dtype=np.int64)
        return acts_of(
            "redeem", sales.member[at], sales.at_us[at] + _REDEEMS_AFTER_US, Series.VISIT,
            sales.visit[at], Line.REDEEM, more=np.array(rows, dtype=np.int64),
        )  # fmt: skip

    def _wanted(self, seen: Visible, member: int, active: int) -> Bools:
        """Mark the items that a member can afford and would have something of."""
        can = self._item_points <= active
        level = int(seen.levels(np.array([member]))[0])
        for place, item in enumerate(self._items):
            if item.tier_up is not None and self._rules.levels.index(item.tier_up) <= level:
                can[place] = False
        return can
