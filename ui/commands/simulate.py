"""Simulate: plays a season with simulated members, many times, and tells cost, margin and more."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from ui.commands._inputs import fail, read_season, ready_folder, refuse
from ui.commands._simulating import Runs, log_option, progress, run_options, workers_for


@click.command()
@click.argument("season", type=click.Path(path_type=Path))
@run_options
@log_option
@click.option(
    "--budget", metavar="AMOUNT", help="Tell the chance that the whole cost exceeds AMOUNT."
)
@click.option(
    "--draws", type=click.IntRange(0, 10_000), default=0, show_default=True,
    help="More runs, each with the response's figures drawn from their ranges.",
)  # fmt: skip
@click.option("--model-form", is_flag=True, help="More runs, with each effect off in turn.")
def command(
    season: Path,
    asked: Runs,
    workers: int | None,
    out: Path,
    as_json: bool,
    log: Path | None,
    budget: str | None,
    draws: int,
    model_form: bool,
) -> None:
    """Play SEASON with simulated members; write figures with intervals, tables and a report."""
    from rules.compiling.compiled import compile_rules
    from simulator.play.seeds import run_jobs
    from simulator.report.answer_files import write_answers
    from simulator.report.uncertainty import extra_jobs, uncertainty_of

    rules = compile_rules(read_season(season))
    budget_fen = _fen(budget)
    jobs = asked.jobs(rules)
    jobs[0] = replace(jobs[0], log=log)
    every = [*jobs, *extra_jobs(jobs, draws, model_form)]
    ready_folder(out)
    began_s = time.monotonic()
    try:
        with progress("simulating") as told:
            runs = run_jobs(
                every, workers=workers or workers_for(asked.members, len(every)), progress=told
            )
        summary = write_answers(
            out, runs[: asked.seeds], rules.season, asked.population, budget_fen=budget_fen,
            uncertainty=uncertainty_of(jobs, draws, model_form, runs[asked.seeds :]),
        )  # fmt: skip
    except ValueError as error:
        refuse(f"{season}: {error}")
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}")
    _tell(summary, out, time.monotonic() - began_s)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))


def _fen(amount: str | None) -> int | None:
    """Read an amount of money in whole fen."""
    if amount is None:
        return None
    try:
        fen = Decimal(amount) * 100
    except InvalidOperation:
        fen = Decimal("NaN")
    if not fen.is_finite() or fen < 0 or fen != int(fen):
        refuse(f"--budget {amount}: must be an amount of money, such as 50000 or 50000.00")
    return int(fen)


def _tell(summary: dict[str, Any], out: Path, seconds: float) -> None:
    """Print the figures that answer first, and the verdict."""
    runs = len(summary["seeds"])

    def yuan(name: str) -> str:
        one = summary[name]
        if one["low"] is None:
            return f"{one['mean'] / 100:,.0f}"
        return f"{one['mean'] / 100:,.0f} ({one['low'] / 100:,.0f} to {one['high'] / 100:,.0f})"

    click.echo(
        f"{summary['season']}: {summary['members']:,} members, {summary['days']} days, "
        f"{runs} {'run' if runs == 1 else 'runs'}, in {seconds:.1f} s"
    )
    click.echo(f"cost           {yuan('cost_total_fen')}, P95 "
               f"{summary['cost_total_fen']['p95'] / 100:,.0f}")  # fmt: skip
    click.echo(f"margin gained  {yuan('margin_gain_fen')} against no programme")
    click.echo(f"margin, net    {yuan('margin_fen')}")
    lift = summary["lift_litres_share"]["mean"]
    click.echo(f"litres         {lift:+.2%}, return on cost {summary['roi']['mean']:+.0%}")
    for sentence in summary["verdict"]["en"]:
        click.echo(sentence)
    click.echo(f"written to {out}, result {summary['result_hash'][:12]}")
