"""Till: turns the visits of a day into sales, with tier discounts, coupons and points taken off.

A till asks for a quote before it is paid, so it reads the table as it stood when the day began,
by the same functions that will judge the events. What a quote takes off is not in the amount
that the purchase says was paid.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from rules.compiling.compiled import Rules
from rules.table.member_table import MemberTable
from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.persons import Persons
from simulator.people.population import Population
from simulator.people.quantiles import exponential_quantile
from simulator.people.setting import Setting
from simulator.play.acts import NONE, Acts, Details, Line, Series, acts_of
from simulator.play.basket import Basket, Bools, ShopLines
from simulator.play.coupon_till import CouponTill
from simulator.play.day_sales import Sales
from simulator.play.effects import Effects
from simulator.play.local_days import US
from simulator.play.point_till import PointTill
from simulator.play.sale_margins import SaleMargins
from simulator.play.tier_discounts import TierDiscounts
from simulator.play.visible import Visible
from simulator.play.wallet import Wallet

_PUMP_STEP_ML: Final = 10
_REFUNDS_AFTER_US: Final = 60 * US


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
        self._rules: Rules = table.rules
        self._persons = persons
        self._effects = effects
        self.basket = Basket(keyed, population, setting)
        self.margins = SaleMargins(self._rules.season, population, setting)
        self._discounts = TierDiscounts(self._rules, setting)
        self._coupons = CouponTill(population.coupon_use, setting, table, persons, wallet, effects)
        self._points = PointTill(keyed, population.redeeming, setting, self._rules, persons)

    def day(
        self, seen: Visible, day: int, price_index: float, who: Ints, visit: Ints, at_us: Ints,
        details: Details,
    ) -> tuple[Sales, list[Acts]]:  # fmt: skip
        """Serve the visits who, visit, at_us (int64[n] each); day counts from 1970."""
        sales = self._fill(seen, price_index, who, visit, at_us)
        coupons = self._coupons.use(sales, details)
        spending = self._points.pay(seen, sales, coupons, details)
        self._note_margins(sales, day)
        redeemed = self._points.redeem(seen, sales, coupons, spending, details)
        back = self._taken_back(sales)
        return sales, [
            self._top_ups(sales), *self._purchases(sales, back), self._uses(sales, coupons),
            self._uses(sales, spending), redeemed, self._refunds(sales, back),
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

    def _taken_back(self, sales: Sales) -> Bools:
        """Draw which visits' fills are refunded later, bool[visits]."""
        draw = self._keyed.uniforms(Purpose.REFUND, sales.member, sales.visit)
        back: Bools = (draw < self._population.refunds.visit_share) & (sales.paid_fen > 0)
        return back

    def _purchases(self, sales: Sales, back: Bools) -> list[Acts]:
        fuel = self._persons.members.fuel[sales.member]
        shop, at = sales.shop, sales.shop.visit
        bought = acts_of(
            "purchase", sales.member, sales.at_us, Series.VISIT, sales.visit, Line.FUEL,
            station=sales.station, product=fuel, litres_ml=sales.litres_ml,
            amount_fen=sales.paid_fen, by_card=sales.by_card, lasting=back,
        )  # fmt: skip
        beside = acts_of(
            "purchase", sales.member[at], sales.at_us[at], Series.VISIT, sales.visit[at],
            Line.SHOP, station=sales.station[at], product=shop.product + len(self._setting.fuels),
            amount_fen=sales.shop_paid_fen, by_card=sales.by_card[at], lasting=back[at],
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

    def _refunds(self, sales: Sales, back: Bools) -> Acts:
        """Take back fills: in full, by litres or by amount, some time later."""
        figures = self._population.refunds
        at = np.flatnonzero(back)
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
