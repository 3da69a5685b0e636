"""Pool leases: how much of each budget and stock a shard may use on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from actors.store import keys
from actors.store.errors import translated
from actors.store.script import script

Wanted = tuple[str, int, int]
"""A pool's name, its limit, and the amount that is missing (below zero: given back)."""


class PoolLeases:
    """The leases of one shard. Together the shards never hold more than a pool's limit.

    Every method raises StoreUnavailable when the server can't be asked.
    """

    def __init__(self, client: redis.Redis, season: str, shard: int, shards: int) -> None:
        self.shard = shard
        self.shards = shards
        self._client = client
        self._key = keys.pools(season)
        self._lease = script(client, "lease")

    def ask(self, wanted: Sequence[Wanted]) -> tuple[str, list[int]]:
        """Ask for what is missing; returns a word and the amount granted of each pool.

        `whole`: everything; `part`: as much as there is anywhere; `wait`: nothing yet, because
        another shard may still give something back.
        """
        arguments: list[Any] = [self.shard, self.shards]
        for pool, limit, missing in wanted:
            arguments += (pool, limit, missing)
        with translated("lease from the pools"):
            word, *granted = self._lease([self._key], arguments)
        return word.decode(), [int(amount) for amount in granted]

    def unheld(self, pools: Sequence[tuple[str, int]]) -> list[int]:
        """Tell how much of each pool, by name and limit, this shard could have besides its own.

        All that others hold counts as well while one of them may still give something back.
        """
        with translated("look at the leases of the pools"):
            found: Any = self._client.hgetall(self._key)
        others = [shard for shard in range(self.shards) if shard != self.shard]
        open_yet = any(found.get(f"settled:{shard}".encode()) == b"0" for shard in others)

        def held(pool: str, shard: int) -> int:
            return int(found.get(f"leased:{pool}:{shard}".encode(), 0))

        return [
            max(
                0,
                limit
                - held(pool, self.shard)
                - (0 if open_yet else sum(held(pool, shard) for shard in others)),
            )
            for pool, limit in pools
        ]

    def settle(self) -> None:
        """Say that this shard holds nothing it hasn't used."""
        with translated("settle the leases of a shard"):
            self._client.hset(self._key, f"settled:{self.shard}", "1")

    def wanted_elsewhere(self) -> bool:
        """Tell whether another shard waits for what this one may give back."""
        with translated("ask who waits for a lease"):
            found: Any = self._client.hget(self._key, "waiting")
        return bool(found == b"1")

    def restate(self, held: dict[str, int]) -> None:
        """Set what this shard holds to what its own log says, after a start."""
        fields: dict[str, int] = {
            f"leased:{pool}:{self.shard}": amount for pool, amount in held.items()
        }
        if not fields:
            return
        with translated("restate the leases of a shard"):
            self._client.hset(self._key, mapping=fields | {f"settled:{self.shard}": 0})  # type: ignore[arg-type]  # the server's own types are wider
