"""The manifest in Redis: which snapshot of a shard is the newest, for operators and backups."""

from __future__ import annotations

import json
from typing import Any

import redis

from actors.store import keys
from actors.store.errors import translated


class ManifestRecord:
    """Keeps each shard's newest snapshot manifest in the server; given to `SnapshotStore`."""

    def __init__(self, client: redis.Redis, scope: str) -> None:
        self.scope = scope
        self._client = client

    def __call__(self, shard: int, manifest: dict[str, Any]) -> None:
        """Keep a manifest.

        Raises:
            StoreUnavailable: the one before stays.
        """
        text = json.dumps(manifest, ensure_ascii=False)
        fields: dict[Any, Any] = {"seq": manifest["seq"], "manifest": text}
        with translated(f"record the snapshot of shard {shard}"):
            self._client.hset(keys.manifest(self.scope, shard), mapping=fields)

    def read(self, shard: int) -> dict[str, Any] | None:
        """Give a shard's newest manifest, None when none was recorded."""
        with translated(f"read the snapshot manifest of shard {shard}"):
            text: Any = self._client.hget(keys.manifest(self.scope, shard), "manifest")
        if text is None:
            return None
        manifest: dict[str, Any] = json.loads(text)
        return manifest
