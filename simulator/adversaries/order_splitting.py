"""Order splitting: one fill is rung up as several purchases where rules pay for each."""

from __future__ import annotations

from typing import Final

import numpy as np

from rules.compiling.calendar import months_of_days
from rules.judging.tiers import window_of
from simulator.adversaries.agent import HOUR_US, Need, Needs, Today, fill, parts_of
from simulator.adversaries.agent_figures import SplitFigures
from simulator.adversaries.agent_till import SECOND_US, Row
from simulator.people.keyed import Keyed

_ENROLS_US: Final = 6 * HOUR_US


class OrderSplitter:
    """Splits fills; the honest twin rings each up once.

    It splits while purchases still lack for a level that counts them, and into as many parts as it
    has coupons that are each good for a part. Where the card earns when it is loaded and again when
    it is spent, it loads the card with what it is about to pay.
    """

    def __init__(
        self, keyed: Keyed, number: int, name: str, figures: SplitFigures, *, honest: bool
    ) -> None:
        self._needs = Needs(keyed, number, figures.visits_per_month, figures.litres_mean)
        self._honest, self._parts = honest, int(figures.parts)
        self.accounts = [f"{name}-0"]

    def day(self, today: Today) -> list[Row]:
        """Fill up, in one purchase or in several."""
        [account] = self.accounts
        rows: list[Row] = []
        if today.nth == 0:
            rows.append(today.till.event("enrol", account, today.from_us + _ENROLS_US))
        for need in self._needs.of(today):
            rows += fill(today, account, need) if self._honest else self._split(today, need)
        return rows

    def _split(self, today: Today, need: Need) -> list[Row]:
        till, [account] = today.till, self.accounts
        count = min(max(self._missing_visits(today), self._coupon_parts(today, need)), self._parts)
        parts = parts_of(need.litres_ml, max(count, 1))
        rows: list[Row] = []
        by_card = _paid_twice(today)
        for place, litres_ml in enumerate(parts):
            at_us = min(need.at_us + place * SECOND_US, today.to_us - 1)
            coupon = till.best_coupon(account, litres_ml, at_us)
            bought = till.buy(account, litres_ml, at_us, coupon, **by_card)
            if by_card:
                loaded = till.event("top_up", account, at_us, amount_fen=bought[-1]["amount_fen"])
                rows.append(loaded)
            rows += bought
        return rows

    def _missing_visits(self, today: Today) -> int:
        """Count the purchases that lack for the next level that they alone reach."""
        till, rules = today.till, today.till.rules
        row = till.row_of(self.accounts[0])
        level = rules.levels.index(till.level(self.accounts[0]))
        above = [
            one.entry.visits
            for one in rules.tier_levels[level + 1 :]
            if one.entry.visits is not None and not one.entry.every and not one.entry.never
        ]
        if not above:
            return 0
        month = months_of_days(np.array([today.day]))
        done = int(window_of(today.table, np.array([row]), month).visits[0]) if row >= 0 else 0
        return max(min(above) - done, 0)

    def _coupon_parts(self, today: Today, need: Need) -> int:
        """Count the parts into which coupons pay: each part must be good for a coupon."""
        till, [account] = today.till, self.accounts
        held = till.coupons(account, need.at_us)
        for count in range(min(len(held), self._parts), 1, -1):
            part_ml = parts_of(need.litres_ml, count)[0]
            good = [till.quote(account, part_ml, need.at_us, one).coupon_fen for one in held]
            if sum(one > 0 for one in good) >= count:
                return count
        return 1


def _paid_twice(today: Today) -> dict[str, str]:
    """Say how to pay where a load of the card earns, and spending from it again."""
    season = today.till.rules.season
    loads = any(one.on == "top_up" for one in season.earning)
    return {"pay": "card"} if loads and season.card.earn_on_spend else {}
