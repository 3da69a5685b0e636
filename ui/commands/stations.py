"""Stations: list the register of a season file with its prices, or bring one in from a table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ui.commands._inputs import fail, read_season, read_text, refuse

if TYPE_CHECKING:
    from rules.season.season_models import Season
    from rules.season.station_writer import Written

SHOWN_MAX: Final = 10


@click.command()
@click.argument("season", type=click.Path(path_type=Path), required=False)
@click.option("--day", metavar="DATE", help="Prices of this local day; else the season's first.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the register as CSV, for --import.")
@click.option(
    "--import",
    "table",
    type=click.Path(path_type=Path),
    help="CSV with a column station, and any of region, brand, opened, closed, other fields.",
)
@click.option("--into", type=click.Path(path_type=Path), help="The season file to write into.")
@click.option("--replace", is_flag=True, help="Drop the file's stations that the table lacks.")
@click.option("--dry-run", is_flag=True, help="Only tell what --import would change.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(
    season: Path | None,
    day: str | None,
    as_csv: bool,
    table: Path | None,
    into: Path | None,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """List the stations of SEASON with their prices, or write those of a table into a file.

    --import TABLE --into FILE changes the [stations] tables alone and leaves every other line of
    the file as it is; the same table twice changes nothing.
    """
    if table is not None or into is not None:
        if table is None or into is None or season is not None:
            raise click.UsageError("write --import TABLE --into SEASON, without another file")
        _bring_in(table, into, replace=replace, dry_run=dry_run, as_json=as_json)
        return
    if season is None:
        raise click.UsageError("name a season file, or --import TABLE --into SEASON")
    if replace or dry_run:
        raise click.UsageError("--replace and --dry-run go with --import")
    loaded = read_season(season)
    if as_csv:
        from rules.season.station_csv import station_csv

        click.echo(station_csv(loaded.stations).decode(), nl=False)
        return
    on = loaded.season.starts.date() if day is None else _date(day)
    for line in _listing(loaded, on):
        click.echo(line)
    if as_json:
        click.echo(json.dumps(_told(loaded, on), ensure_ascii=False))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"--day {text}: must be a date such as 2026-06-09")


def _told(season: Season, on: date) -> dict[str, Any]:
    from rules.season.price_list import PriceList
    from rules.season.station_register import prices_on, register

    return {
        "ok": True,
        "season": season.season.id,
        "day": on.isoformat(),
        "currency": season.programme.currency,
        "stations": register(season, on, margins=True),
        "everywhere": prices_on(season, PriceList.of(season), None, on, margins=True),
    }


def _listing(season: Season, on: date) -> Iterator[str]:
    """List the stations as a table, with the prices of a day."""
    told = _told(season, on)
    yield f"{len(told['stations'])} stations on {on}, prices in {told['currency']}"
    products = [
        name
        for name in season.products
        if any(_price(row, name) for row in (*told["stations"], told))
    ]
    rows = [["station", "region", "brand", "opened", "closed", *products, "other fields"]]
    for row in told["stations"]:
        fields = ", ".join(f"{key} {value}" for key, value in row["fields"].items())
        own = [row[key] or "" for key in ("id", "region", "brand", "opened", "closed")]
        rows.append([*own, *(_price(row, name) for name in products), fields])
    if any(_price(told, name) for name in products):
        everywhere = [_price(told, name) for name in products]
        rows.append(["(elsewhere)", "", "", "", "", *everywhere, ""])
    given = [at for at in range(len(rows[0])) if any(row[at] for row in rows[1:])]
    widths = {at: max(len(row[at]) for row in rows) for at in given}
    for row in rows if given else []:
        yield "  ".join(row[at].ljust(widths[at]) for at in given).rstrip()


def _price(row: dict[str, Any], product: str) -> str:
    prices = row["prices"] if "prices" in row else row["everywhere"]
    return prices.get(product, {}).get("price") or ""


def _bring_in(table: Path, into: Path, *, replace: bool, dry_run: bool, as_json: bool) -> None:
    from rules.season.season_file import SeasonErrors
    from rules.season.station_csv import StationCsvErrors, read_station_csv
    from rules.season.station_writer import StationsNotWritable, write_stations

    try:
        stations = read_station_csv(read_text(table))
    except StationCsvErrors as error:
        for sentence in error.errors:
            click.echo(f"{table}: {sentence}", err=True)
        rows = [{"problem": sentence} for sentence in error.errors]
        refuse(f"{table}: {len(rows)} errors; nothing was written", rows)
    text = _as_it_stands(into)
    try:
        written = write_stations(text, stations, replace=replace, path=str(into))
    except SeasonErrors as errors:
        for one in errors.errors:
            click.echo(str(one), err=True)
        refuse(f"{into}: {len(errors.errors)} errors; nothing was written", errors.as_rows())
    except StationsNotWritable as error:
        refuse(f"{into}: {error}; nothing was written")
    if not dry_run and written.text != text:
        _put(into, written.text)
    for line in _changes(written):
        click.echo(line)
    if dry_run:
        click.echo(f"dry run: {into} stays as it is")
    elif written.text == text:
        click.echo(f"{into} has all of it already")
    else:
        click.echo(f"wrote {into}")
    if as_json:
        names = ("added", "changed", "same", "left", "dropped")
        counts = {name: list(getattr(written, name)) for name in names}
        answer = {"ok": True, "dry_run": dry_run, **counts}
        click.echo(json.dumps(answer, ensure_ascii=False))


def _as_it_stands(path: Path) -> str:
    """Read a file with the line ends it has."""
    read_text(path)  # leaves with a sentence when it can't be read
    return path.read_bytes().decode("utf-8")


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_bytes(text.encode())
        os.replace(beside, path)  # noqa: PTH105  says that what is there is replaced
    except OSError as error:
        fail(f"{path}: {error.strerror or error}; name a file in a folder that can be written")


def _changes(written: Written) -> Iterator[str]:
    for what, names in (
        ("added", written.added),
        ("changed", written.changed),
        ("as they were", written.same),
        ("not in the table, kept", written.left),
        ("dropped", written.dropped),
    ):
        if names:
            more = ", …" if len(names) > SHOWN_MAX else ""
            yield f"{len(names):,} {what}: {', '.join(names[:SHOWN_MAX])}{more}"
