"""Two sides of a benchmark, measured by turns in one run, and the machine they ran on."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

ROUNDS_MIN = 5


def rounds_given(given: str) -> int:
    """Read how many rounds a benchmark's command is to run.

    Raises:
        ArgumentTypeError: they are too few for a median.
    """
    if not given.isdecimal() or int(given) < ROUNDS_MIN:
        raise argparse.ArgumentTypeError(f"{given}: must be a number of at least {ROUNDS_MIN}")
    return int(given)


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes, in seconds of the monotonic clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alternate(sides: Sequence[Callable[[int], float]], rounds: int) -> tuple[list[float], ...]:
    """Run the sides by turns and return each one's measurements, one a round.

    A side is called with the round's number and returns what it measured. Who starts changes
    every round, so that no side always runs on a machine the other has just warmed.
    """
    if rounds < ROUNDS_MIN:
        raise ValueError(f"rounds = {rounds}: a median needs at least {ROUNDS_MIN}")
    measured: tuple[list[float], ...] = tuple([] for _ in sides)
    for number in range(rounds):
        turn = list(range(len(sides)))
        for side in turn if number % 2 == 0 else reversed(turn):
            measured[side].append(sides[side](number))
    return measured


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the median, least and greatest of some measurements, to four digits."""
    return {
        name: float(f"{value:.4g}")
        for name, value in (
            ("median", statistics.median(values)),
            ("least", min(values)),
            ("greatest", max(values)),
        )
    }


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Give the median of each figure over the rounds that have it."""
    names = {name: None for one in rounds for name in one}
    return {name: spread([one[name] for one in rounds if name in one])["median"] for name in names}


def machine() -> dict[str, object]:
    """Describe the machine: cores, processor, system, Python and the load when asked."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "load_1m": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of some packages."""
    return {package: metadata.version(package) for package in packages}
