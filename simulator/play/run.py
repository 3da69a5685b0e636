"""Run: a season played on one seed, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rules.compiling.compiled import Rules
from simulator.people.population import Population
from simulator.play.effects import ALL_EFFECTS, Effects
from simulator.play.play import Play, Progress, Write
from simulator.play.run_figures import result_of
from simulator.play.run_result import RunResult
from simulator.play.source import Source
from simulator.play.stage import Start

MEMBERS_MAX: Final = 10_000_000


def simulate_run(
    rules: Rules,
    population: Population,
    members: int,
    seed: int,
    *,
    effects: Effects = ALL_EFFECTS,
    until_us: int | None = None,
    people_seed: int | None = None,
    start: Start | None = None,
    sources: Sequence[Source] = (),
    progress: Progress | None = None,
    write: Write | None = None,
) -> RunResult:
    """Play one season on one seed and tell how it ended; see `simulator.play.run_result`.

    Members are drawn by people_seed, by seed without it: with it, runs of several seeds play the
    very same members, and only what happens to them differs.

    Raises:
        ValueError: `members` or `seed` is out of range, or the season sells no fuel.
    """
    if start is None and not 1 <= members <= MEMBERS_MAX:
        raise ValueError(f"members = {members}: must be between 1 and {MEMBERS_MAX:,}")
    play = Play(
        rules, population, members, seed, effects=effects, until_us=until_us,
        people_seed=people_seed, start=start,
        sources=sources, write=write,
    )  # fmt: skip
    play.run(progress)
    return result_of(play)
