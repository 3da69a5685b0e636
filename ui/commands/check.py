"""Check: find every error of a season file, what it leaks, and what changed against another."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from rules.advice.findings import Placed, placed
from rules.advice.lint import Note, doubtful, lint
from rules.advice.season_diff import Change, changes
from rules.advice.typical_members import usual_prices
from rules.season.season_file import SeasonErrors, load_season_bytes
from rules.season.season_models import Season
from rules.season.season_schema import season_schema

BAD_INPUT = 2


@click.command()
@click.argument("season", type=click.Path(path_type=Path), required=False)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Say what changes against this older file, and what of it hurts members.",
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of season files instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(season: Path | None, against: Path | None, schema: bool, as_json: bool) -> None:
    """Check the season file SEASON: all errors at once, each with line, value and fix.

    A file without errors is then searched for rules out of reach and for leaks: what one member
    could take out a month, in points and money. Exit code 2 when the file has errors or can't be
    read; findings alone leave it 0.
    """
    if schema:
        click.echo(json.dumps(season_schema(), ensure_ascii=False, indent=2))
        return
    if season is None:
        raise click.UsageError("name a season file, or ask for --schema")
    content, loaded = _load(season, as_json)
    older = None if against is None else _load(against, as_json)[1]
    doubts = doubtful(loaded)
    leaks = placed(content.decode("utf-8-sig"), lint(loaded))
    lines = _summary(loaded, str(season)) + _notes(doubts) + _findings(leaks, loaded)
    differences = [] if older is None else changes(older, loaded)
    if older is not None:
        lines += _differences(differences, str(against))
    for line in lines:
        click.echo(line)
    if as_json:
        answer: dict[str, Any] = {
            "ok": True,
            "season": loaded.season.id,
            "starts": loaded.season.starts.isoformat(),
            "ends": loaded.season.ends.isoformat(),
            "timezone": loaded.programme.timezone,
            "errors": [],
            "doubtful": [{"path": note.path, "remark": note.remark} for note in doubts],
            "lint": [one.as_row() for one in leaks],
        }
        if older is not None:
            answer["changes"] = [one.as_row() for one in differences]
        click.echo(json.dumps(answer, ensure_ascii=False))


def _load(path: Path, as_json: bool) -> tuple[bytes, Season]:
    try:
        content = path.read_bytes()
    except OSError as error:
        _fail([f"{path}: {error.strerror or error}; name a readable season file"], [], as_json)
    try:
        return content, load_season_bytes(content, str(path))
    except SeasonErrors as errors:
        found = len(errors.errors)
        count = f"{path}: {found} error{'' if found == 1 else 's'}"
        _fail([*(str(error) for error in errors.errors), count], errors.as_rows(), as_json)


def _fail(lines: list[str], rows: list[dict[str, Any]], as_json: bool) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    if as_json:
        errors = rows or [{"problem": line} for line in lines]
        click.echo(json.dumps({"ok": False, "errors": errors}, ensure_ascii=False))
    sys.exit(BAD_INPUT)


def _summary(season: Season, path: str) -> list[str]:
    window = season.season
    levels = [level.id for level in season.tiers.levels] if season.tiers else []
    places = sum(prize.ranks.last - prize.ranks.first + 1 for prize in season.prizes)
    rows = [
        ("season", f"{window.id} ({season.programme.id})"),
        ("window", f"{window.starts} to {window.ends}, {season.programme.timezone}"),
        ("grace", f"{window.late_events} for late events, then {window.refund_hold} for refunds"),
        ("earning", _listed([rule.id for rule in season.earning])),
        ("multipliers", _listed([one.id for one in season.multiplier])),
        ("tasks", _listed([task.id for task in season.tasks])),
        ("tiers", _listed(levels)),
        ("boards", _listed([board.id for board in season.boards])),
        ("prizes", f"{places} in {len(season.prizes)} entries" if places else "none"),
    ]
    return [f"{path}: no errors", *(f"  {name:<12}{text}" for name, text in rows)]


def _listed(ids: list[str]) -> str:
    return f"{len(ids)}: {', '.join(ids)}" if ids else "none"


def _notes(doubts: list[Note]) -> list[str]:
    return ["Is this meant?", *(f"  {note}" for note in doubts)] if doubts else []


def _differences(differences: list[Change], against: str) -> list[str]:
    if not differences:
        return [f"Nothing changes against {against}."]
    worse = sum(one.effect == "worse" for one in differences)
    head = (
        f"{len(differences)} changes against {against}, {worse} of them worse for members, "
        "which need a warning once the season has started:"
    )
    lines = [head]
    for one in differences:
        lines += [f"  {one.effect:<8}{one.zh}", f"  {'':<8}{one.en}"]
    return lines


def _findings(found: list[Placed], season: Season) -> list[str]:
    if not found:
        return ["Nothing leaks."]
    warnings = sum(one.finding.severity == "warning" for one in found)
    assumed = usual_prices(season).assumed
    head = f"Lint: {warnings} warnings, {len(found) - warnings} notes ({assumed})."
    return [head, *(f"  {one}" for one in found)]
