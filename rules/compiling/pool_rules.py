"""Pool rules: which budgets and stock a season file has, and what draws from which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from rules.decoding.event_columns import AMOUNT_FEN_MAX
from rules.season.season_models import Coupon, Season, Trigger

Int64s = npt.NDArray[np.int64]

Draw = tuple[int, int]
"""A pool's number and how much to take of it."""

ORDER_FEN_MAX: Final = 200 * AMOUNT_FEN_MAX
"""The most an order of 200 lines comes to, which bounds a percentage without max_off."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One thing that can run out: a budget's count or cost (fen), or an item's stock."""

    id: str
    measure: Literal["count", "cost", "stock"]
    limit: int
    per: Literal["day", "week", "month"] | None = None


class PoolRules:
    """The pools of a season file, and what draws from which."""

    def __init__(self, season: Season) -> None:
        pools: list[Pool] = []
        self._at_issue: dict[str, list[int]] = {}
        self._at_use: dict[str, list[int]] = {}
        self._stock: dict[str, int] = {}
        for budget in season.budgets:
            side = self._at_issue if budget.at == "issue" else self._at_use
            for measure, limit in (("count", budget.count), ("cost", budget.cost_fen)):
                if limit is None:
                    continue
                for covered in budget.covers:
                    side.setdefault(covered, []).append(len(pools))
                pools.append(Pool(budget.id, measure, limit, budget.per))  # type: ignore[arg-type]  # one of two literals
        for item in season.catalogue:
            if item.goods is not None and item.goods.stock is not None:
                self._stock[item.id] = len(pools)
                pools.append(Pool(item.id, "stock", item.goods.stock))
        self.pools = tuple(pools)
        faces = {coupon.id: coupon.face_value_fen for coupon in season.coupons}

        def most(side: Mapping[str, Sequence[int]], names: Iterable[str]) -> Int64s:
            """Find the most that one of some coupons takes of each pool, int64[k]."""
            taken = np.zeros(len(pools), dtype=np.int64)
            for name in names:
                face_fen = faces.get(name, 0)
                for pool in side.get(name, ()):
                    cost = ORDER_FEN_MAX if face_fen is None else face_fen
                    taken[pool] = max(taken[pool], 1 if pools[pool].measure == "count" else cost)
            return taken

        claimed = [coupon.id for coupon in season.coupons if coupon.claim is not None]
        bought = [item.coupon for item in season.catalogue if item.coupon is not None]
        self.most_at_issue = most(self._at_issue, faces)
        self.most_at_claim = most(self._at_issue, claimed)
        self.most_at_redeem = most(self._at_issue, bought)
        self.most_at_redeem[list(self._stock.values())] = 1
        self.most_at_use = most(self._at_use, faces)

        def by_triggers(triggers: Iterable[Trigger]) -> Int64s:
            """Add up what one member's triggers take together, int64[k]."""
            none = np.zeros(len(pools), dtype=np.int64)
            return sum((most(self._at_issue, [one.issue]) for one in triggers), none)

        self.by_enrol = by_triggers(one for one in season.triggers if one.on == "enrol")
        self.by_rise = by_triggers(one for one in season.triggers if one.on == "tier_up")
        of_ticks = (one for one in season.triggers if one.on not in ("enrol", "tier_up"))
        self.by_ticks = by_triggers(of_ticks)
        self.least = self._least(season.coupons)
        self.limits = np.array([pool.limit for pool in pools], dtype=np.int64)

    def _least(self, coupons: Sequence[Coupon]) -> Int64s:
        """Find the least that anything takes of each pool, int64[k]: with less left it is shut."""
        least = np.array([pool.limit + 1 for pool in self.pools], dtype=np.int64)
        for coupon in coupons:
            # What a discount takes at its use depends on the order: it may be a fen.
            least_fen = coupon.unit_cost_fen if coupon.kind == "gift" else 1
            for pool, amount in self.to_issue(coupon) + self.to_use(coupon, least_fen):
                if amount:
                    least[pool] = min(least[pool], amount)
        least[list(self._stock.values())] = 1
        return least

    def to_issue(self, coupon: Coupon) -> list[Draw]:
        """List what issuing one coupon takes; its cost is the most it can be worth."""
        face_fen = coupon.face_value_fen or 0
        return [
            (pool, 1 if self.pools[pool].measure == "count" else face_fen)
            for pool in self._at_issue.get(coupon.id, ())
        ]

    def to_use(self, coupon: Coupon, cost_fen: int) -> list[Draw]:
        """List what using one coupon takes at what it costs now."""
        return [
            (pool, 1 if self.pools[pool].measure == "count" else cost_fen)
            for pool in self._at_use.get(coupon.id, ())
        ]

    def of_stock(self, item: str) -> list[Draw]:
        """List what handing out one of a catalogue item takes."""
        return [(self._stock[item], 1)] if item in self._stock else []
