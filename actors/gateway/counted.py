"""Counted: lines of the audit trail that come by the thousand, written as samples with counts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from actors.store.audit import Act
from actors.store.errors import StoreError

WINDOW_S: Final = 60.0
LINES_MAX: Final = 100
"""Different lines a window; what comes beyond them is counted together by act."""
MANY: Final = "many"

log = logging.getLogger(__name__)


class Line(NamedTuple):
    """What happened, whenever it did."""

    key: str
    role: str
    act: str
    thing: str
    outcome: str


class Counted:
    """Writes a line when it first happens, and how often it happened again a minute later.

    Nobody waits for it, and whoever makes many of them writes at most 100 different lines and
    their counts a minute. What wasn't written when the process dies is lost.
    """

    def __init__(self, write: Callable[[Act], object]) -> None:
        self._write = write
        self._open: set[Line] = set()
        self._more: Counter[Line] = Counter()
        self._from: dict[Line, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, line: Line, address: str = "") -> None:
        """Count a line, on the running loop; `address` is where it came from."""
        if line not in self._open and len(self._open) >= LINES_MAX:
            line = Line("", "", line.act, MANY, line.outcome)
        self._from[line] = address
        if line in self._open:
            self._more[line] += 1
            return
        if not self._open:
            asyncio.get_running_loop().call_later(WINDOW_S, self._close)
        self._open.add(line)
        self._start([(line, 1)])

    async def flush(self) -> None:
        """Write all counts so far, and wait until everything is written."""
        self._start(self._taken())
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _close(self) -> None:
        self._start(self._taken())
        self._open.clear()
        self._from.clear()

    def _taken(self) -> list[tuple[Line, int]]:
        taken = list(self._more.items())
        self._more.clear()
        return taken

    def _start(self, lines: list[tuple[Line, int]]) -> None:
        if not lines:
            return
        acts = [self._act(line, times) for line, times in lines]
        task = asyncio.get_running_loop().create_task(self._written(acts))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _act(self, line: Line, times: int) -> Act:
        detail: dict[str, object] = {"times": times}
        if address := self._from.get(line):
            detail["from"] = address
        at_us = time.time_ns() // 1000
        return Act(at_us, line.key, line.role, line.act, line.thing, line.outcome, detail)

    async def _written(self, acts: list[Act]) -> None:
        try:
            await asyncio.to_thread(self._write_all, acts)
        except StoreError as error:
            log.warning("%d lines of the audit trail are not written: %s", len(acts), error)

    def _write_all(self, acts: list[Act]) -> None:
        for act in acts:
            self._write(act)
