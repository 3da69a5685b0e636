"""Faults: what happens to the system, each for a while, and lifted again by itself."""

import contextlib
import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.chaos.store import Store
from tests.chaos.system import SystemUnderTest

KINDS = (
    "kill gateway", "kill member", "kill ranking", "kill keeper", "kill store",
    "kill driver", "pause store", "pause member", "pause ranking", "pause gateway",
    "cut the line", "full disk", "slow disk",
)  # fmt: skip
DECK = (*KINDS, "kill member", "kill member", "kill store", "kill gateway", "pause store")
"""What a run draws from, shuffled and all of it before anything comes again."""
PAUSES_S = (0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 6.0, 10.0)
CUTS_S = (0.2, 0.5, 1.0, 3.0)
FULL_S = (0.5, 1.0, 3.0)
SLOW_S = (1.0, 3.0)
SLOW_STOP_S, SLOW_GO_S = 0.15, 0.05
"""A slow disk: the server stands still for three quarters of the time, as one that waits for
fsync does. Nothing here delays a real disk without a kernel module or a tracer."""
FOUND_WITHIN_S = 5.0
MARGIN_BYTES = 2_000
BALLAST = "ballast"


class Faults:
    """Brings faults about; `draw` says which next."""

    def __init__(
        self, system: SystemUnderTest, store: Store, chance: random.Random, tmpfs: bool
    ) -> None:
        self._system = system
        self._store = store
        self._random = chance
        self._tmpfs = tmpfs
        self._deck: list[str] = []

    def draw(self) -> str:
        """Draw the next fault from the deck."""
        if not self._deck:
            self._deck = list(DECK)
            self._random.shuffle(self._deck)
        return self._deck.pop()

    def happen(self, kind: str) -> str:
        """Bring a fault about and lift it; tells what happened in words, '' when nothing could."""
        word, _, part = kind.partition(" ")
        if word == "kill":
            return self._kill(self._named(part))
        if word == "pause":
            return self._pause(self._named(part), self._random.choice(PAUSES_S))
        if kind == "cut the line":
            held_s = self._random.choice(CUTS_S)
            with self._store.cut_off():
                time.sleep(held_s)
            return f"line cut for {held_s} s"
        if kind == "full disk":
            held_s = self._random.choice(FULL_S)
            (self._fill if self._tmpfs else self._limit)(held_s)
            return f"disk full for {held_s} s"
        held_s = self._random.choice(SLOW_S)
        self._slow(held_s)
        return f"disk slow for {held_s} s"

    def _named(self, part: str) -> str:
        if part in ("member", "ranking"):
            return f"{part}-{self._random.randrange(self._system.shards)}"
        return part

    def _pid(self, part: str) -> int | None:
        """Find a part's process; one that is just starting is waited for."""
        ends_s = time.monotonic() + FOUND_WITHIN_S
        while time.monotonic() < ends_s:
            pid = self._store.pid() if part == "store" else None
            pid = pid or self._system.pid_of(part)
            if pid is not None:
                return pid
            time.sleep(0.05)
        return None

    def _kill(self, part: str) -> str:
        pid = self._pid(part)
        return f"{part} killed" if pid is not None and _send(pid, signal.SIGKILL) else ""

    def _pause(self, part: str, held_s: float) -> str:
        pid = self._pid(part)
        if pid is None or not _send(pid, signal.SIGSTOP):
            return ""
        time.sleep(held_s)
        _send(pid, signal.SIGCONT)
        return f"{part} paused for {held_s} s"

    def _slow(self, held_s: float) -> None:
        ends_s = time.monotonic() + held_s
        while time.monotonic() < ends_s:
            pid = self._pid("store")
            if pid is None:
                return
            _send(pid, signal.SIGSTOP)
            time.sleep(SLOW_STOP_S)
            _send(pid, signal.SIGCONT)
            time.sleep(SLOW_GO_S)

    def _fill(self, held_s: float) -> None:
        """Leave no room on the small disk that holds all data."""
        ballast = self._system.data / BALLAST
        ends_s = time.monotonic() + held_s
        with contextlib.suppress(OSError), ballast.open("wb") as file:
            for size in (1 << 20, 1 << 12):
                block = b"x" * size
                with contextlib.suppress(OSError):
                    while True:
                        os.write(file.fileno(), block)
        time.sleep(max(0.0, ends_s - time.monotonic()))
        ballast.unlink(missing_ok=True)

    def _limit(self, held_s: float) -> None:
        """Let no file of the server grow, whichever process it is."""
        limited: set[int] = set()
        ends_s = time.monotonic() + held_s
        none = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        while time.monotonic() < ends_s:
            pid = self._store.pid() or self._system.pid_of("store")
            if pid is not None and pid not in limited:
                size = max(_sizes(self._store.folder), default=0)
                with contextlib.suppress(OSError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + MARGIN_BYTES, none[1]))
                    limited.add(pid)
            time.sleep(0.02)
        for pid in limited:
            with contextlib.suppress(OSError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, none)


def _send(pid: int, sign: int) -> bool:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return False
    return True


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*.aof"):
        with contextlib.suppress(OSError):
            yield path.stat().st_size


Happen = Callable[[str], str]
