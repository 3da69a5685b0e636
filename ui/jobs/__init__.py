"""Jobs: what a running system has the simulator do, each a callable that its settings name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rules.wording.both_languages import SaidInBoth

if TYPE_CHECKING:
    from actors.running_season import RunningSeason
    from actors.simulation_work import Told
    from actors.simulations import Simulation
    from rules.season.season_models import Season
    from simulator.people.population import Population
    from simulator.play.seeds import Job
    from simulator.search.aims import Budget, Objective

SIMULATE: Final = "ui.jobs:simulate"
KEPT: Final = "runs.ndjson"
"""The runs of a search, beside its record: one that begins again goes on with them."""


def simulate(
    asked: Simulation, texts: Path, out: Path, told: Told, live: RunningSeason | None = None
) -> None:
    """Do what was asked, by its kind, into the folder `out`; `live` is the season beside it.

    All runs are made one after the other in this process, on the draws of the command line's
    command of that name: the same question has the same `result_hash` either way.

    Raises:
        ValueError: the population file has errors, or the seasons can't be simulated.
    """
    from rules.compiling.compiled import compile_rules
    from rules.season.season_file import load_season
    from simulator.people.population_file import load_population, shipped_population

    def read(name: str) -> str:
        return (texts / f"{name}.toml").read_text(encoding="utf-8")

    population = shipped_population()
    if asked.own_population:
        population = load_population(read("population"), "population")
    if asked.kind in ("forecast", "judge"):
        _outlook(asked, population, live, out, told)
        return
    files = ("season", "candidate") if asked.kind == "compare" else ("season",)
    compiled = [compile_rules(load_season(read(name), name)) for name in files]
    seasons = [one.season for one in compiled]
    if asked.kind == "simulate":
        _simulate(asked, seasons[0], population, out, told)
    elif asked.kind == "adversaries":
        from ui.jobs.adversaries import find_leaks

        runs = _jobs(asked, seasons[0], population)
        find_leaks(asked, compiled[0], read("season"), runs, out, told)
    elif asked.kind == "calibrate":
        from ui.jobs.calibrate import calibrate_to

        calibrate_to(asked, seasons[0], population, texts, live, out, told)
    elif asked.kind == "compare":
        _compare(asked, seasons, population, out, told)
    else:
        first = _jobs(asked, seasons[0], population)[0]
        _tune(asked, first, (read("season"), read("space")), texts / KEPT, out, told)


def _outlook(
    asked: Simulation, population: Population, live: RunningSeason | None, out: Path, told: Told
) -> None:
    from ui.jobs.outlook import forecast, judge

    if live is None:
        raise SaidInBoth(
            "no season runs here: ask a running system",
            "这里没有正在进行的赛季：请连接运行中的系统",
        )
    if asked.kind == "forecast":
        forecast(asked, population, live, out, told)
    else:
        judge(asked, population, live, out)


def _jobs(asked: Simulation, season: Season, population: Population) -> list[Job]:
    from simulator.play.seeds import Job

    return [
        Job(
            season, population, asked.members, asked.seed + nth, until_us=asked.until_us,
            people_seed=asked.seed,
        )
        for nth in range(asked.seeds)
    ]  # fmt: skip


def _simulate(
    asked: Simulation, season: Season, population: Population, out: Path, told: Told
) -> None:
    from simulator.play.seeds import run_jobs
    from simulator.report.answer_files import write_answers
    from simulator.report.uncertainty import extra_jobs, uncertainty_of

    jobs = _jobs(asked, season, population)
    extra = (asked.draws, asked.model_form)
    runs = run_jobs([*jobs, *extra_jobs(jobs, *extra)], progress=told)
    write_answers(
        out, runs[: asked.seeds], season, population, budget_fen=asked.budget_fen,
        uncertainty=uncertainty_of(jobs, *extra, runs[asked.seeds :]),
    )  # fmt: skip


def _compare(
    asked: Simulation, seasons: list[Season], population: Population, out: Path, told: Told
) -> None:
    from simulator.play.seeds import run_jobs
    from simulator.report.comparison import compare
    from simulator.report.comparison_files import write_comparison
    from simulator.report.comparison_report import Compared

    runs = run_jobs(
        [job for season in seasons for job in _jobs(asked, season, population)], progress=told
    )
    comparison = compare(runs[: asked.seeds], runs[asked.seeds :])
    base, candidate = seasons
    names = (asked.names[0], asked.names[1])
    write_comparison(out, Compared(comparison, base, candidate, names, population))


def _tune(
    asked: Simulation, first: Job, files: tuple[str, str], kept: Path, out: Path, told: Told
) -> None:
    """Search; runs that an attempt before this one made are gone on with, if they fit."""
    from simulator.search.effort import RUNGS
    from simulator.search.played import KeptRuns, OtherRuns, Played, job_of, made_with
    from simulator.search.search_space import read_space
    from simulator.search.season_text import SeasonText
    from simulator.search.tuning import Plan, tune
    from simulator.search.tuning_files import write_tuning
    from simulator.search.tuning_report import Tuning
    from simulator.search.variants import Variants

    text = SeasonText(files[0])
    space = read_space(files[1], "space", text, "season")
    plan = Plan(asked.trials, RUNGS[asked.effort], asked.seed)
    try:
        runs = KeptRuns(kept, made_with(first), resume=True)
    except OtherRuns:
        # Another version of the program made them.
        runs = KeptRuns(kept, made_with(first), resume=False)
    played = Played(partial(job_of, first), planned=plan.runs(space.size), progress=told, kept=runs)
    aims = _aims(asked.objective, asked.budgets)
    tuned = tune(Variants(space, text, "season"), played, plan, *aims)
    write_tuning(out, Tuning(tuned, asked.members, first.population), text.mark)


def _aims(objective: str, budgets: tuple[str, ...]) -> tuple[Objective, list[Budget]]:
    """Read what a search is for; raises ValueError naming what is wrong."""
    from simulator.search.aims import read_budget, read_objective

    try:
        aim = read_objective(objective)
    except ValueError as error:
        raise ValueError(f"objective = {objective}: {error}") from None
    limits = []
    for one in budgets:
        try:
            limits.append(read_budget(one))
        except ValueError as error:
            raise ValueError(f"budgets: {one}: {error}") from None
    return aim, limits


def consult(question: str, texts: Mapping[str, str], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Answer `offers`, what of a season file may be tuned, or `search`, what a search takes.

    The answer to `search` is its `runs`, about, and the `seeds` a file plays at most; else its
    `errors`, those of the space file at their lines, or the one `problem` of its aims.
    """
    return _OF_QUESTION[question](texts, wanted)


def _offers(texts: Mapping[str, str], wanted: Mapping[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict

    from rules.season.season_file import load_season
    from simulator.search.season_text import SeasonText
    from simulator.search.tuning_offers import offers_of

    del wanted
    return asdict(offers_of(SeasonText(texts["season"]), load_season(texts["season"], "season")))


def _search(texts: Mapping[str, str], wanted: Mapping[str, Any]) -> dict[str, Any]:
    from simulator.search.effort import RUNGS
    from simulator.search.search_space import SpaceErrors, read_space
    from simulator.search.season_text import SeasonText
    from simulator.search.tuning import Plan

    try:
        _aims(wanted["objective"], tuple(wanted["budgets"]))
    except ValueError as error:
        return {"problem": str(error)}
    try:
        space = read_space(texts["space"], "space", SeasonText(texts["season"]), "season")
    except SpaceErrors as errors:
        return {"errors": errors.as_rows()}
    plan = Plan(wanted["trials"], RUNGS[wanted["effort"]], wanted["seed"])
    return {"runs": plan.runs(space.size), "seeds": plan.rungs[-1]}


_OF_QUESTION: Final = {"offers": _offers, "search": _search}
