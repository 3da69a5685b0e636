"""Orders: what an administrator decides, sent to every member shard, once each."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.messages import MemberShardCalls, ShardDown

TRIES: Final = 20
_PAUSE_S: Final = 0.5


async def order_everywhere(state: State, order: dict[str, Any]) -> list[dict[str, Any]]:
    """Have every shard carry out an order, and return what each did.

    The order's `id` makes repeating safe. Raises Problem 503 when a shard stays away.
    """
    content = msgspec.json.encode(order)
    at_us = None if state.clock == "real" else state.now_us()
    return list(
        await asyncio.gather(*(_until_done(shard, content, at_us) for shard in state.members))
    )


async def _until_done(shard: MemberShardCalls, order: bytes, at_us: int | None) -> dict[str, Any]:
    for _ in range(TRIES):
        try:
            return await shard.order(order, at_us)
        except ShardDown:
            await asyncio.sleep(_PAUSE_S)
    raise Problem(
        503, "A member shard does not answer; send the same order again.", retry_after_s=2
    )
