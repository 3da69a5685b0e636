"""Traffic: writes a log of synthetic fuel purchases and tasks that fit a season file."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from ui.commands._inputs import read_season, refuse
from ui.commands._population import read_population

if TYPE_CHECKING:
    from datetime import datetime

_PLAIN_LINE_EVERY_S = 5.0


class Bar(Protocol):
    """What shows how far the days have come."""

    def update(self, n_steps: int) -> None:
        """Move on by some days."""


class PlainLines:
    """Tell the progress in plain lines on stderr, where there is no terminal."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._done = 0
        self._told_s = time.monotonic()

    def update(self, n_steps: int) -> None:
        """Move on by some days; a line every few seconds."""
        self._done += n_steps
        now_s = time.monotonic()
        if now_s - self._told_s >= _PLAIN_LINE_EVERY_S:
            self._told_s = now_s
            click.echo(f"day {self._done} of {self._days}", err=True)


@contextmanager
def progress(days: int) -> Iterator[Bar]:
    """Show a bar on a terminal, plain lines elsewhere; on stderr both."""
    if sys.stderr.isatty():
        with click.progressbar(length=days, label="traffic", file=sys.stderr) as bar:
            yield bar
    else:
        yield PlainLines(days)


@click.command()
@click.argument("season", type=click.Path(path_type=Path))
@click.option("--members", default=10_000, show_default=True, help="How many members.")
@click.option("--days", type=int, help="How many days; the season's length without it.")
@click.option("--seed", default=1, show_default=True, help="The same seed writes the same log.")
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First local day; the season's first without it.",
)
@click.option(
    "--population",
    type=click.Path(path_type=Path),
    help="Population file in place of the one shipped.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Log to write: .parquet, .ndjson or .csv.",
)
@click.option(
    "--activity",
    is_flag=True,
    help="Add coupons, redemptions, referrals and other acts around the purchases.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(
    season: Path,
    members: int,
    days: int | None,
    seed: int,
    start: datetime | None,
    population: Path | None,
    out: Path,
    activity: bool,
    as_json: bool,
) -> None:
    """Write a log of synthetic fuel traffic that fits the season file SEASON."""
    from simulator.log.log_writer import LogWriter, UnknownLogFormat
    from simulator.play.activity import with_activity
    from simulator.play.traffic import generate

    rules = read_season(season)
    figures = read_population(population)
    began_s = time.monotonic()
    try:
        writer = LogWriter(out)
        tables = generate(
            rules, figures, members, days, seed=seed, start=start.date() if start else None
        )
        if activity:
            tables = with_activity(rules, tables, seed)
    except (UnknownLogFormat, ValueError) as error:
        refuse(str(error))
    if not out.absolute().parent.is_dir():
        refuse(f"{out}: there is no folder {out.parent}: create it first")
    length = days if days is not None else (rules.season.ends - rules.season.starts).days
    try:
        with writer, progress(length) as bar:
            for table in tables:
                writer.write(table)
                bar.update(1)
    except OSError as error:
        click.echo(f"error: {out}: {error.strerror or error}", err=True)
        sys.exit(1)
    taken_s = time.monotonic() - began_s
    click.echo(f"{writer.events:,} events of {members:,} members, {length} days, in {out}")
    if as_json:
        click.echo(json.dumps({
            "events": writer.events,
            "members": members,
            "days": length,
            "seed": seed,
            "out": str(out),
            "seconds": round(taken_s, 3),
        }))  # fmt: skip
