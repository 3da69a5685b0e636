"""Simulation queue: simulations one at a time, in the order they were asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from actors.simulations import Failure, NoAnswer, Simulation, SimulationShelf

WAITING_MAX: Final = 8
KEPT_MAX: Final = 40
"""Simulations that are over and kept; the oldest go first."""
QUESTIONS_MAX: Final = 8
"""Questions to the simulator that may wait; they are answered one at a time."""
STARTS_MAX: Final = 2
"""A simulation that was ended with the system begins again, but not for ever."""

log = logging.getLogger(__name__)


class Work(Protocol):
    """A simulation that was started."""

    async def ended(self) -> Failure | None:
        """Wait until it ended; tells why it failed, None when it is done."""

    def cancel(self) -> None:
        """End it."""


Consult = Callable[[str, Mapping[str, str], Mapping[str, Any]], Awaitable[dict[str, Any]]]


class QueueFull(Exception):  # noqa: N818  says what is wrong, as every error here
    """So many simulations wait already: come back when one is done, or cancel one."""


class SimulationQueue:
    """Holds every simulation of a data folder and runs those that wait.

    Records are read from the folder at once, so a gateway that starts anew goes on: what waited
    waits, what ran begins again, once.
    """

    def __init__(
        self,
        shelf: SimulationShelf,
        start: Callable[[Path], Work],
        now_us: Callable[[], int],
        consult: Consult | None = None,
    ) -> None:
        self.shelf = shelf
        self._start, self._now_us, self._consult = start, now_us, consult
        self._asking, self._questions = asyncio.Lock(), 0
        self._known: dict[str, Simulation] = {one.id: one for one in shelf.load()}
        self._running: tuple[str, Work] | None = None
        self._arriving = 0
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        for one in [one for one in self._known.values() if one.state == "running"]:
            self._resume(one)

    def _resume(self, one: Simulation) -> None:
        if one.starts < STARTS_MAX:
            self._put(msgspec.structs.replace(one, state="queued"))
        else:
            failure = Failure(
                f"the system ended {one.starts} times while it ran; ask for fewer members",
                f"它运行时系统中断了 {one.starts} 次；请减少会员数",
            )
            self._put(self._over(one, "failed", failure))

    def listed(self) -> list[Simulation]:
        """List all simulations, the one asked last first."""
        return list(self._known.values())[::-1]

    def get(self, simulation: str) -> Simulation | None:
        """Give one; None where there is none of that id."""
        return self._known.get(simulation)

    def ahead(self, one: Simulation) -> int:
        """Count the simulations that go before one that waits."""
        before = list(self._known)[: list(self._known).index(one.id)]
        return sum(not self._known[other].over for other in before)

    async def add(self, one: Simulation, texts: Mapping[str, str], log: Path | None = None) -> None:
        """Have a simulation wait for its turn; a log it was asked with moves into its folder.

        Raises:
            QueueFull: too many wait already.
        """
        waiting = sum(other.state == "queued" for other in self._known.values())
        if waiting + self._arriving >= WAITING_MAX:
            raise QueueFull
        self._arriving += 1
        try:
            await asyncio.to_thread(self.shelf.add, one, texts, log)
        except OSError:
            await asyncio.to_thread(self.shelf.remove, one.id)
            raise
        finally:
            self._arriving -= 1
        self._known[one.id] = one
        self._wake.set()
        await self._drop_oldest()

    async def consult(
        self, question: str, texts: Mapping[str, str], wanted: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Ask the simulator something before a simulation is taken on, one question at a time.

        Raises:
            QueueFull: too many wait already.
            NoAnswer: it didn't answer.
        """
        if self._consult is None:
            raise NoAnswer("it takes no questions")
        if self._questions >= QUESTIONS_MAX:
            raise QueueFull
        self._questions += 1
        try:
            async with self._asking:
                return await self._consult(question, texts, wanted)
        finally:
            self._questions -= 1

    async def cancel(self, one: Simulation) -> Simulation | None:
        """End a simulation that isn't over; one that is is removed: then None."""
        if one.over:
            await self._remove(one.id)
            return None
        cancelled = self._over(one, "cancelled")
        self._known[one.id] = cancelled
        if self._running is not None and self._running[0] == one.id:
            self._running[1].cancel()
        await self._save(one.id)
        return cancelled

    async def run(self) -> None:
        """Run those that wait until the system stops; what runs then begins again at its start."""
        while True:
            waiting = [one for one in self._known.values() if one.state == "queued"]
            if not waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            try:
                await self._do(waiting[0])
            except OSError as error:
                log.error("simulation %s: %s", waiting[0].id, error)
                failure = Failure(
                    f"its folder can't be written: {error}", f"无法写入它的文件夹：{error}"
                )
                failed = self._over(waiting[0], "failed", failure)
                self._known[waiting[0].id] = failed

    async def _do(self, one: Simulation) -> None:
        begun = msgspec.structs.replace(
            one, state="running", starts=one.starts + 1, started_us=self._now_us(), ended_us=None
        )
        self._known[one.id] = begun
        await self._save(one.id)
        if self._known.get(one.id) is not begun:
            return  # cancelled meanwhile
        work = self._start(self.shelf.path(one.id))
        self._running = (one.id, work)
        ended = False
        try:
            failure = await work.ended()
            ended = True
        finally:
            self._running = None
            if not ended:
                work.cancel()
        if self._known.get(one.id) is begun:
            over = self._over(begun, "failed" if failure else "done", failure)
            self._known[one.id] = over
            await self._save(one.id)

    def _over(self, one: Simulation, state: Any, failure: Failure | None = None) -> Simulation:
        over = msgspec.structs.replace(one, state=state, ended_us=self._now_us())
        if failure is None:
            return over
        return msgspec.structs.replace(over, reason=failure.en, reason_zh=failure.zh)

    def _put(self, one: Simulation) -> None:
        self._known[one.id] = one
        self.shelf.save(one)

    async def _drop_oldest(self) -> None:
        over = [one.id for one in self._known.values() if one.over]
        for simulation in over[: max(0, len(over) - KEPT_MAX)]:
            await self._remove(simulation)

    async def _save(self, simulation: str) -> None:
        """Write a record as it is by then: acts that overlap must not end with the older one."""
        async with self._writing:
            one = self._known.get(simulation)
            if one is not None:
                await asyncio.to_thread(self.shelf.save, one)

    async def _remove(self, simulation: str) -> None:
        self._known.pop(simulation, None)
        async with self._writing:
            await asyncio.to_thread(self.shelf.remove, simulation)
