"""Handles: find the actors of a running season, by their names."""

from __future__ import annotations

import time
from functools import cache
from typing import Any, Final

import ray
from ray.actor import ActorHandle

from actors.calls import MemberShardFacade, RankingShardFacade
from actors.settings import Settings

NAMESPACE: Final = "forecourt"
MADE_WITHIN_S: Final = 20.0
"""How long an actor may take to be made after those that look for it."""


def _handle(settings: Settings, actor: str) -> ActorHandle[Any]:
    """Find another actor by its name.

    Handles are not constructor arguments: Ray would keep those in its object store, and an
    actor whose arguments were lost with a node could never be restarted. At the start of a
    system the other one may be made a moment later.
    """
    name, ends_s = settings.name(actor), time.monotonic() + MADE_WITHIN_S
    while True:
        try:
            handle: ActorHandle[Any] = ray.get_actor(name, namespace=NAMESPACE)
        except ValueError:
            if time.monotonic() > ends_s:
                raise
            time.sleep(0.02)
        else:
            return handle


@cache
def keeper_handle(settings: Settings) -> ActorHandle[Any]:
    """Find the keeper, which comes up last; raises ValueError where it isn't made yet."""
    handle: ActorHandle[Any] = ray.get_actor(settings.name("keeper"), namespace=NAMESPACE)
    return handle


def ranking_handle(settings: Settings, shard: int) -> ActorHandle[Any]:
    """Find a ranking shard."""
    return _handle(settings, f"ranking-{shard}")


def ranking_shards(settings: Settings) -> list[RankingShardFacade]:
    """Find all ranking shards."""
    return [RankingShardFacade(ranking_handle(settings, n)) for n in range(settings.shards)]


def member_shards(settings: Settings) -> list[MemberShardFacade]:
    """Find all member shards."""
    return [MemberShardFacade(_handle(settings, f"member-{n}")) for n in range(settings.shards)]
