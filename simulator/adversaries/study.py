"""Study: what is played to tell the leaks of a season file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rules.compiling.compiled import Rules
from rules.season.season_models import Season
from simulator.adversaries.agent_figures import AgentFigures
from simulator.adversaries.mixed_run import AgentJob, Arm, MixedRun
from simulator.people.population import Population
from simulator.play.seeds import Job

Play = Callable[[Sequence[AgentJob]], list[MixedRun]]


@dataclass(frozen=True, slots=True)
class Study:
    """What to play: a season file's text, members, agents by kind, seeds."""

    text: str
    path: str
    season: Season
    population: Population
    figures: AgentFigures
    members: int
    counts: Mapping[str, int]
    jobs: tuple[AgentJob, ...]
    """A job a seed; its season and arm are replaced."""
    rules_hash: str

    def of(self, season: Season, arm: Arm, seeds: int | None = None) -> list[AgentJob]:
        """List the jobs of a season and an arm over the first seeds; only ours may write a log."""
        first = self.jobs[:seeds]
        if season is self.season and arm == "cheats":
            return [replace(one, arm=arm) for one in first]
        return [replace(one, season=season, arm=arm, log=None) for one in first]


def study_of(
    rules: Rules, text: str, path: str, runs: Sequence[Job], figures: AgentFigures,
    counts: Mapping[str, int], log: Path | None = None,
) -> Study:  # fmt: skip
    """Make the study of a season file, with agents in its runs; the first writes the log."""
    first = runs[0]
    jobs = tuple(
        AgentJob(
            one.season, one.population, figures, one.members, one.seed, "cheats", counts,
            one.effects, one.until_us, one.people_seed, log if not nth else None,
        )
        for nth, one in enumerate(runs)
    )  # fmt: skip
    return Study(
        text, path, rules.season, first.population, figures, first.members, counts, jobs,
        rules.rules_hash,
    )  # fmt: skip
