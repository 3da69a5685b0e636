"""Mirror writer: the thread that carries a ranking shard's noted scores to the sorted sets."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from actors.store.errors import StoreError
from actors.store.mirror import Mirror

PERIOD_S: Final = 0.25
ROUND_MEMBERS: Final = 5_000
WORK_SHARE: Final = 0.3
"""Most of the time the writer works in while appends share the server and the processors."""

log = logging.getLogger(__name__)


class MirrorWriter:
    """Writes what was noted at most a quarter second later, unless there is too much of it."""

    def __init__(self, mirror: Mirror, on_lost: Callable[[], None]) -> None:
        self._mirror = mirror
        self._on_lost = on_lost
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
            try:
                written = self._mirror.flush(ROUND_MEMBERS)
                if self._mirror.lost:
                    self._on_lost()
                away = False
            except StoreError as error:
                if not away:
                    log.warning("the sorted sets wait for their server: %s", error)
                away, written = True, 0
            if stopping and (away or not self._mirror.pending()):
                return
            took_s = time.monotonic() - began_s
            full = written >= ROUND_MEMBERS
            pause_s = took_s * (1 - WORK_SHARE) / WORK_SHARE if full else PERIOD_S
            if not stopping:
                self._stopping.wait(min(pause_s, PERIOD_S * 4))
