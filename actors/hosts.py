"""Hosts: the Ray shells of the plain classes. The only module that says ray.remote.

Every host builds its object from the settings, so a restarted process rebuilds the same. What
needs the store is built at the first call that finds the store there: a constructor that failed
would end the actor for good. Every process imports this module, so each host imports what it
alone needs when it begins: that is most of what a start takes.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ray

from actors.calls import KeeperFacade, OutboxFacade
from actors.figures import Figures, figures_of_process
from actors.handles import keeper_handle, member_shards, ranking_shards
from actors.log_lines import log_to
from actors.messages import BoardLayout, Warming
from actors.settings import Settings
from actors.store.client import connect
from actors.store.errors import Fenced, StoreError
from actors.wire import answer_bytes, read_asks, read_change, read_head, reading_bytes
from rules.ranks.standings import Standing

if TYPE_CHECKING:
    from actors.member_shard import MemberShard
    from actors.mirror_writer import MirrorWriter
    from actors.simulations import Failure

SWITCH_S: Final = 0.001
"""How long the thread of the sorted sets may hold a reader of the boards up at a time."""
FAULT_PAUSE_S: Final = 1.0
"""How long the keeper or the outbox rests after a fault."""
PENDING_CALLS_MAX: Final = 500
"""Calls one caller may have waiting at an actor; the lanes keep far below it."""

log = logging.getLogger(__name__)


@contextmanager
def beginning() -> Iterator[None]:
    """Look for no garbage meanwhile: a seventh of what importing takes, and there is none.

    What is here by the end stays, and needn't be looked through later either.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def log_to_file(settings: Settings, actor: str) -> None:
    """Send this process's log to the data folder: Ray's own logs vanish with its session."""
    log_to(settings.folder / "logs" / f"{actor}.log", actor, settings.log_format)


@ray.remote(num_cpus=0.05, max_restarts=-1, max_task_retries=0)
class MemberShardHost:
    """Hosts a member shard."""

    def __init__(self, settings: Settings, shard: int) -> None:
        log_to_file(settings, f"member-{shard}")
        self._settings = settings
        self._number = shard
        self._shard: MemberShard | None = None

    def _started(self) -> MemberShard:
        if self._shard is None:
            with beginning():
                from actors.connected_shard import connected_shard

                shard = connected_shard(self._settings, self._number)
            shard.start()
            log.info("started: %s", shard.status())
            self._shard = shard
            gc.freeze()  # what is here by now stays, and needn't be looked through for garbage
        return self._shard

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a method of the shard; a shard that was fenced off ends its process."""
        try:
            return getattr(self._started(), name)(*arguments)
        except Fenced as error:
            log.error("ends: %s", error)
            os._exit(1)

    def apply(self, batch: bytes, head: bytes) -> bytes:
        """Log and apply a batch; how it is stamped, its turn and the answer are on the wire."""
        return answer_bytes(self.call("apply", batch, *read_head(head)))

    def pid(self) -> int:
        """Give the process id, for fault tests."""
        return os.getpid()


@ray.remote(num_cpus=0.05, max_restarts=-1, max_task_retries=0)
class RankingShardHost:
    """Hosts a ranking shard and its mirror's writer."""

    def __init__(self, settings: Settings, shard: int, layout: BoardLayout) -> None:
        log_to_file(settings, f"ranking-{shard}")
        sys.setswitchinterval(SWITCH_S)
        self._client = connect(settings.redis_url, name=f"ranking-{shard}")
        self._number = shard
        self._writer: MirrorWriter | None = None
        with beginning():
            self._begin(layout)

    def _begin(self, layout: BoardLayout) -> None:
        """Hold the boards of a season, mirrored under its own keys."""
        if self._writer is not None:
            self._writer.stop(5.0)
        from actors.mirror_writer import MirrorWriter
        from actors.ranking_shard import RankingShard
        from actors.store.mirror import Mirror

        self._mirror = Mirror(self._client, layout.season, self._number)
        self._shard = RankingShard(self._number, layout, self._mirror)
        self._lost = False
        self._writer = MirrorWriter(self._mirror, self._shard, self._note_loss)
        self._writer.start()

    def _note_loss(self) -> None:
        self._lost = True

    def update(self, told: bytes) -> bool:
        """Take changed standings, as they are on the wire."""
        return self._shard.update(*read_change(told))

    def replace(self, version: int, clock_us: int, everyone: Standing, layout: BoardLayout) -> bool:
        """Take all standings, and the boards they are for."""
        if layout.season != self._mirror.season:
            self._begin(layout)
        return self._shard.replace(version, clock_us, everyone, layout)

    def has_standings(self) -> bool:
        """Tell whether there are standings; also the moment to restore lost sorted sets."""
        if self._lost and self._shard.version >= 0:
            self._shard.rebuild_mirror()
            # The writer noted the same loss again and again meanwhile.
            self._lost = False
        return self._shard.version >= 0

    def read(self, told: bytes, at_least: int) -> bytes | str:
        """Answer asks; a text says why it can't yet (an exception would cost more)."""
        asks = read_asks(told)
        try:
            return reading_bytes(asks, self._shard.read(asks, at_least))
        except Warming as error:
            return str(error)

    def figures(self) -> Figures:
        """Tell what this shard does and how far behind the sorted sets are."""
        return self._shard.figures()

    def mirror_lag_s(self) -> float:
        """Tell how old the oldest score is that the sorted sets don't show yet."""
        return self._shard.mirror_lag_s()

    def stop(self) -> None:
        """Write what is left to the sorted sets."""
        assert self._writer is not None
        self._writer.stop(5.0)

    def pid(self) -> int:
        """Give the process id, for fault tests."""
        return os.getpid()


