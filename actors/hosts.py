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
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ray
from ray.actor import ActorHandle

from actors.calls import KeeperFacade, MemberShardFacade, OutboxFacade, RankingShardFacade
from actors.figures import Figures, figures_of_process
from actors.log_lines import log_to
from actors.messages import BoardLayout, StandingChange, Warming
from actors.settings import Settings
from actors.store.client import connect
from actors.store.errors import Fenced, StoreError
from actors.wire import (
    answer_bytes,
    change_bytes,
    read_asks,
    read_change,
    read_head,
    reading_bytes,
)
from rules.ranks.standings import Standing

if TYPE_CHECKING:
    from actors.member_shard import MemberShard
    from actors.mirror_writer import MirrorWriter
    from actors.simulations import Failure

NAMESPACE: Final = "forecourt"
UPDATES_IN_FLIGHT_MAX: Final = 16
UPDATES_BEHIND: Final = 3
"""From so many on their way on, further changes wait and go together."""
SWITCH_S: Final = 0.001
"""How long the thread of the sorted sets may hold a reader of the boards up at a time."""
PUSH_PERIOD_S: Final = 0.02
"""Least time between two updates of a ranking shard: small batches share one."""
MADE_WITHIN_S: Final = 20.0
"""How long an actor may take to be made after those that look for it."""
FAULT_PAUSE_S: Final = 1.0
"""How long the keeper or the outbox rests after a fault."""
PENDING_CALLS_MAX: Final = 500
"""Calls one caller may have waiting at an actor; the lanes keep far below it."""

log = logging.getLogger(__name__)


def wall_us() -> int:
    """Read the wall clock, µs since 1970 UTC."""
    return time.time_ns() // 1000


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


def member_shards(settings: Settings) -> list[MemberShardFacade]:
    """Find all member shards."""
    return [
        MemberShardFacade(_handle(settings, f"member-{shard}")) for shard in range(settings.shards)
    ]


class RankingRelay:
    """Sends changed standings to a ranking shard without waiting for it."""

    def __init__(self, ranking: ActorHandle[Any]) -> None:
        self._ranking = ranking
        self._sent: deque[ray.ObjectRef[Any]] = deque()
        self._lost = False

    def update(self, after: int, version: int, clock_us: int, change: StandingChange) -> None:
        """Send the standings that changed between two versions."""
        if not self._lost:
            told = change_bytes(after, version, clock_us, change)
            self._send(lambda: self._ranking.update.remote(told))

    def replace(self, version: int, clock_us: int, standing: Standing, layout: BoardLayout) -> None:
        """Send the standings of all members, and the boards they are for."""
        self._lost = False
        self._sent.clear()
        self._send(lambda: self._ranking.replace.remote(version, clock_us, standing, layout))

    def is_behind(self) -> bool:
        """Tell whether several updates are on their way already."""
        if len(self._sent) >= UPDATES_BEHIND:
            self._collect(0)
        return len(self._sent) >= UPDATES_BEHIND

    def needs_all(self) -> bool:
        """Tell whether the ranking shard lost its standings or missed an update."""
        self._collect(0)
        if not self._lost and not self._sent:
            self._send(self._ranking.has_standings.remote)
        return self._lost

    def _send(self, submit: Callable[[], ray.ObjectRef[Any]]) -> None:
        self._collect(UPDATES_IN_FLIGHT_MAX)
        try:
            self._sent.append(submit())
        except ray.exceptions.RayError as error:
            self._lose(error)

    def _collect(self, keep: int) -> None:
        """Hear the answers that are there, and wait for the oldest beyond `keep` in flight."""
        while self._sent:
            wait_s = 10.0 if keep and len(self._sent) >= keep else 0
            ready, _ = ray.wait([self._sent[0]], timeout=wait_s)
            if not ready:
                break
            try:
                if not ray.get(self._sent.popleft()):
                    self._lost = True
            except ray.exceptions.RayError as error:
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        if not self._lost:
            log.warning("the ranking shard lost its standings: %s", type(error).__name__)
        self._lost = True


def _member_shard(settings: Settings, number: int) -> MemberShard:
    """Build a member shard, and connect it to all around it."""
    from actors.member_shard import MemberShard
    from actors.notice_feed import NoticeFeed
    from actors.store.archive import Archive
    from actors.store.code_owners import CodeOwners
    from actors.store.files import unnamed_file
    from actors.store.journal import JournalFiles
    from actors.store.log import ShardLog
    from actors.store.manifest import ManifestRecord
    from actors.store.notice_stream import NoticeStream
    from actors.store.pool_leases import PoolLeases
    from actors.store.replicated import copies_of
    from actors.store.snapshot import SnapshotStore
    from rules.table.storage import ScratchFiles

    url, folder, scope = settings.redis_url, settings.folder, settings.rules.season_id
    client = connect(url, name=f"member-{number}")
    shared, owners = None, None
    if settings.shards > 1:
        shared = PoolLeases(client, scope, number, settings.shards)
        owners = CodeOwners(client, scope)
    return MemberShard(
        settings.rules,
        ShardLog(client, scope, number, copies_of(url)),
        SnapshotStore(folder / "snapshots", ManifestRecord(client, scope)),
        Archive(folder / "archive"),
        RankingRelay(ranking_handle(settings, number)),
        wall_us,
        shared,
        owners,
        settings.snapshot_events,
        journal=JournalFiles(folder / "journal", number),
        push_period_s=PUSH_PERIOD_S,
        feed=NoticeFeed(NoticeStream(connect(url, name=f"notices-{number}"), scope, number)),
        storage=ScratchFiles(partial(unnamed_file, folder), _no_file, settings.file_from_rows),
    )


def _no_file(error: OSError) -> None:
    log.warning("no file takes what is kept of events, which stays in memory: %s", error)


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
                shard = _member_shard(self._settings, self._number)
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
        rankings = [
            RankingShardFacade(ranking_handle(settings, shard)) for shard in range(settings.shards)
        ]
        keeper_of = partial(keeper_handle, settings)
        keeper, outbox = KeeperFacade(keeper_of), OutboxFacade(keeper_of)
        # Only this process needs what follows: importing it costs every start of an actor.
        with beginning():
            from actors.gateway.server import GatewayServer
            from actors.simulation_tasks import SimulationTasks

        tasks = SimulationTasks(simulate, consult)
        self._server = GatewayServer(
            settings, member_shards(settings), rankings, keeper, outbox, tasks
        )

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
    "NAMESPACE",
    "PENDING_CALLS_MAX",
    "GatewayHost",
    "KeeperHost",
    "MemberShardHost",
    "RankingShardHost",
]
