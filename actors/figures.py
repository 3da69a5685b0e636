"""Figures: what an actor tells of itself: its process, its stages, and what its part holds."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from actors.stages import STAGES

_STATM: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = resource.getpagesize()
_BEGAN_S: Final = time.monotonic()


@dataclass(frozen=True, slots=True)
class Figures:
    """One actor's process, and named values; what crosses processes stays small.

    cpu_s counts since the process began, uptime_s ago. values are the part's own, by name; pools
    what is used of each shared pool, by place in the rules; stages seconds by stage.
    """

    pid: int
    cpu_s: float
    memory_bytes: int
    uptime_s: float
    values: dict[str, float] = field(default_factory=dict)
    pools: tuple[int, ...] = ()
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    stages_cpu: dict[str, float] = field(default_factory=dict)


def figures_of_process(
    values: Mapping[str, float] | None = None,
    pools: tuple[int, ...] = (),
    counts: Mapping[str, dict[str, int]] | None = None,
) -> Figures:
    """Tell this process's figures together with the values of its part."""
    return Figures(
        pid=os.getpid(),
        cpu_s=time.process_time(),
        memory_bytes=memory_bytes(),
        uptime_s=time.monotonic() - _BEGAN_S,
        values=dict(values or {}),
        pools=pools,
        counts=dict(counts or {}),
        stages=STAGES.totals(),
        stages_cpu=STAGES.cpu_totals(),
    )


def memory_bytes() -> int:
    """Tell how much memory of the machine this process holds now.

    Pages of files are left out: the system takes them back when it needs them.
    """
    try:
        resident, shared = map(int, _STATM.read_text(encoding="ascii").split()[1:3])
        return (resident - shared) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        # Elsewhere than on Linux: the most it ever held, in KiB.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
