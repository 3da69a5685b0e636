"""Log history: the gateway's way to everything that was ever logged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import redis

from actors.gateway.problems import Problem
from actors.store.archive import Archive
from actors.store.errors import StoreError
from actors.store.history import read_history
from actors.store.log import Entry, ShardLog


class LogHistory:
    """Reads archive and logs beside the shards that write them."""

    def __init__(self, folder: Path, client: redis.Redis, scope: str) -> None:
        self._archive = Archive(folder / "archive")
        self._client = client
        self._scope = scope

    def entries(self, shard: int) -> Iterator[Entry]:
        """Yield a shard's entries from the first one on."""
        return read_history(self._archive, self._log(shard))

    def check(self, shard: int) -> None:
        """Raise Problem 503 unless a shard's log can be read."""
        try:
            self._log(shard).last_seq()
        except StoreError as error:
            raise Problem(503, f"The store does not answer: {error}.", retry_after_s=2) from None

    def _log(self, shard: int) -> ShardLog:
        return ShardLog(self._client, self._scope, shard)
