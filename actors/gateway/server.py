"""Server: one gateway process: builds the state, serves HTTP, stops cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import uvicorn

from actors.calls import KeeperFacade, MemberShardFacade, OutboxFacade, RankingShardFacade
from actors.figures import Figures, figures_of_process
from actors.final_list import FinalShelf
from actors.gateway.app import make_app
from actors.gateway.auth import KeyRing
from actors.gateway.board_answer import pages_of
from actors.gateway.board_pages import BoardPages
from actors.gateway.changes import Changes
from actors.gateway.cleansing import Cleanser
from actors.gateway.front_door import http_config, sweep_connections
from actors.gateway.ingest import Ingest
from actors.gateway.lately import LatelySeen
from actors.gateway.log_history import LogHistory
from actors.gateway.operations import lags_of
from actors.gateway.prize_view import PrizeReader
from actors.gateway.rates import Rates, role_rates
from actors.gateway.read_answers import ranks_together
from actors.gateway.reading import Readings
from actors.gateway.rounds import Rounds
from actors.gateway.routes_stream import streams_of
from actors.gateway.sealing import Sealer
from actors.gateway.seasons import names_of, watch_opening
from actors.gateway.simulation_queue import SimulationQueue
from actors.gateway.state import State, wall_us
from actors.gateway.tally import TALLY
from actors.gateway.vitals import Part, Vitals
from actors.messages import MemberShardCalls, ShardDown, ShardStatus, stand_of
from actors.open_files import allow_open_files
from actors.phases import Window
from actors.rules_book import RulesBook
from actors.season_versions import Version
from actors.settings import Settings
from actors.simulation_tasks import SimulationTask, SimulationTasks
from actors.simulations import SimulationShelf
from actors.store.api_keys import ApiKeys
from actors.store.audit import AuditLog
from actors.store.client import connect
from actors.store.errors import StoreError, translated
from actors.store.vault import Vault

KEYS_ANSWER_WITHIN_S: Final = 0.5
SHARDS_PAUSE_S: Final = 0.1
STORE_PERIOD_S: Final = 0.5
FILES_BESIDE_READERS: Final = 4_000
"""Open files for tills, apps and the store, beside one for each reader of a board."""

log = logging.getLogger(__name__)


class _Uvicorn(uvicorn.Server):
    """A server inside another process: signals are that process's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class GatewayServer:
    """Serves HTTP for a season on the running event loop."""

    def __init__(
        self,
        settings: Settings,
        members: list[MemberShardFacade],
        rankings: list[RankingShardFacade],
        keeper: KeeperFacade,
        outbox: OutboxFacade,
        simulations: SimulationTasks,
    ) -> None:
        self._settings = settings
        self._members = members
        self._rankings = rankings
        self._keeper = keeper
        self._outbox = outbox
        self._simulations = simulations
        self._state: State | None = None
        self._server: uvicorn.Server | None = None
        self._stopped = asyncio.Event()
        self._store = connect(
            settings.redis_url,
            name="gateway-health",
            answer_within_s=KEYS_ANSWER_WITHIN_S,
            connect_within_s=KEYS_ANSWER_WITHIN_S,
        )
        self._store_trouble = ""

    async def run(self) -> None:
        """Wait for the shards, then serve until stop()."""
        begun = asyncio.create_task(self._begin())
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait((begun, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if self._stopped.is_set():
            # The start was given up: shards that never came must not keep the system from ending.
            begun.cancel()
            await asyncio.gather(begun, return_exceptions=True)
            return
        state = begun.result()
        settings = self._settings
        config = http_config(make_app(state), settings, state.refused_at_the_door)
        self._server = _Uvicorn(config)
        log.info("serving %s", settings.address)
        watches = [
            asyncio.create_task(self._watch_store()),
            asyncio.create_task(watch_opening(state)),
            asyncio.create_task(state.cleanser.run()),
            asyncio.create_task(state.keys.run()),
            asyncio.create_task(sweep_connections(self._server.server_state.connections)),
            asyncio.create_task(state.streams.run()),
            asyncio.create_task(state.past.run()),
        ]
        if state.simulations is not None:
            watches.append(asyncio.create_task(state.simulations.run()))
        # What is here by now stays: looking through it for garbage held requests up for a tenth of
        # a second now and then.
        gc.freeze()
        await self._server.serve()
        for watch in watches:
            watch.cancel()
        # A simulation that runs is ended here: its process must not outlive the system.
        await asyncio.gather(*watches, return_exceptions=True)
        await self._stopped.wait()

    async def stop(self, within_s: float) -> bool:
        """Take nothing more, answer what was taken, close; False when a shard did not answer."""
        empty = True
        if self._state is not None:
            empty = await self._state.ingest.stop(within_s)
            await self._state.streams.close()
        if self._server is not None:
            self._server.should_exit = True
        self._stopped.set()
        return empty

    async def _begin(self) -> State:
        """Wait for the shards and bring those together that the gateway before left apart."""
        allowed = allow_open_files(self._settings.stream_readers + FILES_BESIDE_READERS)
        if allowed < self._settings.stream_readers:
            log.warning("at most %d files may be open: fewer readers can listen", allowed)
        statuses = await self._wait_for_shards()
        versions = await self._versions(statuses)
        state = self._state = self._build(statuses, versions)
        state.ingest.start()
        if len({status.rules_number for status in statuses}) > 1:
            # The gateway before this one ended while the shards went over.
            last = versions[-1]
            statuses = await state.ingest.adopt_rules(last.number, last.text, names_of(state.book))
        if len({status.season for status in statuses}) > 1:
            await state.ingest.order("advance", state.rules.starts_us)
        ends_us = min(status.ends_us for status in statuses)
        if any(status.ends_us != ends_us for status in statuses):
            await state.ingest.order("close", ends_us)
        return state

    async def _watch_store(self) -> None:
        """Ask the store twice a second whether it is there, so that readiness tells."""
        while True:
            try:
                await asyncio.to_thread(self._ping)
                self._store_trouble = ""
            except StoreError as error:
                self._store_trouble = str(error)
            await asyncio.sleep(STORE_PERIOD_S)

    def _ping(self) -> None:
        with translated("reach the store"):
            self._store.ping()

    async def _wait_for_shards(self) -> list[ShardStatus]:
        while True:
            try:
                return list(await asyncio.gather(*(shard.status() for shard in self._members)))
            except ShardDown as error:
                log.info("waiting for the shards: %s", error)
                await asyncio.sleep(SHARDS_PAUSE_S)

    async def _versions(self, statuses: list[ShardStatus]) -> list[Version]:
        """Fetch the versions of the season file from a shard that has all of them."""
        ahead = max(statuses, key=lambda status: status.rules_number)
        while ahead.rules_number > 1:
            try:
                return await self._members[ahead.shard].rules_versions()
            except ShardDown as error:
                log.info("waiting for shard %d: %s", ahead.shard, error)
                await asyncio.sleep(SHARDS_PAUSE_S)
        return []

    def _build(self, statuses: list[ShardStatus], versions: list[Version]) -> State:
        settings = self._settings
        last = max(status.rules_number for status in statuses)
        book = RulesBook(settings.rules)
        stand = stand_of([status for status in statuses if status.rules_number == last])
        rules = book.follow(versions, stand)
        clock_us = max(status.clock_us for status in statuses)
        client = connect(settings.redis_url, name="gateway", answer_within_s=KEYS_ANSWER_WITHIN_S)
        keys = KeyRing(ApiKeys(client), settings.folder, Rates(role_rates(settings.rates)))
        scope, members = settings.rules.season_id, list[MemberShardCalls](self._members)
        vault = Vault(connect(settings.redis_url, name="vault"), scope, keys.vault_secret)
        cleanser = Cleanser(vault, members)
        sealer = Sealer(vault, lambda: book.rules.season, members, cleanser.ask)
        ingest = Ingest(members, names_of(book), settings.clock, clock_us, sealer)
        for lane, status in zip(ingest.lanes, statuses, strict=True):
            lane.version, lane.clock_us = status.version, status.clock_us
        pushes = [member.push for member in members]
        readings = Readings(
            self._rankings,
            ingest.versions,
            pushes,
            lambda: [lane.untold for lane in ingest.lanes],
        )
        readings.rules_hash = rules.rules_hash
        state = State(
            book=book,
            rules=rules,
            clock=settings.clock,
            ingest=ingest,
            members=list(self._members),
            readings=readings,
            pages=BoardPages(rules, readings),
            prizes=PrizeReader(rules),
            changes=Changes(rules, readings),
            keys=keys,
            keeper=self._keeper,
            finals=FinalShelf(settings.folder / "final", rules.season_id),
            history=LogHistory(settings.folder, connect(settings.redis_url), scope),
            not_ready=lambda: self._not_ready(ingest),
            window=Window.of(rules),
            system=json.loads((settings.folder / "live.json").read_text())["system"],
            settings=settings,
            vault=vault,
            cleanser=cleanser,
            sealer=sealer,
            audit=AuditLog(client, scope),
            simulations=self._simulation_queue(),
        )
        state.streams = streams_of(state, settings.stream_readers)
        state.shown = pages_of(state)
        state.ranks = Rounds(partial(ranks_together, state))
        state.vitals = self._vitals()
        state.past = LatelySeen(TALLY, lambda: lags_of(state))
        return state

    def _simulation_queue(self) -> SimulationQueue | None:
        settings = self._settings
        if not settings.simulator:
            return None

        def start(folder: Path) -> SimulationTask:
            return self._simulations.start(settings, folder)

        consult = partial(self._simulations.consult, settings.simulator)
        return SimulationQueue(SimulationShelf(settings.folder), start, wall_us, consult)

    def _vitals(self) -> Vitals:
        async def own() -> Figures:
            return figures_of_process()

        sources: dict[Part, Callable[[], Awaitable[Figures]]] = {
            Part("gateway", 0): own,
            Part("keeper", 0): self._keeper.figures,
            Part("outbox", 0): self._outbox.figures,
        }
        for shard, member in enumerate(self._members):
            sources[Part("member", shard)] = member.figures
        for shard, ranking in enumerate(self._rankings):
            sources[Part("ranking", shard)] = ranking.figures
        return Vitals(sources, self._told_by_store)

    def _told_by_store(self) -> dict[str, Any]:
        with translated("ask the store how it is"):
            told: Any = self._store.info()
        return dict(told)

    def _not_ready(self, ingest: Ingest) -> list[str]:
        count = len(ingest.lanes)
        reasons = [
            f"member shard {lane.shard + 1} of {count} or its store does not answer"
            for lane in ingest.lanes
            if lane.down_since_s is not None
        ]
        if self._store_trouble:
            reasons.append(self._store_trouble)
        if ingest.stopping:
            reasons.append("the system is stopping")
        return reasons
