"""Simulate: plays a season with simulated members, many times, and tells cost, margin and more."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ui.commands._inputs import fail, read_instant_option, read_season, refuse
from ui.commands._population import read_population

if TYPE_CHECKING:
    from rules.compiled import Rules
    from simulator.effects import Effects
    from simulator.population import Population
    from simulator.run_result import RunResult

MEMBERS = 10_000
SEEDS = 8
TOLD_EVERY_S = 5.0
WORTH_WORKERS = 200_000
"""Members over all runs from which starting worker processes pays."""
REPORT = "simulator.report_page"


@click.command()
@click.argument("season", type=click.Path(path_type=Path))
@click.option(
    "--members", type=click.IntRange(1, 10_000_000), default=MEMBERS, show_default=True,
    help="How many members.",
)  # fmt: skip
@click.option(
    "--population", type=click.Path(path_type=Path),
    help="Population file in place of the one shipped.",
)  # fmt: skip
@click.option(
    "--seeds", type=click.IntRange(1, 10_000), default=SEEDS, show_default=True,
    help="How many runs, each with its own draws.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, 2**62), default=1, show_default=True,
    help="The first run's seed; the same seed gives the same result.",
)  # fmt: skip
@click.option("--until", metavar="TIME", help="Let the clock go on to TIME, not to the final end.")
@click.option(
    "--workers", type=click.IntRange(1, 256),
    help="Processes; without it the cores, or one for little. The result is the same for any.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the first run's events: .parquet, .ndjson or .csv.",
)  # fmt: skip
@click.option(
    "--no-effect", "off", multiple=True, metavar="NAME",
    help="Switch an effect on members' behaviour off; `all` for every one.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def command(
    season: Path,
    members: int,
    population: Path | None,
    seeds: int,
    seed: int,
    until: str | None,
    workers: int | None,
    out: Path,
    log: Path | None,
    off: tuple[str, ...],
    as_json: bool,
) -> None:
    """Play SEASON with simulated members; write figures with intervals, tables and a report."""
    from rules.compiled import compile_rules
    from simulator.log_writer import FORMATS
    from simulator.seeds import Job, run_jobs
    from simulator.simulation_files import write_simulation

    rules = compile_rules(read_season(season))
    figures = read_population(population)
    until_us = _until(rules, read_instant_option("--until", until))
    effects = _effects(off)
    if log is not None and log.suffix not in FORMATS:
        refuse(f"--log {log}: extension {log.suffix!r}: must be one of {', '.join(FORMATS)}")
    jobs = [
        Job(
            rules.season, figures, members, seed + nth, effects, until_us,
            log if nth == 0 else None,
        )
        for nth in range(seeds)
    ]  # fmt: skip
    began_s = time.monotonic()
    try:
        with progress("simulating") as told:
            runs = run_jobs(jobs, workers=workers or _workers(members * seeds), progress=told)
        summary = write_simulation(out, runs, members, figures)
        _report(out, rules, figures, runs, summary)
    except ValueError as error:
        refuse(f"{season}: {error}")
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}")
    _tell(summary, out, time.monotonic() - began_s)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))


def _until(rules: Rules, until_us: int | None) -> int | None:
    if until_us is not None and not rules.starts_us < until_us <= rules.latest_us:
        from simulator.output_files import instant_text

        first, last = instant_text(rules.starts_us), instant_text(rules.latest_us)
        refuse(f"--until {instant_text(until_us)}: must lie after {first}, and up to {last}")
    return until_us


def _effects(off: tuple[str, ...]) -> Effects:
    from simulator.effects import ALL_EFFECTS, Effects

    if "all" in off:
        return Effects.none()
    try:
        return ALL_EFFECTS.without(*off)
    except ValueError as error:
        refuse(f"--no-effect: {error}, or all")


def _workers(members: int) -> int:
    """Choose how many processes share the runs, by their members in all."""
    if members < WORTH_WORKERS:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _report(
    out: Path,
    rules: Rules,
    population: Population,
    runs: list[RunResult],
    summary: dict[str, Any],
) -> None:
    """Write the report page, where this build has one."""
    if find_spec(REPORT) is None:
        return
    from importlib import import_module

    import_module(REPORT).write(out / "report.html", rules, population, runs, summary)


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


def _tell(summary: dict[str, Any], out: Path, seconds: float) -> None:
    """Print the figures that answer first."""
    figures = summary["figures"]
    runs = len(summary["seeds"])

    def yuan(name: str) -> str:
        one = figures[name]
        if one["low"] is None:
            return f"{one['mean'] / 100:,.0f}"
        return f"{one['mean'] / 100:,.0f} ({one['low'] / 100:,.0f} to {one['high'] / 100:,.0f})"

    click.echo(
        f"{summary['season']}: {summary['members']:,} members, {summary['days']} days, "
        f"{runs} {'run' if runs == 1 else 'runs'}, in {seconds:.1f} s"
    )
    click.echo(f"cost           {yuan('cost_total_fen')}, P95 "
               f"{figures['cost_total_fen']['p95'] / 100:,.0f}")  # fmt: skip
    click.echo(f"margin gained  {yuan('margin_gain_fen')} against no programme")
    click.echo(f"margin, net    {yuan('margin_fen')}")
    lift = figures["lift_litres_share"]["mean"]
    click.echo(f"litres         {lift:+.2%}, return on cost {figures['roi']['mean']:+.0%}")
    click.echo(f"written to {out}, result {summary['result_hash'][:12]}")
