"""Calibrate: fits a population file to a log, and says how well it foretells weeks held out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ui.commands._inputs import fail, read_mapping, read_season, refuse
from ui.commands._population import read_population

if TYPE_CHECKING:
    from simulator.fit.calibration import Calibration
    from simulator.fit.log_findings import IsHoliday
    from simulator.fit.observed import Observed
    from simulator.fit.validation import HeldOut, Judged

_TIME_ZONE = "Asia/Shanghai"
_CALENDAR = "CN"


@click.command()
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--mapping", type=click.Path(path_type=Path), help="Says what the columns mean.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="Population file to write (TOML).",
)  # fmt: skip
@click.option(
    "--season", type=click.Path(path_type=Path),
    help="Season file that names zone, holidays and the default kind.",
)  # fmt: skip
@click.option("--time-zone", help=f"Zone of days and hours; {_TIME_ZONE} without a season file.")
@click.option(
    "--holidays", "calendar",
    help=f"Country of the public holidays, 'none' for none; {_CALENDAR} without a season file.",
)  # fmt: skip
@click.option(
    "--population", type=click.Path(path_type=Path),
    help="Population file for what the log can't tell; the one shipped without it.",
)  # fmt: skip
@click.option(
    "--members-are",
    type=click.Choice(["mixed", "panel", "new"]),
    default="mixed",
    show_default=True,
    help="Members that no enrol event tells of: some there before the log, all, or none.",
)
@click.option("--weeks", type=int, help="Weeks to fit on when validating; half without it.")
@click.option("--seed", default=1, show_default=True, help="Seed of the simulated members.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path),
    help="Page with plots; beside OUT as .html without it.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(
    logs: tuple[str, ...],
    mapping: Path | None,
    out: Path,
    season: Path | None,
    time_zone: str | None,
    calendar: str | None,
    population: Path | None,
    members_are: str,
    weeks: int | None,
    seed: int,
    report: Path | None,
    as_json: bool,
) -> None:
    """Fit a population to LOG...: OUT, and a report on how well it foretells held-out weeks."""
    from rules.decoding.event_columns import UnreadableBody
    from simulator.fit.calibration import calibrate
    from simulator.fit.calibration_report import calibration_page, calibration_summary
    from simulator.fit.observed import NothingToFit, any_names, observe
    from simulator.fit.validation import hold_out, judge
    from simulator.log.log_files import LogProblem
    from simulator.log.logs import read_log
    from simulator.log.mapping import MissingColumn

    template = read_population(population)
    zone, country, default_kind = _place(season, time_zone, calendar)
    meaning = read_mapping(mapping)
    is_holiday = _is_holiday(country)
    try:
        click.echo("reading", err=True)
        observed = observe(read_log(logs, meaning, any_names()), zone)
        click.echo("fitting", err=True)
        fitted = calibrate(
            observed, template,
            default_kind=default_kind, is_holiday=is_holiday, membership=members_are,  # type: ignore[arg-type]  # click lets only these words through
        )  # fmt: skip
        click.echo("validating", err=True)
        days = min(observed.days, 1_000)
        whole = judge(observed, fitted, days, days, is_holiday=is_holiday, seed=seed)
    except (LogProblem, MissingColumn, UnreadableBody, NothingToFit) as error:
        refuse(str(error))
    held: HeldOut | None = None
    try:
        held = hold_out(
            observed, template,
            fitted_weeks=weeks, default_kind=default_kind, is_holiday=is_holiday,
            membership=members_are,  # type: ignore[arg-type]  # as above
            seed=seed,
        )  # fmt: skip
    except NothingToFit as error:
        click.echo(f"no weeks held out: {error}", err=True)
    page = report if report is not None else out.with_suffix(".html")
    try:
        out.write_text(fitted.text, encoding="utf-8")
        page.write_text(calibration_page(observed, fitted, whole, held), encoding="utf-8")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}; name a file that can be written")
    for line in _lines(observed, fitted, whole, held):
        click.echo(line)
    click.echo(f"written: {out}, {page}")
    if as_json:
        summary: dict[str, Any] = calibration_summary(observed, fitted, whole, held)
        click.echo(json.dumps(summary | {"out": str(out), "report": str(page)}))


def _place(
    season: Path | None, time_zone: str | None, calendar: str | None
) -> tuple[str, str | None, str | None]:
    """Decide zone, holiday country and default kind: an option, else the season file's."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    zone, country, default_kind = _TIME_ZONE, _CALENDAR, None
    if season is not None:
        rules = read_season(season)
        zone = rules.programme.timezone
        country = rules.holidays.calendar if rules.holidays is not None else "none"
        default_kind = rules.members.default_kind
    zone, country = time_zone or zone, calendar or country
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        refuse(f"--time-zone {zone}: is no time zone; name one like Asia/Shanghai")
    return zone, None if country == "none" else country, default_kind


def _is_holiday(country: str | None) -> IsHoliday | None:
    from simulator.fit.calibration import holidays_of

    try:
        return holidays_of(country)
    except ValueError as error:
        refuse(f"--holidays {error}")


def _lines(
    observed: Observed, fitted: Calibration, whole: Judged, held: HeldOut | None
) -> Iterator[str]:
    """Say what was found in plain lines."""
    yield (
        f"{len(observed.fills.day):,} fills of {observed.members:,} members, {fitted.period}"
        f" ({observed.duplicates:,} duplicates left out)"
    )
    width = max(len(path) for path in fitted.found)
    for path, one in fitted.found.items():
        if not isinstance(one.value, tuple):
            yield (
                f"  {path:<{width}} {one.value:>10.4g}  {one.low:.4g} to {one.high:.4g}"
                f"  n = {one.count:,}"
            )
    lists = [path for path, one in fitted.found.items() if isinstance(one.value, tuple)]
    yield f"  lists: {', '.join(lists) or 'none'}"
    yield f"kept from the template, the log can't tell: {', '.join(fitted.defaults) or 'nothing'}"
    yield f"whole log, KS: {_distances(whole)}"
    if held is not None:
        first, last = held.fitted_weeks, len(held.judged.repeats)
        yield f"weeks {first + 1} to {last}, fitted on 1 to {first}, KS: {_distances(held.judged)}"
        yield (
            f"  cumulative repeat visits: MAPE {held.mape:.2%}, "
            f"visits in those weeks {held.total_error:+.2%}"
        )


def _distances(judged: Judged) -> str:
    return (
        f"visits a member {judged.visits.value:.3f}, intervals {judged.intervals.value:.3f}, "
        f"litres {judged.litres.value:.3f} ({judged.cohort:,} members)"
    )
