"""Compare: plays two season files with the same members and draws, and tells what differs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from ui.commands._inputs import fail, read_season, ready_folder, refuse
from ui.commands._simulating import Runs, progress, run_options, workers_for


@click.command()
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("candidate", type=click.Path(path_type=Path))
@run_options
def command(
    base: Path,
    candidate: Path,
    asked: Runs,
    workers: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Play BASE and CANDIDATE on the same draws; write every difference with its interval."""
    from rules.compiling.compiled import compile_rules
    from simulator.play.seeds import run_jobs
    from simulator.report.comparison import compare
    from simulator.report.comparison_files import write_comparison
    from simulator.report.comparison_report import Compared

    both = [compile_rules(read_season(path)) for path in (base, candidate)]
    jobs = [job for rules in both for job in asked.jobs(rules)]
    ready_folder(out)
    began_s = time.monotonic()
    try:
        with progress("comparing") as told:
            runs = run_jobs(
                jobs, workers=workers or workers_for(asked.members, len(jobs)), progress=told
            )
        comparison = compare(runs[: asked.seeds], runs[asked.seeds :])
        compared = Compared(
            comparison, both[0].season, both[1].season, _names(base, candidate), asked.population
        )
        summary = write_comparison(out, compared)
    except ValueError as error:
        refuse(f"{base}, {candidate}: {error}")
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}")
    _tell(summary, out, time.monotonic() - began_s)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))


def _names(base: Path, candidate: Path) -> tuple[str, str]:
    """Call both files by their names, with the folder where those are the same."""
    if base.stem != candidate.stem:
        return base.stem, candidate.stem
    return str(base), str(candidate)


def _tell(summary: dict[str, Any], out: Path, seconds: float) -> None:
    """Print the verdict and the differences that answer first."""
    seeds = len(summary["seeds"])
    click.echo(
        f"{summary['base']} against {summary['candidate']}: {summary['members']:,} members, "
        f"{seeds} {'seed' if seeds == 1 else 'seeds'}, in {seconds:.1f} s"
    )
    for sentence in summary["verdict"]["en"]:
        click.echo(sentence)
    click.echo(f"written to {out}, result {summary['result_hash'][:12]}")
