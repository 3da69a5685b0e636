"""Leases: keep a shard's part of the shared pools ahead of what its events could draw.

A lease is in the shard's log before an event that needs it, so a replay of the log has the
same leases at the same place.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from actors.store.pool_leases import PoolLeases
from rules.table.pools import Pools

WAIT_S: Final = 3.0
_PAUSE_S: Final = 0.005

Int64s = npt.NDArray[np.int64]


class Leases:
    """Asks for leases and gives them back; log_lease(change int64[pools]) logs and applies one."""

    def __init__(self, store: PoolLeases, log_lease: Callable[[Int64s], None]) -> None:
        self._store = store
        self._log_lease = log_lease
        self._tight = False
        self._settled = False

    def start(self, pools: Pools) -> None:
        """Tell the others what this shard's own log says it holds."""
        self._settled = False
        self._store.restate(
            {name_of(pools, place): int(held) for place, held in enumerate(pools.lease)}
        )

    def cover(self, pools: Pools, demand: Int64s) -> None:
        """See to it that the lease covers what could be drawn, int64[pools], if there is as much.

        Waits up to three seconds for other shards to give back what they don't use.
        """
        if bool((pools.lease - pools.used >= demand).all()):
            return
        ends_s = time.monotonic() + WAIT_S
        while True:
            missing = np.maximum(demand - (pools.lease - pools.used), 0)
            word, granted = self._store.ask(_wanted(pools, missing))
            if word != "wait":
                break
            self.give_back(pools)
            if time.monotonic() > ends_s:
                return
            time.sleep(_PAUSE_S)
        self._tight = word == "part" or not bool((np.array(granted) > missing).any())
        self._settled = False
        self._log_lease(np.array(granted, dtype=np.int64))

    def left(self, pools: Pools) -> Int64s:
        """Tell what may still be used of each pool here, int64[pools], held already or not.

        Raises StoreUnavailable.
        """
        limits = enumerate(pools.rules.limits.tolist())
        unheld = self._store.unheld([(name_of(pools, place), limit) for place, limit in limits])
        return pools.lease - pools.used + np.array(unheld, dtype=np.int64)

    def after_batch(self, pools: Pools) -> None:
        """Give back what was not used while little is left for anyone."""
        if self._tight:
            self.give_back(pools)

    def poke(self, pools: Pools) -> None:
        """Give back what is not used, or say that nothing is, when another shard waits."""
        if not self._settled and self._store.wanted_elsewhere():
            self.give_back(pools)

    def give_back(self, pools: Pools) -> None:
        """Give back everything that is not used."""
        unused = np.maximum(pools.lease - pools.used, 0)
        if unused.any():
            # The log first: what the others may take must not be ours any more.
            self._log_lease(-unused)
            self._store.ask(_wanted(pools, -unused))
        self._store.settle()
        self._settled = True


def name_of(pools: Pools, place: int) -> str:
    """Name a pool to the store: a budget may limit both count and cost."""
    pool = pools.rules.pools[place]
    return f"{pool.measure}:{pool.id}"


def encoded(change: Int64s) -> bytes:
    """Write a change of the leases as a log entry's payload."""
    return json.dumps(change.tolist()).encode()


def decoded(payload: bytes) -> Int64s:
    """Read a log entry's payload."""
    return np.array(json.loads(payload), dtype=np.int64)


def _wanted(pools: Pools, missing: Int64s) -> list[tuple[str, int, int]]:
    limits = pools.rules.limits.tolist()
    return [
        (name_of(pools, place), limits[place], amount)
        for place, amount in enumerate(missing.tolist())
    ]
