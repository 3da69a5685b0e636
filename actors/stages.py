"""Stages: what one process has spent on each named part of an event's way."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final


class _Timing:
    """One stage being timed; a context of its own, so that stages may nest and threads mix."""

    __slots__ = ("_began_s", "_cpu_began_s", "_name", "_stages")

    def __init__(self, stages: Stages, name: str) -> None:
        self._stages = stages
        self._name = name

    def __enter__(self) -> None:
        self._began_s = time.perf_counter()
        self._cpu_began_s = time.thread_time()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        cpu_s = time.thread_time() - self._cpu_began_s
        self._stages.add(self._name, time.perf_counter() - self._began_s, cpu_s)


class Stages:
    """Adds up seconds by stage, always on: a timing costs about a microsecond.

    A stage within another counts in both, so totals of nested stages don't add up to the whole.
    Totals only grow, from the start of the process. Additions of several threads to one stage may
    lose one another now and then: these are measurements, not accounts.

    >>> stages = Stages()
    >>> with stages.timed("decode"):
    ...     pass
    >>> list(stages.totals())
    ['decode']
    """

    def __init__(self) -> None:
        self._wall_s: dict[str, float] = {}
        self._cpu_s: dict[str, float] = {}

    def timed(self, name: str) -> _Timing:
        """Time what the `with` statement holds; nothing may be awaited inside it."""
        return _Timing(self, name)

    def add(self, name: str, wall_s: float, cpu_s: float = 0.0) -> None:
        """Add seconds that were measured elsewhere: of the clock, and of this processor time."""
        self._wall_s[name] = self._wall_s.get(name, 0.0) + wall_s
        self._cpu_s[name] = self._cpu_s.get(name, 0.0) + cpu_s

    def totals(self) -> dict[str, float]:
        """Give the seconds of the clock spent in each stage so far."""
        return dict(self._wall_s)

    def cpu_totals(self) -> dict[str, float]:
        """Give the processor seconds of the stages' own threads so far."""
        return dict(self._cpu_s)


STAGES: Final = Stages()
"""Those of this process."""