@ray.remote(num_cpus=0.02, max_restarts=-1, max_task_retries=0)
class KeeperHost:
    """Hosts the season keeper and the outbox, which have little to do and share a process."""

    def __init__(self, settings: Settings) -> None:
        log_to_file(settings, "keeper")
        with beginning():
            from actors.keeper import Keeper
            from actors.outbox import Outbox

        members = member_shards(settings)
        while True:
            try:
                self._keeper, self._outbox = Keeper(settings, members), Outbox(settings, members)
            except StoreError as error:
                log.warning("the keeper waits for the store: %s", error)
                time.sleep(FAULT_PAUSE_S)
            else:
                break

    async def run(self) -> None:
        """Keep the season and deliver notices until the system stops."""
        await asyncio.gather(
            _kept_going(self._keeper.run, "keeper"), _kept_going(self._outbox.run, "outbox")
        )

    async def freeze(self) -> None:
        """Freeze the final list."""
        await self._keeper.freeze()

    async def figures(self) -> Figures:
        """Tell what this process takes."""
        return figures_of_process()

    async def outbox_figures(self) -> Figures:
        """Tell what this process takes and how much waits to be told; raises StoreError."""
        return await asyncio.to_thread(self._outbox.figures)

    async def stop(self) -> None:
        """End after this round, and after what is being sent."""
        self._keeper.stop()
        self._outbox.stop()

    async def pid(self) -> int:
        """Give the process id, for fault tests."""
        return os.getpid()


async def _kept_going(run: Callable[[], Awaitable[None]], what: str) -> None:
    """Run until it ends by itself; after a fault, which is logged, it begins anew."""
    while True:
        try:
            return await run()
        except Exception:
            log.exception("the %s failed; it begins anew", what)
            await asyncio.sleep(FAULT_PAUSE_S)


@ray.remote(num_cpus=0.5, max_retries=0, max_calls=1)
def simulate(settings: Settings, folder: str) -> Failure | None:
    """Do one simulation in a process that ends with it: it gave its priority up for good."""
    from actors.running_season import RunningSeason
    from actors.simulation_work import work

    log_to(settings.folder / "logs" / "simulations.log", "simulations", settings.log_format)
    return work(settings.simulator, Path(folder), RunningSeason(settings))


@ray.remote(num_cpus=0, max_retries=0, max_calls=1)
def consult(
    entry: str, question: str, texts: dict[str, str], wanted: dict[str, Any]
) -> dict[str, Any]:
    """Answer a question about a simulation in a process that ends with it, as `simulate`."""
    from actors.simulation_work import answered

    return answered(entry, question, texts, wanted)


@ray.remote(num_cpus=0.1, max_restarts=-1, max_task_retries=0)
class GatewayHost:
    """Hosts the gateway."""

    def __init__(self, settings: Settings) -> None:
        log_to_file(settings, "gateway")
        members, rankings = member_shards(settings), ranking_shards(settings)
        keeper_of = partial(keeper_handle, settings)
        keeper, outbox = KeeperFacade(keeper_of), OutboxFacade(keeper_of)
        # Only this process needs what follows: importing it costs every start of an actor.
        with beginning():
            from actors.gateway.server import GatewayServer
            from actors.simulation_tasks import SimulationTasks

        tasks = SimulationTasks(simulate, consult)
        self._server = GatewayServer(settings, members, rankings, keeper, outbox, tasks)

    async def run(self) -> None:
        """Serve until stopped."""
        await self._server.run()

    async def stop(self, within_s: float) -> bool:
        """Take nothing more and answer what was taken."""
        return await self._server.stop(within_s)

    async def pid(self) -> int:
        """Give the process id, for fault tests."""
        return os.getpid()


__all__ = [
    "PENDING_CALLS_MAX",
    "GatewayHost",
    "KeeperHost",
    "MemberShardHost",
    "RankingShardHost",
]
