"""Calls: facades over actor handles, so that nobody else sees Ray or its errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ray
from ray.actor import ActorHandle

from actors.figures import Figures
from actors.messages import (
    Ask,
    BatchAnswer,
    OutOfTurn,
    Reading,
    ShardDown,
    ShardStatus,
    Turn,
    Warming,
)
from actors.season_versions import Version
from actors.store.errors import StoreError
from actors.wire import asks_bytes, head_bytes, read_answer, read_reading
from rules.ranks.standings import Standing


async def answered(reference: Any) -> Any:
    """Await an actor's answer; a dead actor or an absent store is ShardDown."""
    try:
        return await reference
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, StoreError | ShardDown | OutOfTurn):
            raise ShardDown(str(error.cause)) from None
        raise
    except (ray.exceptions.RayActorError, ray.exceptions.WorkerCrashedError) as error:
        raise ShardDown(f"its process ended ({type(error).__name__})") from None


class MemberShardFacade:
    """Calls a member shard."""

    def __init__(self, handle: ActorHandle[Any]) -> None:
        self._handle = handle

    async def apply(self, batch: bytes, stamp: str, turn: Turn) -> BatchAnswer:
        """Log and apply a batch."""
        told = await answered(self._handle.apply.remote(batch, head_bytes(stamp, turn)))
        return read_answer(told)

    async def push(self) -> None:
        """Have the shard send its ranking shard what waits to be sent."""
        await answered(self._handle.call.remote("push"))

    async def advance(self, to_us: int) -> ShardStatus:
        """Move the clock."""
        return await self._status("advance", to_us)

    async def close(self, ends_us: int) -> ShardStatus:
        """Move the season's end."""
        return await self._status("close", ends_us)

    async def order(self, order: bytes, at_us: int | None) -> dict[str, Any]:
        """Log and apply an order."""
        told: dict[str, Any] = await answered(self._handle.call.remote("order", order, at_us))
        return told

    async def adopt_rules(self, number: int, text: str, at_us: int) -> ShardStatus:
        """Go on under a version of the season file; raises VersionRefused or SeasonErrors."""
        return await self._status("adopt_rules", number, text, at_us)

    async def rules_versions(self) -> list[Version]:
        """List the versions of the season file after the first."""
        found: list[Version] = await answered(self._handle.call.remote("rules_versions"))
        return found

    async def poke(self, now_us: int | None) -> ShardStatus:
        """Run what is due, and refill the ranking shard when it lost its standings."""
        return await self._status("poke", now_us)

    async def status(self, hours: int = 0) -> ShardStatus:
        """Tell where the shard stands."""
        return await self._status("status", hours)

    async def member(self, member: str) -> dict[str, Any] | None:
        """Describe one member."""
        found: dict[str, Any] | None = await answered(self._handle.call.remote("member", member))
        return found

    async def read(self, name: str, *arguments: Any) -> Any:
        """Ask the shard's table something; actors.member_reads lists what."""
        return await answered(self._handle.call.remote("read", name, *arguments))

    async def explain(self, what: str, *arguments: Any) -> Any:
        """Ask about members' postings; a method of MemberJournal by name."""
        return await answered(self._handle.call.remote("explain", what, *arguments))

    async def export(self, what: str, first: int) -> tuple[int, bytes]:
        """Give some rows of what the shard holds, and where to go on."""
        found: tuple[int, bytes] = await answered(self._handle.call.remote("export", what, first))
        return found

    async def standing(self) -> Standing:
        """Give the standing of all members."""
        found: Standing = await answered(self._handle.call.remote("standing"))
        return found

    async def purge(self) -> None:
        """Replace every snapshot by the table as it is."""
        await answered(self._handle.call.remote("purge"))

    async def older_standing(self) -> Standing | None:
        """Give the standing of all members in the season before."""
        found: Standing | None = await answered(self._handle.call.remote("older_standing"))
        return found

    async def figures(self) -> Figures:
        """Tell what the shard and its process take."""
        found: Figures = await answered(self._handle.call.remote("figures"))
        return found

    async def _status(self, name: str, *arguments: Any) -> ShardStatus:
        status: ShardStatus = await answered(self._handle.call.remote(name, *arguments))
        return status


class RankingShardFacade:
    """Calls a ranking shard."""

    def __init__(self, handle: ActorHandle[Any]) -> None:
        self._handle = handle

    async def read(self, asks: list[Ask], at_least: int) -> Reading:
        """Answer asks from one snapshot; raises ShardDown or Warming."""
        told: bytes | str = await answered(self._handle.read.remote(asks_bytes(asks), at_least))
        if isinstance(told, str):
            raise Warming(told)
        return read_reading(asks, told)

    async def figures(self) -> Figures:
        """Tell what the shard and its process take."""
        found: Figures = await answered(self._handle.figures.remote())
        return found


class _OfKeeper:
    """Calls the keeper's process, which may not be made yet."""

    def __init__(self, find: Callable[[], ActorHandle[Any]]) -> None:
        self._find = find

    def _handle(self) -> ActorHandle[Any]:
        try:
            return self._find()
        except ValueError:
            raise ShardDown("the keeper isn't there yet") from None


class KeeperFacade(_OfKeeper):
    """Calls the season keeper."""

    async def freeze(self) -> None:
        """Freeze the final list."""
        await answered(self._handle().freeze.remote())

    async def figures(self) -> Figures:
        """Tell what its process takes."""
        found: Figures = await answered(self._handle().figures.remote())
        return found


class OutboxFacade(_OfKeeper):
    """Calls the outbox, which lives with the keeper."""

    async def figures(self) -> Figures:
        """Tell how much waits to be told and what its process takes."""
        found: Figures = await answered(self._handle().outbox_figures.remote())
        return found
