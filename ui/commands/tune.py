"""Tune: searches the values of a season file for what does most within budgets; best.toml."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from simulator.search.effort import RUNGS
from ui.commands._inputs import fail, read_season, read_text, ready_folder, refuse
from ui.commands._simulating import Runs, progress, run_options, workers_for

if TYPE_CHECKING:
    from simulator.play.play import Progress
    from simulator.search.aims import Budget, Objective
    from simulator.search.search_space import SearchSpace
    from simulator.search.season_text import SeasonText

MEMBERS: Final = 2000


@click.command()
@click.argument("season", type=click.Path(path_type=Path))
@click.option(
    "--space", "space_file", required=True, type=click.Path(path_type=Path),
    help="Which values may change, and to what.",
)  # fmt: skip
@click.option(
    "--objective", default="max:margin_fen", show_default=True, metavar="[max:|min:]FIGURE",
    help="The figure to make large or small, by its mean.",
)  # fmt: skip
@click.option(
    "--budget", "budgets", multiple=True, metavar="LIMIT",
    help="FIGURE<=LIMIT or FIGURE>=LIMIT, by P95 or P05 unless it says mean(FIGURE), p50(…); "
    "LIMIT in the figure's unit, or as 98% of today's. An amount alone limits the whole cost.",
)  # fmt: skip
@click.option(
    "--trials", type=click.IntRange(2, 100_000), default=48, show_default=True,
    help="How many files to try.",
)  # fmt: skip
@click.option(
    "--effort", type=click.Choice(list(RUNGS)), default="full", show_default=True,
    help="Seeds of the steps: "
    + ", ".join(f"{name} {' → '.join(map(str, rungs))}" for name, rungs in RUNGS.items()) + ".",
)  # fmt: skip
@click.option(
    "--members", type=click.IntRange(1, 10_000_000), default=MEMBERS, show_default=True,
    help="How many members each run has, drawn anew for each seed.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the runs that the folder holds.")
@partial(run_options, but=("members", "seeds"))
def command(
    season: Path,
    space_file: Path,
    objective: str,
    budgets: tuple[str, ...],
    trials: int,
    effort: str,
    resume: bool,
    asked: Runs,
    workers: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Search for the values of SEASON that do most within budgets; write best.toml and a report."""
    from rules.compiling.compiled import compile_rules
    from simulator.play.seeds import workers_up
    from simulator.search.played import KeptRuns, OtherRuns, Played, job_of, made_with
    from simulator.search.season_text import SeasonText
    from simulator.search.tuning import Plan, tune
    from simulator.search.tuning_files import write_tuning
    from simulator.search.tuning_report import Tuning
    from simulator.search.variants import Variants

    rules = compile_rules(read_season(season))
    text = SeasonText(season.read_bytes().decode("utf-8"))
    space = _space(space_file, text, season)
    aims = _aims(objective, budgets)
    [first] = asked.jobs(rules)
    plan = Plan(trials, RUNGS[effort], asked.seed)
    planned = plan.runs(space.size)
    many = workers or workers_for(asked.members, planned)
    ready_folder(out)
    began_s = time.monotonic()
    try:
        kept = KeptRuns(out / "runs.ndjson", made_with(first), resume=resume)
        with progress("tuning") as told, workers_up(many):
            played = Played(
                partial(job_of, first), workers=many, planned=planned, progress=_stages(told),
                kept=kept,
            )  # fmt: skip
            tuned = tune(Variants(space, text, str(season)), played, plan, *aims)
        summary = write_tuning(out, Tuning(tuned, asked.members, asked.population), text.mark)
    except OtherRuns as error:
        refuse(str(error))
    except ValueError as error:
        refuse(f"{season}: {error}")
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}")
    _tell(summary, out, time.monotonic() - began_s)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))


def _stages(told: Progress) -> Progress:
    """Count runs, and say what they are for."""
    from simulator.search.tuning import STAGES

    return lambda done, total, stage: told(done, total, f"runs, {STAGES.get(stage, stage)}")


def _space(path: Path, text: SeasonText, season: Path) -> SearchSpace:
    from simulator.search.search_space import SpaceErrors, read_space

    try:
        return read_space(read_text(path), str(path), text, str(season))
    except SpaceErrors as errors:
        for one in errors.errors:
            click.echo(str(one), err=True)
        count = len(errors.errors)
        what = f"{count} error{'' if count == 1 else 's'}"
        refuse(f"{path}: {what}; nothing was done", errors.as_rows())


def _aims(objective: str, budgets: tuple[str, ...]) -> tuple[Objective, list[Budget]]:
    from simulator.search.aims import read_budget, read_objective

    try:
        aim = read_objective(objective)
    except ValueError as error:
        refuse(f"--objective {objective}: {error}")
    limits = []
    for one in budgets:
        try:
            limits.append(read_budget(one))
        except ValueError as error:
            refuse(f"--budget {one}: {error}")
    return aim, limits


def _tell(summary: dict[str, Any], out: Path, seconds: float) -> None:
    """Print the verdict and what to change."""
    click.echo(
        f"{summary['season']}: {summary['tried']:,} files tried of {summary['space']['size']:,} "
        f"combinations, {summary['runs']:,} runs of {summary['members']:,} members, "
        f"in {seconds:.1f} s"
    )
    for sentence in summary["verdict"]["en"]:
        click.echo(sentence)
    for change in (summary["best"] or {}).get("changes", ()):
        click.echo(f"  {change['path']}: {change['today']} -> {change['best']}")
    click.echo(f"written to {out}, result {summary['result_hash'][:12]}")
