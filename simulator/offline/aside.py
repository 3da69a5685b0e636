"""Aside: a process of its own that reads a log ahead of who judges it, and writes the results.

The process is cheap to ask for: what it needs it imports itself, beside the one that asks.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Self

from simulator import REPLAYING

LARGE_BYTES: Final = 4 << 20
"""A log in columns from which a process of its own is worth its start, some 200,000 events."""
LARGE_TEXT_BYTES: Final = 8 * LARGE_BYTES
"""The same of a log in lines."""
_COLUMNAR: Final = (".parquet", ".arrow", ".arrows", ".feather")


def worth_it(logs: Sequence[str]) -> bool:
    """Tell whether logs are large enough, and cores enough, for a process that reads them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    large = 0.0
    for log in logs:
        path = Path(log)
        if path.is_file():
            least = LARGE_BYTES if path.suffix.lower() in _COLUMNAR else LARGE_TEXT_BYTES
            large += path.stat().st_size / least
    return large >= 1 and (cores or 1) > 1


class Aside:
    """A process that serves one reading of a log; a context that ends it.

    parts is where it hands over what it reads, answers where it is told what to read and what
    became of it.
    """

    def __init__(self) -> None:
        # Spawned, not forked: Arrow's threads don't survive a fork.
        context = multiprocessing.get_context("spawn")
        self.parts, parts = context.Pipe()
        self.answers, answers = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(parts, answers), name=f"{REPLAYING}-reading", daemon=True
        )
        self._process.start()
        parts.close()
        answers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pipes, which ends the process, and wait for it."""
        self.parts.close()
        self.answers.close()
        self._process.join()

    def kill(self) -> None:
        """End the process where it is."""
        self._process.kill()
        self._process.join()


def _serve(parts: Connection, answers: Connection) -> None:
    """Serve one reading; imports what that takes while the other side still reads its rules."""
    from simulator.offline.reading_process import serve

    serve(parts, answers)
