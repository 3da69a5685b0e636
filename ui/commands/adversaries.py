"""Adversaries: mixes cheats into a simulated season, tells what leaks, and tries what closes it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ui.commands._inputs import fail, read_season, read_text, ready_folder, refuse
from ui.commands._simulating import Runs, log_option, progress, run_options, workers_for

if TYPE_CHECKING:
    from simulator.adversaries.agent_figures import AgentFigures

AGENTS: Final = "1%"
AGENTS_MAX: Final = 100_000


@click.command()
@click.argument("season", type=click.Path(path_type=Path))
@run_options
@click.option(
    "--agents", metavar="N|SHARE", default=AGENTS, show_default=True,
    help="How many agents in all, evenly by kind: a number, or a share of members such as 1%.",
)  # fmt: skip
@click.option(
    "--kind", "kinds", multiple=True, metavar="NAME",
    help="Only agents of this kind; may be given several times.",
)  # fmt: skip
@click.option(
    "--figures", type=click.Path(path_type=Path), help="Agents' figures in place of those shipped."
)
@log_option
@click.option("--no-closing", is_flag=True, help="Tell what leaks; don't try what closes it.")
def command(
    season: Path,
    asked: Runs,
    workers: int | None,
    out: Path,
    as_json: bool,
    agents: str,
    kinds: tuple[str, ...],
    figures: Path | None,
    log: Path | None,
    no_closing: bool,
) -> None:
    """Play SEASON with cheats among its members; write what leaks by rule, and what closes it."""
    from rules.compiling.compiled import compile_rules
    from simulator.adversaries.leak import study_leaks
    from simulator.adversaries.leak_files import write_leaks
    from simulator.adversaries.mixed_run import play_mixed
    from simulator.adversaries.study import study_of
    from simulator.play.seeds import made_by_jobs, workers_up
    from simulator.search.season_text import SeasonText

    rules = compile_rules(read_season(season))
    text = SeasonText(read_text(season))
    counts, read = _counts(agents, asked.members, kinds), _figures(figures)
    study = study_of(rules, text.text, str(season), asked.jobs(rules), read, counts, log)
    share = workers or workers_for(asked.members, asked.seeds * 3)
    ready_folder(out)
    began_s = time.monotonic()
    try:
        with workers_up(share), progress("adversaries") as told:
            leaks = study_leaks(
                study,
                lambda some: made_by_jobs(some, play_mixed, share, told),
                closing=not no_closing,
            )
        summary = write_leaks(out, leaks, text.mark)
    except ValueError as error:
        refuse(f"{season}: {error}")
    except OSError as error:
        fail(f"{error.filename or out}: {error.strerror or error}")
    _tell(summary, out, time.monotonic() - began_s)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))


def _counts(agents: str, members: int, kinds: tuple[str, ...]) -> dict[str, int]:
    """Divide the agents over their kinds; the first ones take what is left over."""
    from simulator.adversaries.agent_figures import KINDS, divided

    for one in kinds:
        if one not in KINDS:
            refuse(f"--kind {one}: must be one of {', '.join(KINDS)}")
    return divided(_number(agents, members), kinds)


def _number(agents: str, members: int) -> int:
    """Read a number of agents, or a share of the members, at least one then."""
    problem = f"--agents {agents}: must be a number up to {AGENTS_MAX:,}, or a share such as 1%"
    try:
        if agents.endswith("%"):
            share = float(agents[:-1]) / 100
            if not 0 <= share <= 1:
                refuse(problem)
            return min(max(round(share * members), share > 0), AGENTS_MAX)
        number = int(agents)
    except ValueError:
        refuse(problem)
    if not 0 <= number <= AGENTS_MAX:
        refuse(problem)
    return number


def _figures(path: Path | None) -> AgentFigures:
    """Read the agents' figures, or leave with all their errors."""
    from simulator.adversaries.agent_figures import load_agent_figures
    from simulator.people.population_file import PopulationErrors

    try:
        return load_agent_figures(path)
    except PopulationErrors as errors:
        refuse(str(errors))
    except OSError as error:
        refuse(f"{path}: {error.strerror}; name a readable file of agents' figures")


def _tell(summary: dict[str, Any], out: Path, seconds: float) -> None:
    """Print the leak by kind, and the verdict."""
    agents = sum(summary["agents"].values())
    click.echo(
        f"{summary['season']}: {agents:,} agents among {summary['members']:,} members, "
        f"{summary['runs']} runs, in {seconds:.1f} s"
    )
    for kind, found in summary["kinds"].items():
        leak, each = found["leak_fen"]["mean"] / 100, found["leak_per_agent_fen"]["mean"] / 100
        refused = found["refused"]["mean"]
        click.echo(f"{kind:<16}{leak:>12,.2f}  {each:>10,.2f} an agent, {refused:,.0f} refused")
    for sentence in summary["verdict"]["en"]:
        click.echo(sentence)
    click.echo(f"written to {out}, result {summary['result_hash'][:12]}")
