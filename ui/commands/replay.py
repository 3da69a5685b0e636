"""Replay: applies a recorded log under a season file, offline and exact."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ui.commands._inputs import fail, read_instant_option, read_mapping, read_season, refuse
from ui.commands._report_file import write_report

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules
    from rules.decoding.event_columns import Decoded
    from simulator.log.archived_log import ArchivedLog
    from simulator.log.mapping_file import Mapping
    from simulator.offline.aside import Aside
    from simulator.offline.tables import Tables

TOLD_EVERY_S = 5.0


def _reader(logs: tuple[str, ...], workers: int | None) -> Aside | None:
    """Start a process that reads, where it pays or is asked for; it ends with the command."""
    from simulator.offline.aside import Aside, worth_it

    if workers == 1 or (workers is None and not worth_it(logs)):
        return None
    return click.get_current_context().with_resource(Aside())


@click.command()
@click.argument("season", type=click.Path(path_type=Path))
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
@click.option("--mapping", type=click.Path(path_type=Path), help="Says what the columns mean.")
@click.option("--sort", is_flag=True, help="Order the log by `at` first.")
@click.option("--until", metavar="TIME", help="Let the clock go on to TIME, not to the final end.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help=(
        "Processes that judge, beside one that reads; the result is the same for any number. One "
        "judges where members share something; with 1 it reads too. Without it one judges, "
        "and another reads if the log is large."
    ),
)
@click.option(
    "--next",
    "next_season",
    type=click.Path(path_type=Path),
    help="The next season's file: it opens at its `starts`, SEASON runs its course beside it.",
)
@click.option(
    "--only-file",
    is_flag=True,
    help="Judge an archive's events by SEASON alone, whatever was decided while it ran.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="File for a report on the log's quality; .json for JSON, else plain lines.",
)
@click.option(
    "--preview",
    type=click.Path(path_type=Path),
    help="Another season file: who would move tier under it at the next review after the end.",
)
@click.option("--reports", is_flag=True, help="Write all reports too, into OUT/reports.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def command(
    season: Path,
    logs: tuple[str, ...],
    out: Path,
    mapping: Path | None,
    sort: bool,
    until: str | None,
    workers: int | None,
    next_season: Path | None,
    only_file: bool,
    report: Path | None,
    preview: Path | None,
    reports: bool,
    as_json: bool,
) -> None:
    """Apply LOG... under SEASON; write standings, prizes, members, results and a summary."""
    aside = _reader(logs, workers)
    from rules.compiling.compiled import compile_rules
    from rules.decoding.event_columns import UnreadableBody
    from rules.judging.next_season import joined_names
    from simulator.log.archived_log import is_archived, read_archived
    from simulator.log.log_files import LogProblem
    from simulator.log.mapping import MissingColumn
    from simulator.offline.archived_tables import DECIDING, ArchivedTables
    from simulator.offline.log_reading import LogReading, in_time_order
    from simulator.offline.reading import ReadingEndedError
    from simulator.offline.replay import replay
    from simulator.offline.tables import OneTable

    rules = compile_rules(read_season(season))
    upcoming = None if next_season is None else _upcoming(rules, next_season)
    names = rules.names if upcoming is None else joined_names(rules, upcoming)
    preview_of = None if preview is None else compile_rules(read_season(preview))
    until_us = read_instant_option("--until", until)
    meaning = read_mapping(mapping)

    read: Callable[[], Iterable[Decoded]] = LogReading(logs, meaning, names, sort)
    try:
        archived = read_archived(logs) if any(is_archived(log) for log in logs) else None
        if archived is not None:
            batches = [in_time_order([archived.events]) if sort else archived.events]
            read, aside = (lambda: batches), None
        tables: Tables | None = None
        if archived is not None and archived.has(DECIDING) and not only_file:
            _check_archive(archived, season, rules, sort=sort)
            tables = ArchivedTables(rules, archived)
        if upcoming is not None:
            if tables is not None:
                refuse("--next: the archive says itself when the next season opened; leave it out")
            tables = OneTable(rules, upcoming)
        progress = _Progress()
        summary = replay(
            rules,
            read,
            out,
            until_us=until_us,
            workers=workers or 1,
            tables=tables,
            aside=aside,
            reports=reports,
            preview_of=preview_of,
            decided=archived is not None and tables is not None,
            tell=lambda line: click.echo(line, err=True),
            judged=progress.judged,
        )
        progress.end()
        if report is not None:
            _report_quality(report, rules, logs, meaning, archived)
    except (LogProblem, MissingColumn, UnreadableBody) as error:
        refuse(str(error))
    except ReadingEndedError as error:
        fail(str(error))
    except OSError as error:
        fail(
            f"{error.filename or out}: {error.strerror or error}; name a folder that can be written"
        )
    moves = [] if preview is None else _moves(summary["tier_preview"], season, preview)
    for line in [*_lines(summary, out), *moves]:
        click.echo(line)
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))


def _check_archive(archived: ArchivedLog, season: Path, rules: Rules, *, sort: bool) -> None:
    """Refuse what an archive that holds decisions can't be replayed with."""
    began = archived.begins_under()
    if began not in (None, rules.rules_hash):
        refuse(
            f"{season}: the archive begins under other rules (rules_hash {began}); give "
            "the folder's season.toml, or --only-file to judge the whole log by this file"
        )
    if sort:
        refuse("--sort: an archive has its own order; leave it out, or add --only-file")


