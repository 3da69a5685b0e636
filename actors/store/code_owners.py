"""Code owners: which member came first with a claim code, whatever shard they live on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from actors.store import keys
from actors.store.errors import translated


class CodeOwners:
    """The first member of every claim code that anyone has claimed with."""

    def __init__(self, client: redis.Redis, season: str) -> None:
        self._client = client
        self._key = keys.claim_codes(season)

    def first(self, codes: Sequence[str], members: Sequence[str]) -> list[str]:
        """Enter members for codes, and give the one who came first with each.

        Raises StoreUnavailable when the server can't be asked; asking again is safe.
        """
        with translated("enter claim codes"), self._client.pipeline(transaction=False) as together:
            for code, member in zip(codes, members, strict=True):
                together.hsetnx(self._key, code, member)
                together.hget(self._key, code)
            answers: list[Any] = together.execute()
        return [found.decode() for found in answers[1::2]]
