"""Simulation work: what the process of one simulation does, behind everything else on the machine.

What is to be done comes as the name of a callable, `package.module:callable`: this package knows
no simulator, and a name outlives a restart. The callable is given the record, its folder with the
texts, a folder to write into, and what to tell progress to; it raises ValueError, with the reason
in plain words (SaidInBoth: in both languages), where what was asked can't be done. What it may have
of the season that runs beside it comes last.

The module of that callable also has `consult`, which is asked before a simulation is taken on.
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import msgspec

from actors.simulations import FILES, Failure, Progress, Simulation

if TYPE_CHECKING:
    from actors.running_season import RunningSeason

NICENESS: Final = 19
CONSULT: Final = "consult"
TOLD_EVERY_S: Final = 0.25
REASON_CHARACTERS_MAX: Final = 4_000

log = logging.getLogger(__name__)
Told = Callable[[int, int, str], None]


class Simulate(Protocol):
    """Does what a simulation asks."""

    def __call__(
        self, asked: Simulation, texts: Path, out: Path, told: Told, live: RunningSeason | None
    ) -> None:
        """Write the answers into `out`."""


class Consult(Protocol):
    """Answers a question about texts, such as whether a space file fits its season file."""

    def __call__(
        self, question: str, texts: Mapping[str, str], wanted: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Answer."""


def found(entry: str) -> Simulate:
    """Import the callable a name stands for.

    Raises:
        ValueError: the name isn't `package.module:callable`, or nothing has it.
    """
    module, _, name = entry.partition(":")
    try:
        return cast("Simulate", getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"simulator = {entry!r}: can't be imported ({error})") from None


def answered(
    entry: str, question: str, texts: Mapping[str, str], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Put a question to the simulator, behind everything else on the machine."""
    give_way()
    consult = cast("Consult", found(f"{entry.partition(':')[0]}:{CONSULT}"))
    return consult(question, texts, wanted)


def work(entry: str, folder: Path, live: RunningSeason | None = None) -> Failure | None:
    """Do one simulation and tell why it failed; None when it is done."""
    give_way()
    try:
        asked = msgspec.json.decode((folder / "asked.json").read_bytes(), type=Simulation)
        out = folder / FILES
        # What an attempt that was ended left behind.
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        found(entry)(asked, folder, out, Teller(folder / "progress.json"), live)
    except ValueError as error:
        return _failure(str(error), getattr(error, "zh", f"所要求的无法完成：{error}"))
    except Exception as error:
        log.exception("simulation %s failed", folder.name)
        said = f"{type(error).__name__}: {error}"
        return _failure(said, f"模拟程序出错：{said}")
    return None


def _failure(en: str, zh: str) -> Failure:
    return Failure(en[:REASON_CHARACTERS_MAX], zh[:REASON_CHARACTERS_MAX])


def give_way() -> None:
    """Let everything else on this machine go first."""
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)


class Teller:
    """Writes progress into a file, a few times a second at most, the first and the last at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told_s = 0.0

    def __call__(self, done: int, total: int, what: str) -> None:
        """Tell that so many of so many are done."""
        now_s = time.monotonic()
        if now_s - self._told_s < TOLD_EVERY_S and done < total:
            return
        self._told_s = now_s
        partial = self._path.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(Progress(done, total, what)))
        partial.replace(self._path)