def _report_quality(
    report: Path,
    rules: Rules,
    logs: tuple[str, ...],
    meaning: Mapping | None,
    archived: ArchivedLog | None,
) -> None:
    """Write what the rows of the log are like: a pass of its own, as a replay may take several."""
    from simulator.log.logs import read_log
    from simulator.log.quality import Quality

    quality = Quality.of(rules)
    given = [archived.events] if archived is not None else None
    for batch in given or read_log(logs, meaning, rules.names, begins=quality.begin):
        quality.add(batch)
    write_report(report, quality.report())


def _upcoming(rules: Rules, path: Path) -> Rules:
    """Read the file of the next season, which has to follow the given one."""
    from rules.compiling.compiled import compile_rules
    from rules.judging.next_season import check_next_season
    from rules.judging.version_checks import VersionRefused

    upcoming = compile_rules(read_season(path))
    try:
        check_next_season(rules, upcoming, None, rules.starts_us)
    except VersionRefused as error:
        refuse(f"{path}: {error}")
    return upcoming


class _Progress:
    """Tells on stderr how many events have been judged."""

    def __init__(self) -> None:
        self._events, self._told_s = 0, time.monotonic()

    def judged(self, events: int) -> None:
        """Count so many more."""
        self._events += events
        if sys.stderr.isatty():
            click.echo(f"\r{self._events:,} events", nl=False, err=True)
        elif time.monotonic() - self._told_s >= TOLD_EVERY_S:
            self._told_s = time.monotonic()
            click.echo(f"{self._events:,} events", err=True)

    def end(self) -> None:
        """End the line on a terminal."""
        if sys.stderr.isatty():
            click.echo(err=True)


def _lines(summary: dict[str, Any], out: Path) -> Iterator[str]:
    """Say what happened in plain lines."""
    counted = ", ".join(f"{count:,} {word}" for word, count in summary["status"].items() if count)
    yield f"{summary['events']:,} events of {summary['members']:,} members: {counted or 'none'}"
    for word, count in summary["reasons"].items():
        yield f"  rejected {count:,}: {word}"
    for board, rows in summary["boards"].items():
        yield f"board {board}: {rows:,} on it"
    for kind, cost in summary["cost"].items():
        yield f"prizes, {kind}: {cost['awards']} for {cost['total']} (tax {cost['tax']})"
    yield f"standings_hash {summary['standings_hash']}"
    yield f"written to {out}"


def _moves(told: dict[str, Any], season: Path, preview: Path) -> Iterator[str]:
    """Say who stands on which level now, and at the next review under the other file."""
    moves = told["moves"]
    yield f"tier levels, by what was bought so far, at the review of {told['review_at']}:"
    heads = [f"now, {season.name}", f"then, {preview.name}"]
    names = [[move[key] for move in moves] for key in ("now", "then")]
    now, then = (
        max(len(one) for one in (head, *column)) for head, column in zip(heads, names, strict=True)
    )
    yield f"  {heads[0]:<{now}}  {heads[1]:<{then}}  members"
    for move in moves:
        stays = "" if move["now"] != move["then"] else "  (no move)"
        yield f"  {move['now']:<{now}}  {move['then']:<{then}}  {move['members']:>7,}{stays}"
    if told["months_missing"]:
        yield f"  the new window reaches {told['months_missing']} months further back than is known"
