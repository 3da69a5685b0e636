"""Till: turns the visits of a day into sales, with tier discounts, coupons and points taken off.

A till asks for a quote before it is paid, so it reads the table as it stood when the day began,
by the same functions that will judge the events. What a quote takes off is not in the amount
that the purchase says was paid.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiled import Rules
from rules.coupon_terms import CouponRefused, Visit, check_usable, price, use_cost_fen
from rules.member_table import MemberTable
from rules.order_discount import Bill, money, spread
from rules.order_lines import Order, OrderLine
from rules.season_models import Coupon
from simulator.acts import NONE, Acts, Details, Line, Series, acts_of
from simulator.basket import Basket, ShopLines
from simulator.effects import Effects
from simulator.keyed import Floats, Ints, Keyed, Purpose
from simulator.local_days import US
from simulator.persons import Persons
from simulator.population import Population
from simulator.quantiles import exponential_quantile
from simulator.sale_margins import SaleMargins
from simulator.setting import Setting
from simulator.visible import Visible
from simulator.wallet import Plan, Wallet

Bools = npt.NDArray[np.bool_]

_PUMP_STEP_ML: Final = 10
_REDEEMS_AFTER_US: Final = 90 * US
_REFUNDS_AFTER_US: Final = 60 * US
_NO_ORDER_HASH: Final = 1


@dataclass(slots=True)
class Sales:
    """Hold the fills of a day, one a visit, and the shop lines beside some of them.

    All arrays are [visits] but for shop's, which name their visit. Amounts are fen: gross before
    anything is taken off; paid what the purchase events say; off_fen what coupons take.
    """

    member: Ints
    visit: Ints
    at_us: Ints
    station: npt.NDArray[np.int32]
    by_card: Bools
    litres_ml: Ints
    gross_fen: Ints
    paid_fen: Ints
    discount_fen: Ints
    shop: ShopLines
    shop_paid_fen: Ints
    margin_parts: Ints

    def __len__(self) -> int:
        return len(self.member)


class Till:
    """Plays the visits of a day at the tills."""

    def __init__(
        self,
        keyed: Keyed,
        population: Population,
        setting: Setting,
        table: MemberTable,
        persons: Persons,
        wallet: Wallet,
        effects: Effects,
    ) -> None:
        self._keyed = keyed
        self._population = population
        self._setting = setting
        self._table = table
        self._rules: Rules = table.rules
        self._persons = persons
        self._wallet = wallet
        self._effects = effects
        self._products = [*setting.fuels, *setting.shop]
        self.basket = Basket(keyed, population, setting)
        self.margins = SaleMargins(self._rules.season, population, setting)
        self._discounts = _Discounts(self._rules, setting)
        self._items = self._rules.season.catalogue
        self._item_points = np.array([item.points for item in self._items], dtype=np.int64)
        self._budget_left = np.zeros(0, dtype=np.int64)

    def day(
        self, seen: Visible, day: int, price_index: float, who: Ints, visit: Ints, at_us: Ints,
        details: Details,
    ) -> tuple[Sales, list[Acts]]:  # fmt: skip
        """Serve the visits who, visit, at_us (int64[n] each); day counts from 1970."""
        sales = self._fill(seen, price_index, who, visit, at_us)
        self._budget_left = self._table.pools.lease - self._table.pools.used
        coupons = self._use_coupons(sales, details)
        spending = self._spend_points(seen, sales, coupons, details)
        self._note_margins(sales, day)
        return sales, [
            self._top_ups(sales), *self._purchases(sales), self._uses(sales, coupons),
            self._uses(sales, spending), self._redemptions(seen, sales, coupons, spending, details),
            self._refunds(sales),
        ]  # fmt: skip

    def _fill(
        self, seen: Visible, price_index: float, who: Ints, visit: Ints, at_us: Ints
    ) -> Sales:
        members = self._persons.members
        fuel = members.fuel[who].astype(np.int64)
        level = seen.levels(who)
        litre_fen = self.basket.litre_fen(price_index)
        appetite: Floats | float = 1.0
        if self._effects.discount and self._discounts.any:
            share = self._discounts.litre_fen[level, fuel] / litre_fen[fuel]
            share *= self._persons.theta[who] > 0
            appetite = np.exp(self._population.response.discount_litres * share)
        fills = self.basket.fills(members, who, visit, price_index=price_index, appetite=appetite)
        shop = self.basket.shop_lines(who, visit)
        discount = self._discounts.fen(level, fuel, fills.litres_ml, fills.amount_fen)
        return Sales(
            member=who, visit=visit, at_us=at_us, station=fills.station, by_card=fills.by_card,
            litres_ml=fills.litres_ml, gross_fen=fills.amount_fen,
            paid_fen=fills.amount_fen - discount, discount_fen=discount, shop=shop,
            shop_paid_fen=shop.amount_fen.copy(), margin_parts=np.zeros(0, dtype=np.int64),
        )  # fmt: skip

    def _note_margins(self, sales: Sales, day: int) -> None:
        """Work out what each visit leaves at full price, in FEN_PARTS of a fen."""
        fuel = self._persons.members.fuel[sales.member].astype(np.int64)
        station = sales.station.astype(np.int64)
        parts = self.margins.parts(fuel, station, day, sales.litres_ml, sales.gross_fen)
        parts[sales.shop.visit] += self.shop_margins(sales.shop, station, day)
        sales.margin_parts = parts

    def shop_margins(self, shop: ShopLines, station: Ints, day: int) -> Ints:
        """Work out what shop lines leave, by the stations int64[visits], in FEN_PARTS of a fen."""
        product = shop.product + len(self._setting.fuels)
        none = np.zeros(len(product), dtype=np.int64)
        return self.margins.parts(product, station[shop.visit], day, none, shop.amount_fen)

    # ---- coupons --------------------------------------------------------------------------

    def _use_coupons(self, sales: Sales, details: Details) -> dict[int, int]:
        """Use the coupons that members mean to use; returns rows of details by visit's place.

        In the order of time, so that a budget that runs out does so where the kernel says.
        """
        holding = np.flatnonzero(self._wallet.holding[sales.member])
        if not len(holding):
            return {}
        order = np.lexsort((sales.member[holding], sales.at_us[holding]))
        beside = dict(zip(sales.shop.visit.tolist(), range(len(sales.shop.visit)), strict=True))
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
        _take_off(sales, place, shop, bill)
        return _told_lines(visit.order.lines)

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
        fuel = self._setting.fuels[self._persons.members.fuel[member]]
        lines = [OrderLine(fuel, int(sales.gross_fen[place]), int(sales.litres_ml[place]))]
        if shop is not None:
            article = self._setting.shop[int(sales.shop.product[shop])]
            lines.append(OrderLine(article, int(sales.shop.amount_fen[shop])))
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
        eligible = self._rules.coupon_scope.eligible(
            self._table, member, plan.template, visit.order
        )
        lines = zip(visit.order.lines, eligible, strict=True)
        missing_fen = coupon.min_spend_fen - sum(one.amount_fen for one, is_ in lines if is_)
        most_fen = self._population.coupon_use.gate_stretch * coupon.min_spend_fen
        if not eligible[0] or not 0 < missing_fen <= most_fen:
            return
        gross_fen, litres_ml = int(sales.gross_fen[place]), int(sales.litres_ml[place])
        more_ml = -(-missing_fen * litres_ml // (gross_fen * _PUMP_STEP_ML)) * _PUMP_STEP_ML
        if litres_ml + more_ml > self._persons.members.tank[member] * 1000:
            return
        sales.litres_ml[place] += more_ml
        sales.gross_fen[place] += missing_fen

    # ---- points ---------------------------------------------------------------------------

    def _spend_points(
        self, seen: Visible, sales: Sales, coupons: dict[int, int], details: Details
    ) -> dict[int, int]:
        """Pay some visits with as many points as the rules allow; rows of details by place."""
        checkout = self._rules.season.checkout
        if checkout is None or not len(sales):
            return {}
        share = self._population.redeeming.checkout_share
        draw = self._keyed.uniforms(Purpose.CHECKOUT, sales.member, sales.visit)
        active = seen.active(sales.member)
        able = (draw < share) & (active >= checkout.step)
        first = _first_of_member(sales)
        beside = dict(zip(sales.shop.visit.tolist(), range(len(sales.shop.visit)), strict=True))
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
            lines = [OrderLine(self._fuel_of(sales, place), int(sales.gross_fen[place]),
                               int(sales.litres_ml[place]))]  # fmt: skip
            if shop is not None:
                article = self._setting.shop[int(sales.shop.product[shop])]
                lines.append(OrderLine(article, int(sales.shop.amount_fen[shop])))
            bill = Bill(lines, tier=[int(sales.discount_fen[place])])
            bill.points = spread(fen, left)
            _take_off(sales, place, shop, bill)
            paid[place] = details.add(points=points, lines=_told_lines(lines))
        return paid

    def _fuel_of(self, sales: Sales, place: int) -> str:
        fuel = int(self._persons.members.fuel[sales.member[place]])
        return self._setting.fuels[fuel]

    def _redemptions(
        self, seen: Visible, sales: Sales, coupons: dict[int, int], spending: dict[int, int],
        details: Details,
    ) -> Acts:  # fmt: skip
        """Redeem an item at some visits of members who can afford one."""
        share = self._population.redeeming.item_share
        places = np.zeros(0, dtype=np.int64)
        active = np.zeros(0, dtype=np.int64)
        if len(self._items) and len(sales):
            active = seen.active(sales.member)
            draw = self._keyed.uniforms(Purpose.REDEEMS, sales.member, sales.visit)
            able = (draw < share) & (active >= self._item_points.min()) & _first_of_member(sales)
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

    # ---- events ---------------------------------------------------------------------------

    def _purchases(self, sales: Sales) -> list[Acts]:
        fuel = self._persons.members.fuel[sales.member]
        shop, at = sales.shop, sales.shop.visit
        bought = acts_of(
            "purchase", sales.member, sales.at_us, Series.VISIT, sales.visit, Line.FUEL,
            station=sales.station, product=fuel, litres_ml=sales.litres_ml,
            amount_fen=sales.paid_fen, by_card=sales.by_card,
        )  # fmt: skip
        beside = acts_of(
            "purchase", sales.member[at], sales.at_us[at], Series.VISIT, sales.visit[at],
            Line.SHOP, station=sales.station[at], product=shop.product + len(self._setting.fuels),
            amount_fen=sales.shop_paid_fen, by_card=sales.by_card[at],
        )  # fmt: skip
        return [bought, beside]

    def _uses(self, sales: Sales, rows: dict[int, int]) -> Acts:
        at = np.array(sorted(rows), dtype=np.int64)
        more = np.array([rows[place] for place in at.tolist()], dtype=np.int64)
        return acts_of(
            "use", sales.member[at], sales.at_us[at], Series.VISIT, sales.visit[at], Line.USE,
            station=sales.station[at], by_card=sales.by_card[at], more=more,
        )  # fmt: skip

    def _top_ups(self, sales: Sales) -> Acts:
        has_card = self._persons.members.has_card[sales.member]
        found = self.basket.top_ups(sales.member, sales.visit, has_card)
        at = found.visit
        return acts_of(
            "top_up", sales.member[at], sales.at_us[at], Series.VISIT, sales.visit[at],
            Line.TOP_UP, station=sales.station[at], amount_fen=found.amount_fen,
        )  # fmt: skip

    def _refunds(self, sales: Sales) -> Acts:
        """Take back some fills: in full, by litres or by amount, some time later."""
        figures = self._population.refunds
        draw = self._keyed.uniforms(Purpose.REFUND, sales.member, sales.visit)
        at = np.flatnonzero((draw < figures.visit_share) & (sales.paid_fen > 0))
        member, visit = sales.member[at], sales.visit[at]
        form = self._keyed.uniforms(Purpose.REFUND_FORM, member, visit)
        part = self._keyed.uniforms(Purpose.REFUND_PART, member, visit)
        delay = exponential_quantile(self._keyed.uniforms(Purpose.REFUND_DELAY, member, visit))
        back_us = sales.at_us[at] + _REFUNDS_AFTER_US
        back_us += (delay * figures.delay_hours * 3_600).astype(np.int64) * US
        by_litres = (form >= figures.full_share) & (form < (1 + figures.full_share) / 2)
        by_amount = form >= (1 + figures.full_share) / 2
        litres_ml = (part * (sales.litres_ml[at] // _PUMP_STEP_ML)).astype(np.int64)
        litres_ml = np.maximum(litres_ml * _PUMP_STEP_ML, _PUMP_STEP_ML)
        amount_fen = np.maximum((part * sales.paid_fen[at]).astype(np.int64), 1)
        return acts_of(
            "refund", member, back_us, Series.VISIT, visit, Line.REFUND,
            station=sales.station[at], litres_ml=np.where(by_litres, litres_ml, NONE),
            amount_fen=np.where(by_amount, amount_fen, NONE),
        )  # fmt: skip


class _Discounts:
    """The price per litre that each level takes off each fuel."""

    def __init__(self, rules: Rules, setting: Setting) -> None:
        tiers, season = rules.season.tiers, rules.season
        levels = tiers.levels if tiers is not None else ()
        shape = (max(len(levels), 1), len(setting.fuels))
        self._numerator = np.zeros(shape, dtype=np.int64)
        self._denominator = np.ones(shape, dtype=np.int64)
        for place, level in enumerate(levels):
            if level.discount is None:
                continue
            for at, fuel in enumerate(setting.fuels):
                sold = season.products.get(fuel)
                if sold is not None and sold.category == level.discount.category:
                    rate = level.discount.per_litre_fen
                    self._numerator[place, at] = rate.numerator
                    self._denominator[place, at] = rate.denominator
        self.litre_fen: Floats = self._numerator / self._denominator
        self.any = bool(self._numerator.any())

    def fen(
        self, level: npt.NDArray[np.int16], fuel: Ints, litres_ml: Ints, amount_fen: Ints
    ) -> Ints:
        """Give what is taken off fills, rounded down to the fen, at most the fill; int64[n]."""
        if not self.any:
            return np.zeros(len(fuel), dtype=np.int64)
        whole = self._numerator[level, fuel] * litres_ml
        off: Ints = np.minimum(whole // (self._denominator[level, fuel] * 1000), amount_fen)
        return off


def _take_off(sales: Sales, place: int, shop: int | None, bill: Bill) -> None:
    """Write what a bill leaves to pay into the sales."""
    left = bill.left()
    sales.paid_fen[place] = left[0]
    sales.discount_fen[place] = bill.tier[0]
    if shop is not None:
        sales.shop_paid_fen[shop] = left[1]


def _first_of_member(sales: Sales) -> Bools:
    """Mark the first visit of each member that day, so that points are spent once."""
    first = np.zeros(len(sales), dtype=np.bool_)
    _, places = np.unique(sales.member, return_index=True)
    first[places] = True
    return first


def _told_lines(lines: Sequence[OrderLine]) -> str:
    """Write an order's lines as canonical JSON, before anything is taken off."""
    told: list[dict[str, Any]] = []
    for line in lines:
        one = {"amount": money(line.amount_fen), "product": line.product}
        if line.litres_ml:
            one["litres"] = f"{line.litres_ml // 1000}.{line.litres_ml % 1000:03d}"
        told.append(one)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
