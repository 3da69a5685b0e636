"""Refund cycling: goods bought for what they bring, and handed back when it has come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import numpy as np

from rules.compiling.calendar import months_of_days
from rules.compiling.compiled import Need as Wanted
from rules.judging.tiers import Window, window_of
from simulator.adversaries.agent import HOUR_US, Needs, Today, fill
from simulator.adversaries.agent_figures import RefundFigures
from simulator.adversaries.agent_till import FEN, SECOND_US, Row
from simulator.people.keyed import Keyed, Purpose
from simulator.people.setting import Setting
from simulator.play.stage import EPOCH

_ENROLS_US: Final = 6 * HOUR_US
_BUYS_US: Final = 8 * HOUR_US
_AFTER_FINAL_US: Final = HOUR_US
_ITEMS_MAX: Final = 20


class RefundCycler:
    """Buys goods up to a level as a month begins, and for a prize on the last day.

    What the goods bring is kept: a level stands until the next review, its coupon, its discount
    and its factor with it; points are spent before the refund takes them back; a prize stands once
    the season is final. The honest twin buys the fuel alone. Goods are an article of the shop,
    fuel where the season sells none; what is handed back is never more than the stake.
    """

    def __init__(
        self, keyed: Keyed, number: int, name: str, figures: RefundFigures, setting: Setting,
        *, honest: bool,
    ) -> None:  # fmt: skip
        self._needs = Needs(keyed, number, figures.visits_per_month, figures.litres_mean)
        self._honest, self._stake_fen = honest, round(figures.stake * FEN)
        self._back_us = round(figures.back_hours * HOUR_US)
        self._goods = setting.shop[0] if setting.shop else None
        helped = self._needs.draw(Purpose.AGENT_HELPED, 0) < figures.accomplice_share
        self._fuel_goes_back = helped or self._goods is None
        self._for_prizes_fen = self._stake_fen
        self.accounts = [f"{name}-0"]
        self._due: list[tuple[int, str]] = []

    def day(self, today: Today) -> list[Row]:
        """Fill up; beside it buy what pays, spend what it brought, and hand it back."""
        [account] = self.accounts
        rows: list[Row] = []
        if today.nth == 0:
            rows.append(today.till.event("enrol", account, today.from_us + _ENROLS_US))
        if not self._honest:
            rows += self._hand_back(today) + self._pretend(today)
        for need in self._needs.of(today):
            rows += fill(today, account, need)
        return rows

    def _hand_back(self, today: Today) -> list[Row]:
        """Refund what is due today; the points it brought are spent a minute before."""
        due = [one for one in self._due if today.from_us <= one[0] < today.to_us]
        self._due = [one for one in self._due if one not in due]
        rows = []
        for at_us, bought in due:
            spent_us = max(at_us - 60 * SECOND_US, today.from_us)
            rows += self._spend(today, spent_us)
            rows.append(today.till.event("refund", self.accounts[0], at_us, ref=bought))
        return rows

    def _spend(self, today: Today, at_us: int) -> list[Row]:
        """Take as many of the dearest item as the points buy."""
        till, points = today.till, today.till.points(self.accounts[0])
        items = [
            one for one in till.rules.season.catalogue
            if one.tier_up is None and one.points <= points
        ]  # fmt: skip
        if not items:
            return []
        item = max(items, key=lambda one: one.points)
        count = min(points // item.points, _ITEMS_MAX)
        return [till.event("redeem", self.accounts[0], at_us, item=item.id) for _ in range(count)]

    def _pretend(self, today: Today) -> list[Row]:
        """Buy up to a level on the first of a month, and for the boards on the last day."""
        rules = today.till.rules
        at_us = today.from_us + _BUYS_US
        local = EPOCH + timedelta(days=today.day)
        if not at_us < min(today.to_us, rules.ends_us):
            return []
        final_us = rules.final_us + _AFTER_FINAL_US
        # Only where goods are still taken back once the prizes are settled.
        late = rules.calendar.later(at_us, rules.refund_within) > final_us
        cap = rules.member_day_cap
        daily_fen = self._stake_fen if cap is None else min(cap * FEN, self._stake_fen)
        days_left = rules.calendar.day(rules.ends_us - 1) + 1 - today.day
        if late and rules.season.prizes and days_left * daily_fen < self._stake_fen + daily_fen:
            fen = min(daily_fen, self._for_prizes_fen)
            self._for_prizes_fen -= fen
            return self._buy(today, at_us, fen, final_us, self._goods) if fen else []
        if today.nth == 0 or local.day == 1:
            fen, goods = self._to_level(today)
            if fen:
                return self._buy(today, at_us, fen, at_us + self._back_us, goods)
        return []

    def _buy(
        self, today: Today, at_us: int, fen: int, back_us: int, goods: str | None
    ) -> list[Row]:
        """Buy goods for an amount, or fuel where there are none, to be handed back later."""
        till, [account] = today.till, self.accounts
        bought: dict[str, Any] = {"product": goods, "amount_fen": fen}
        if goods is None:
            litres_ml = till.litres_for(fen)
            # What the level takes off it goes back with it, so it is nobody's gain.
            paid_fen = till.quote(account, litres_ml, at_us).paid_fen
            bought = {"product": till.fuel, "litres_ml": litres_ml, "amount_fen": paid_fen}
        order, station = till.order_id(account), till.stations[0]
        row = till.event("purchase", account, at_us, station=station, order=order, **bought)
        self._due.append((back_us, row["event_id"]))
        return [row]

    def _to_level(self, today: Today) -> tuple[int, str | None]:
        """Find what brings the highest level within the stake: money, and goods or None for fuel.

        0 where every level within reach is held.
        """
        till, rules = today.till, today.till.rules
        [account] = self.accounts
        row = till.row_of(account)
        window = Window(*(np.zeros(1, dtype=np.int64) for _ in range(3)))
        if row >= 0:
            window = window_of(today.table, np.array([row]), months_of_days(np.array([today.day])))
        held = rules.levels.index(till.level(account))
        best: tuple[int, str | None] = (0, None)
        for level in rules.tier_levels[held + 1 :]:
            ways = [
                (fen, goods)
                for fen, goods in self._ways(level.entry, window, till.litre_fen)
                if 0 < fen <= self._stake_fen and (goods is not None or self._fuel_goes_back)
            ]
            if ways:
                # Goods can be carried back; fuel takes a till that looks away.
                best = min(ways, key=lambda one: (one[1] is None, one[0]))
        return best

    def _ways(
        self, entry: Wanted, window: Window, litre_fen: int
    ) -> list[tuple[int, str | None]]:  # fmt: skip
        """List what would satisfy an entry at once: by goods, or by fuel."""
        visits = (entry.visits or 0) <= 1 + int(window.visits[0])
        short_fen = max((entry.amount_fen or 0) - int(window.amount_fen[0]), 0)
        short_ml = max((entry.litres_ml or 0) - int(window.litres_ml[0]), 0)
        fuel_fen = -(-short_ml * litre_fen // 1000)
        if entry.never:
            return []
        if entry.every:
            return [(max(short_fen, fuel_fen) + 1, None)] if visits else []
        ways: list[tuple[int, str | None]] = []
        if entry.amount_fen is not None:
            ways.append((short_fen, self._goods))
        if entry.litres_ml is not None:
            ways.append((fuel_fen + litre_fen // 10, None))
        return ways
