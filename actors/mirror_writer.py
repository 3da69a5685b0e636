"""Mirror writer: the thread that carries a ranking shard's noted scores to the sorted sets."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from actors.stages import STAGES
from actors.store.errors import StoreError
from actors.store.mirror import CHUNK_MEMBERS, CHUNK_MEMBERS_CALM, Mirror

PERIOD_S: Final = 0.25
LOOK_S: Final = 1.0
"""How long it is counted what comes: changes come in bunches of some tenths of a second."""
CLEARLY: Final = 1.5
"""So many times what could be carried is a burst at once."""
ROUND_MEMBERS: Final = 8_000
WORK_SHARE: Final = 0.9
WORK_SHARE_CROWDED: Final = 0.1
"""Most of the time the writer works in; appends share the server and the processors with it.

About half of that it waits for the server's disk.
"""

PACE_A_S: Final = 60_000.0
"""Standings a second of its own work that the writer is taken to carry until it has told."""
PACE_MAX_A_S: Final = 80_000.0
"""More is a burst however quickly the writer is when nothing else happens: the log needs both."""
PACE_KEPT: Final = 0.8
"""How much of the pace known so far stays when another calm round tells its own."""

log = logging.getLogger(__name__)


class Marked(Protocol):
    """Who knows what the sorted sets don't show yet."""

    @property
    def crowded(self) -> bool:
        """Tell whether more events wait than are worked on."""

    @property
    def marked(self) -> int:
        """Count the members marked so far, repeated ones too."""

    def write_marked(self, limit: int, chunk: int) -> int:
        """Write the standings of up to so many marked members; returns how many."""


class MirrorWriter:
    """Writes what was marked at most a quarter second later, unless there is too much of it.

    In a burst, which is more than it could carry in the time it may work, it makes way for the
    log and catches up afterwards: members that changed often are then written once. What it
    carries depends on the machine and the server, so each calm round tells it.
    """

    def __init__(self, mirror: Mirror, marked: Marked, on_lost: Callable[[], None]) -> None:
        self._mirror = mirror
        self._marked = marked
        self._on_lost = on_lost
        self._seen, self._looked_s, self._burst = 0, time.monotonic(), False
        self._pace_a_s = PACE_A_S
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def stop(self, within_s: float) -> None:
        """Write what is left, as far as time allows, and end."""
        self._stopping.set()
        self._thread.join(within_s)

    def _run(self) -> None:
        away = False
        while True:
            stopping = self._stopping.is_set()
            began_s = time.monotonic()
            makes_way = self._makes_way(began_s)
            try:
                written = self._write(CHUNK_MEMBERS if makes_way else CHUNK_MEMBERS_CALM)
                away = False
            except StoreError as error:
                if not away:
                    log.warning("the sorted sets wait for their server: %s", error)
                away, written = True, 0
            if stopping and (away or not written):
                return
            took_s = time.monotonic() - began_s
            full = written >= ROUND_MEMBERS
            if full and not makes_way:
                self._pace_a_s += (1 - PACE_KEPT) * (written / took_s - self._pace_a_s)
            share = WORK_SHARE_CROWDED if makes_way else WORK_SHARE
            pause_s = took_s * (1 - share) / share if full else PERIOD_S
            if not stopping:
                self._stopping.wait(min(pause_s, PERIOD_S * 4))

    def _makes_way(self, now_s: float) -> bool:
        """Tell whether to make way for the log, by what came in the last second."""
        passed_s = now_s - self._looked_s
        came = self._marked.marked - self._seen
        carried = min(self._pace_a_s, PACE_MAX_A_S) * passed_s
        if passed_s >= LOOK_S or (passed_s >= PERIOD_S and came > CLEARLY * carried):
            self._burst = came > carried
            self._seen, self._looked_s = self._seen + came, now_s
        return self._burst or self._marked.crowded

    def _write(self, chunk: int) -> int:
        """Write a round; returns how many members it was of. Raises StoreError."""
        with STAGES.timed("mirror"):
            # Boards that are gone were noted to be cleared, before anything newer.
            self._mirror.flush()
            written = self._marked.write_marked(ROUND_MEMBERS, chunk)
            if self._mirror.lost:
                self._on_lost()
        return written
