"""Coupon till: uses the coupons that members mean to use, at the first visit each is good for."""

from __future__ import annotations

from typing import Final

import numpy as np

from rules.coupons.coupon_scope import eligible_lines
from rules.coupons.coupon_terms import CouponRefused, Visit, check_usable, price, use_cost_fen
from rules.decoding.order_lines import Order, OrderLine
from rules.season.season_models import Coupon
from rules.table.member_table import MemberTable
from simulator.people.persons import Persons
from simulator.people.population import CouponUse
from simulator.people.setting import Setting
from simulator.play.acts import Details
from simulator.play.day_sales import OrderWriter, Sales, told_lines
from simulator.play.effects import Effects
from simulator.play.wallet import Plan, Wallet

_PUMP_STEP_ML: Final = 10
_NO_ORDER_HASH: Final = 1


class CouponTill:
    """Quotes visits with coupons, by the functions that will judge their use."""

    def __init__(
        self,
        figures: CouponUse,
        setting: Setting,
        table: MemberTable,
        persons: Persons,
        wallet: Wallet,
        effects: Effects,
    ) -> None:
        self._figures = figures
        self._setting = setting
        self._table = table
        self._rules = table.rules
        self._persons = persons
        self._wallet = wallet
        self._effects = effects
        self._orders = OrderWriter(setting, persons)
        self._scopes = [self._scope_of(one) for one in self._rules.season.coupons]
        self._budget_left = np.zeros(0, dtype=np.int64)

    def _scope_of(self, coupon: Coupon) -> list[bool]:
        """Mark the products that a coupon may be for: the fuels, then the shop."""
        where, sold = coupon.where, self._rules.season.products
        return [
            (not where.product or name in where.product)
            and (not where.category or (name in sold and sold[name].category in where.category))
            for name in (*self._setting.fuels, *self._setting.shop)
        ]

    def use(self, sales: Sales, details: Details) -> dict[int, int]:
        """Use the coupons that members mean to use; returns rows of details by visit's place.

        In the order of time, so that a budget that runs out does so where the kernel says.
        """
        self._budget_left = self._table.pools.lease - self._table.pools.used
        holding = np.flatnonzero(self._wallet.holding[sales.member])
        if not len(holding):
            return {}
        order = np.lexsort((sales.member[holding], sales.at_us[holding]))
        beside = sales.beside()
        used: dict[int, int] = {}
        for place in holding[order].tolist():
            member = int(sales.member[place])
            for plan in self._wallet.due(member, int(sales.at_us[place])):
                lines = self._try(sales, place, beside.get(place), plan)
                if lines is not None:
                    name = self._rules.season.coupons[plan.template].id
                    used[place] = details.add(coupon=name, lines=lines)
                    self._wallet.drop(member, plan)
                    break
        return used

    def _try(self, sales: Sales, place: int, shop: int | None, plan: Plan) -> str | None:
        """Quote a visit with a coupon; where it is good, takes it off and returns the lines."""
        coupon = self._rules.season.coupons[plan.template]
        if not self._promising(sales, place, shop, plan.template, coupon):
            return None
        asked = int(sales.gross_fen[place]), int(sales.litres_ml[place])
        visit = self._visit(sales, place, shop, coupon)
        try:
            check_usable(self._table, visit, plan.coupon)
            self._reach_gate(sales, place, visit, plan, coupon)
            visit = self._visit(sales, place, shop, coupon)
            bill, off_fen = price(self._table, visit, plan.template)
        except CouponRefused:
            off_fen = 0
        if not off_fen or not self._within_budget(coupon, off_fen):
            sales.gross_fen[place], sales.litres_ml[place] = asked
            return None
        sales.take_off(place, shop, bill)
        return told_lines(visit.order.lines)

    def _promising(
        self, sales: Sales, place: int, shop: int | None, template: int, coupon: Coupon
    ) -> bool:
        """Tell whether a visit buys what a coupon is for, and enough: most don't."""
        if coupon.kind == "gift":
            return True
        scope = self._scopes[template]
        fuel = int(self._persons.members.fuel[sales.member[place]])
        fen = int(sales.gross_fen[place]) if scope[fuel] else 0
        if shop is not None and scope[len(self._setting.fuels) + int(sales.shop.product[shop])]:
            fen += int(sales.shop.amount_fen[shop])
        least_fen = coupon.min_spend_fen or 1
        return fen >= least_fen * (1.0 - self._figures.gate_stretch)

    def _within_budget(self, coupon: Coupon, off_fen: int) -> bool:
        """Take what a use costs from what the budgets had left this morning, if they have it."""
        draws = self._rules.pool_rules.to_use(coupon, use_cost_fen(coupon, off_fen))
        if any(amount > self._budget_left[pool] for pool, amount in draws):
            return False
        for pool, amount in draws:
            self._budget_left[pool] -= amount
        return True

    def _visit(self, sales: Sales, place: int, shop: int | None, coupon: Coupon) -> Visit:
        member = int(sales.member[place])
        lines = self._orders.lines(sales, place, shop)
        if coupon.kind == "gift" and coupon.product is not None:
            lines.append(OrderLine(coupon.product, max(coupon.unit_cost_fen, 1)))
        station = self._setting.stations[int(sales.station[place])]
        pay = "card" if sales.by_card[place] else ""
        order = Order("", tuple(lines), int(sales.at_us[place]), station, pay)
        return Visit(member, order, _NO_ORDER_HASH)

    def _reach_gate(
        self, sales: Sales, place: int, visit: Visit, plan: Plan, coupon: Coupon
    ) -> None:
        """Let a fill grow to the coupon's least amount, where little is missing."""
        member = visit.row
        if not self._effects.gate or not self._persons.theta[member] or not coupon.min_spend_fen:
            return
        eligible = eligible_lines(self._table, member, plan.template, visit.order)
        lines = zip(visit.order.lines, eligible, strict=True)
        missing_fen = coupon.min_spend_fen - sum(one.amount_fen for one, is_ in lines if is_)
        most_fen = self._figures.gate_stretch * coupon.min_spend_fen
        if not eligible[0] or not 0 < missing_fen <= most_fen:
            return
        gross_fen, litres_ml = int(sales.gross_fen[place]), int(sales.litres_ml[place])
        more_ml = -(-missing_fen * litres_ml // (gross_fen * _PUMP_STEP_ML)) * _PUMP_STEP_ML
        if litres_ml + more_ml > self._persons.members.tank[member] * 1000:
            return
        sales.litres_ml[place] += more_ml
        sales.gross_fen[place] += missing_fen
