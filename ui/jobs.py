"""Jobs: what a running system has the simulator do, each a callable that its settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from actors.simulation_work import Told
    from actors.simulations import Simulation
    from simulator.run_result import RunResult

SIMULATE: Final = "ui.jobs:simulate"


def simulate(asked: Simulation, texts: Path, out: Path, told: Told) -> None:
    """Simulate one season file, or compare two, into the folder `out`.

    All runs are made one after the other in this process, on the draws of the command line's
    `simulate` and `compare`: the same question has the same `result_hash` either way.

    Raises:
        ValueError: the population file has errors, or the seasons can't be simulated.
    """
    from rules.compiled import compile_rules
    from rules.season_file import load_season
    from simulator.answer_files import write_answers
    from simulator.comparison import compare
    from simulator.comparison_files import write_comparison
    from simulator.comparison_report import Compared
    from simulator.population_file import load_population, load_population_file
    from simulator.seeds import Job, run_jobs

    def read(name: str) -> str:
        return (texts / f"{name}.toml").read_text(encoding="utf-8")

    population = load_population_file()
    if asked.own_population:
        population = load_population(read("population"), "population")
    files = ("season",) if asked.kind == "simulate" else ("season", "candidate")
    seasons = [compile_rules(load_season(read(name), name)).season for name in files]
    jobs = [
        Job(
            season, population, asked.members, asked.seed + nth, until_us=asked.until_us,
            people_seed=asked.seed,
        )
        for season in seasons
        for nth in range(asked.seeds)
    ]  # fmt: skip
    runs: list[RunResult] = run_jobs(jobs, progress=told)
    if asked.kind == "simulate":
        write_answers(out, runs, seasons[0], population)
        return
    comparison = compare(runs[: asked.seeds], runs[asked.seeds :])
    base, candidate = seasons
    names = (asked.names[0], asked.names[1])
    write_comparison(out, Compared(comparison, base, candidate, names, population))
