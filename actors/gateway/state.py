"""State: what a gateway process holds, and the clock it reads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.final_list import FinalList, FinalShelf
from actors.gateway.admission import READS_MAX, Admission
from actors.gateway.auth import KeyRing
from actors.gateway.board_pages import BoardPages
from actors.gateway.board_streams import BoardStreams
from actors.gateway.changes import Changes
from actors.gateway.cleansing import Cleanser
from actors.gateway.counted import Counted, Line
from actors.gateway.ingest import Ingest
from actors.gateway.lately import LatelySeen
from actors.gateway.log_history import LogHistory
from actors.gateway.prize_view import PrizeReader
from actors.gateway.reading import Readings
from actors.gateway.rounds import Rounds
from actors.gateway.sealing import Sealer
from actors.gateway.shown_pages import ShownPages
from actors.gateway.simulation_queue import SimulationQueue
from actors.gateway.vitals import Vitals
from actors.messages import KeeperCalls, MemberShardCalls
from actors.phases import Window
from actors.rules_book import RulesBook
from actors.settings import Settings
from actors.store.audit import AuditLog
from actors.store.vault import Vault
from rules.compiling.compiled import Rules

RankRounds = Rounds[str, list[str], tuple[dict[str, int | None], int, int]]
"""Ranks on a board, by members; what they are, the version that shows them, and as_of."""


def wall_us() -> int:
    """Read the wall clock, µs since 1970 UTC."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class State:
    """Everything the routes use."""

    book: RulesBook
    rules: Rules
    clock: str
    ingest: Ingest
    members: list[MemberShardCalls]
    readings: Readings
    pages: BoardPages
    prizes: PrizeReader
    changes: Changes
    keys: KeyRing
    keeper: KeeperCalls
    finals: FinalShelf
    history: LogHistory
    not_ready: Callable[[], list[str]]
    window: Window
    system: str
    settings: Settings
    vault: Vault
    cleanser: Cleanser
    sealer: Sealer
    audit: AuditLog
    simulations: SimulationQueue | None = None
    reads: Admission = field(default_factory=lambda: Admission("reads", READS_MAX))
    streams: BoardStreams = field(init=False)
    shown: ShownPages = field(init=False)
    ranks: RankRounds = field(init=False)
    vitals: Vitals = field(init=False)
    past: LatelySeen = field(init=False)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    refusals: Counted = field(init=False)
    acts: Counted = field(init=False)
    _final: FinalList | None = field(default=None)

    def __post_init__(self) -> None:
        """Count what the audit trail gets as samples."""
        self.refusals = Counted(self.audit.refuse)
        self.acts = Counted(self.audit.write)

    def refused_at_the_door(self, status: int, address: str) -> None:
        """Count what was refused before it was a request."""
        act = f"refused.{status}"
        self.refusals.add(Line("", "", act, "no whole request", "refused"), address)

    def use(self, rules: Rules) -> None:
        """Show and read by other rules of the same season."""
        self.rules, self.window = rules, Window.of(rules)
        self.pages = BoardPages(rules, self.readings)
        self.prizes = PrizeReader(rules)
        self.changes = Changes(rules, self.readings)
        self.readings.rules_hash = rules.rules_hash
        self.finals = FinalShelf(self.settings.folder / "final", rules.season_id)
        self._final = None

    def shelf(self, season: str) -> FinalShelf:
        """Give the shelf of a season's final list."""
        return FinalShelf(self.settings.folder / "final", season)

    def now_us(self) -> int:
        """Read the system's clock: the wall's, or the greatest stamp."""
        if self.clock == "real":
            return wall_us()
        return max(self.ingest.clock_us, 0)

    def as_of_us(self) -> int:
        """Tell up to which instant everything stamped is acknowledged, hence readable."""
        if self.clock == "real":
            busy = [lane.sent_us for lane in self.ingest.lanes if lane.sent_us]
            return min([wall_us(), *busy])
        waiting = [lane.clock_us for lane in self.ingest.lanes if not lane.idle]
        return max(0, min([self.ingest.clock_us, *waiting]))

    def phase(self) -> str:
        """Name the season's phase now."""
        return self.window.phase(self.now_us())

    def mark(self) -> tuple[object, ...]:
        """Tell what is acknowledged by now and under which rules: with these a board changes.

        Ticks alone move it without.
        """
        return *self.ingest.versions(), self.ingest.clock_us, self.rules.rules_hash

    def day(self) -> int:
        """Number the local day of the system's clock."""
        return self.rules.calendar.day(self.now_us())

    def final(self) -> FinalList | None:
        """Give the frozen list once there is one."""
        if self._final is None or not self._final.published:
            self._final = self.finals.load()
        return self._final
