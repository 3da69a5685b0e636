"""Simulating: the options that commands with runs share, their runs, and how far they are."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from ui.commands._inputs import read_instant_option, refuse
from ui.commands._population import read_population

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules
    from simulator.people.population import Population
    from simulator.play.effects import Effects
    from simulator.play.seeds import Job

MEMBERS: Final = 10_000
SEEDS: Final = 8
TOLD_EVERY_S: Final = 5.0
WORTH_WORKERS: Final = 200_000
"""Members over all runs from which starting worker processes pays."""
MEMBER_BYTES: Final = 3_500
"""What a run takes for each member at most: where it keeps all of its events."""

Command = TypeVar("Command", bound=Callable[..., Any])
_OPTIONS: Final = {
    "members": click.option(
        "--members", type=click.IntRange(1, 10_000_000), default=MEMBERS, show_default=True,
        help="How many members.",
    ),
    "population": click.option(
        "--population", type=click.Path(path_type=Path),
        help="Population file in place of the one shipped.",
    ),
    "seeds": click.option(
        "--seeds", type=click.IntRange(1, 10_000), default=SEEDS, show_default=True,
        help="How many runs, each with its own draws, all over the same members.",
    ),
    "seed": click.option(
        "--seed", type=click.IntRange(0, 2**62), default=1, show_default=True,
        help="The first run's seed; the same seed gives the same result.",
    ),
    "until": click.option(
        "--until", metavar="TIME", help="Let the clock go on to TIME, not to the final end."
    ),
    "workers": click.option(
        "--workers", type=click.IntRange(1, 256),
        help="Processes; the cores without it. The result is the same for any number.",
    ),
    "off": click.option(
        "--no-effect", "off", multiple=True, metavar="NAME",
        help="Switch an effect on members' behaviour off; `all` for every one.",
    ),
    "out": click.option(
        "--out", required=True, type=click.Path(path_type=Path), help="Folder to write to."
    ),
    "json": click.option(
        "--json", "as_json", is_flag=True, help="Print the summary as one JSON object."
    ),
}  # fmt: skip


def run_options(command: Command, *, but: Sequence[str] = ()) -> Command:
    """Give a command the options of a simulation, but some it has in its own way.

    It is called with the runs they ask for as `asked`, and with `workers`, `out` and `as_json`.
    """

    @wraps(command)
    def with_runs(
        *, members: int, population: Path | None, seed: int, until: str | None,
        off: tuple[str, ...], seeds: int = 1, **more: Any,
    ) -> Any:  # fmt: skip
        asked = Runs.read(
            members=members, population=population, seeds=seeds, seed=seed, until=until, off=off
        )
        return command(asked=asked, **more)

    given: Any = with_runs
    for name, option in reversed(_OPTIONS.items()):
        if name not in but:
            given = option(given)
    return cast("Command", given)


def log_option(command: Command) -> Command:
    """Give a command `--log`, the file that takes the events of its first run."""
    return click.option(
        "--log", type=click.Path(dir_okay=False, path_type=Path), callback=_log_file,
        help="Write the first run's events: .parquet, .ndjson or .csv.",
    )(command)  # fmt: skip


def _log_file(_: click.Context, __: click.Parameter, log: Path | None) -> Path | None:
    from simulator.log.log_writer import FORMATS

    if log is not None and log.suffix not in FORMATS:
        refuse(f"--log {log}: extension {log.suffix!r}: must be one of {', '.join(FORMATS)}")
    return log


@dataclass(frozen=True, slots=True)
class Runs:
    """What the shared options ask for."""

    members: int
    population: Population
    seeds: int
    seed: int
    until: int | None
    effects: Effects

    @classmethod
    def read(
        cls, *, members: int, population: Path | None, seeds: int, seed: int, until: str | None,
        off: tuple[str, ...],
    ) -> Runs:  # fmt: skip
        """Read the options, or leave saying what is wrong with them."""
        until_us = read_instant_option("--until", until)
        return cls(members, read_population(population), seeds, seed, until_us, _effects(off))

    def jobs(self, rules: Rules) -> list[Job]:
        """Make a run a seed; all draw the same members, by the first seed."""
        from simulator.play.seeds import Job

        _check_until(rules, self.until)
        return [
            Job(
                rules.season, self.population, self.members, self.seed + nth, self.effects,
                self.until, people_seed=self.seed,
            )
            for nth in range(self.seeds)
        ]  # fmt: skip


def _check_until(rules: Rules, until_us: int | None) -> None:
    if until_us is not None and not rules.starts_us < until_us <= rules.latest_us:
        from simulator.offline.output_files import instant_text

        first, last = instant_text(rules.starts_us), instant_text(rules.latest_us)
        refuse(f"--until {instant_text(until_us)}: must lie after {first}, and up to {last}")


def _effects(off: tuple[str, ...]) -> Effects:
    from simulator.play.effects import ALL_EFFECTS, Effects

    if "all" in off:
        return Effects.none()
    try:
        return ALL_EFFECTS.without(*off)
    except ValueError as error:
        refuse(f"--no-effect: {error}, or all")


def workers_for(members: int, runs: int) -> int:
    """Choose how many processes share the runs: one a core, as many as memory has room for."""
    if members * runs < WORTH_WORKERS:
        return 1
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    room = free_bytes()
    return cores if room is None else max(1, min(cores, room // (members * MEMBER_BYTES)))


def free_bytes() -> int | None:
    """Tell how much memory programs may still take, where the system says so."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return found[0] * 1024 if found else None


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on a terminal, a plain line every few seconds elsewhere; on stderr both."""
    if sys.stderr.isatty():
        with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

            def move(done: int, total: int, what: str) -> None:
                bar.length, bar.label = total, f"{label}, {what}"
                bar.update(done - bar.pos)

            yield move
        return
    last_s = time.monotonic()

    def say(done: int, total: int, what: str) -> None:
        nonlocal last_s
        if time.monotonic() - last_s >= TOLD_EVERY_S:
            last_s = time.monotonic()
            click.echo(f"{label}: {done:,} of {total:,} {what}", err=True)

    yield say
