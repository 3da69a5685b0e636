"""Adversaries: cheats in a simulated season, what leaks to them, and what closes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from actors.simulation_work import Told
    from actors.simulations import Simulation
    from rules.compiling.compiled import Rules
    from simulator.adversaries.mixed_run import AgentJob, MixedRun
    from simulator.play.seeds import Job

STAGES: Final = ("leak", "close", "together")
"""What is played in turn: the file as it is, each change by itself, the best of them as one."""


def find_leaks(
    asked: Simulation, rules: Rules, text: str, runs: Sequence[Job], out: Path, told: Told
) -> None:
    """Play the season with agents, one run after the other, and write what leaks."""
    from simulator.adversaries.agent_figures import divided, load_agent_figures
    from simulator.adversaries.leak import study_leaks
    from simulator.adversaries.leak_files import write_leaks
    from simulator.adversaries.mixed_run import play_mixed
    from simulator.adversaries.study import study_of
    from simulator.play.seeds import made_by_jobs
    from simulator.search.season_text import SeasonText

    file = SeasonText(text)
    counts = divided(asked.agents, asked.agent_kinds)
    study = study_of(rules, file.text, asked.names[0], runs, load_agent_figures(), counts)
    stages = iter(STAGES)

    def play(jobs: Sequence[AgentJob]) -> list[MixedRun]:
        stage = next(stages)
        return made_by_jobs(
            jobs, play_mixed, 1, lambda done, total, _: told(done, total, stage)
        )  # fmt: skip

    write_leaks(out, study_leaks(study, play, closing=asked.closing), file.mark)
