"""Pools: what several members draw from and never more than there is: budgets and stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rules.compiling.pool_rules import Draw, Pool, PoolRules

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules

Int64s = npt.NDArray[np.int64]


class Pools:
    """How much of each pool is used, and how much may be, int64[k] each.

    One table alone may use everything. Where several shards share the pools each uses what it
    has leased, and asks for more before it applies what could need it.
    """

    def __init__(self, rules: PoolRules) -> None:
        self.rules = rules
        self.used = np.zeros(len(rules.pools), dtype=np.int64)
        self.lease = rules.limits.copy()
        self.shared = False

    def share(self) -> None:
        """Use only what is leased from here on."""
        self.shared = True
        self.lease[:] = 0

    def left(self, pool: int) -> int:
        """Tell what is left of a pool here."""
        return int(self.lease[pool] - self.used[pool])

    def short(self, draws: Sequence[Draw]) -> Pool | None:
        """Name the first pool that has too little left for its draw, or None."""
        for pool, amount in draws:
            if amount > self.left(pool):
                return self.rules.pools[pool]
        return None

    def take(self, draws: Sequence[Draw]) -> None:
        """Draw; short() has told that every pool has enough."""
        for pool, amount in draws:
            self.used[pool] += amount

    def most(self, draws: Sequence[Draw], count: int) -> int:
        """Tell how often, up to count times, the same draws can be taken."""
        for pool, amount in draws:
            if amount:
                count = min(count, max(0, self.left(pool)) // amount)
        return count

    def give_back(self, draws: Sequence[Draw]) -> None:
        """Return what was taken."""
        for pool, amount in draws:
            self.used[pool] -= amount

    def renew(self, periods: Sequence[str]) -> None:
        """Empty the pools of periods that begin: day, week, month."""
        for place, pool in enumerate(self.rules.pools):
            if pool.per in periods:
                self.used[place] = 0

    def adopt(self, old: Rules, new: Rules) -> None:
        """Keep what is used, and leased, of each pool under another file."""
        stood = {(pool.id, pool.measure): place for place, pool in enumerate(old.pool_rules.pools)}
        self.rules = new.pool_rules
        places = [stood.get((pool.id, pool.measure), -1) for pool in self.rules.pools]
        # One more at the end, for the pools that are new.
        used, lease = np.append(self.used, 0), np.append(self.lease, 0)
        self.used = used[places].astype(np.int64)
        self.lease = lease[places].astype(np.int64) if self.shared else self.rules.limits.copy()

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the use of every pool."""
        shared = np.array([self.shared], dtype=np.bool_)
        return {"used": self.used.copy(), "lease": self.lease.copy(), "shared": shared}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill from state()."""
        self.used[:] = state["used"]
        self.lease[:] = state["lease"]
        self.shared = bool(state["shared"][0])
