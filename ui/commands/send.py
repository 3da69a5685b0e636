"""Send: post a recorded log to a running system, resumable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.commands import _connection as connection
from ui.commands._inputs import read_mapping, refuse
from ui.commands._sending import EVENTS_A_REQUEST, Progress, Sender

if TYPE_CHECKING:
    from simulator.log.logs import LinePart, TablePart


@click.command()
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--mapping", type=click.Path(path_type=Path), help="Says what the columns mean.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Events a second.")
@click.option(
    "--progress",
    type=click.Path(path_type=Path),
    help="Where to note how far it got; without it beside the first log, or in this folder "
    "for a log of a package.",
)
@connection.options
def command(
    logs: tuple[str, ...],
    mapping: Path | None,
    rate: float | None,
    progress: Path | None,
    url: str,
    key: str,
    as_json: bool,
) -> None:
    """Post LOG... (CSV, NDJSON or Parquet) in order; a second run goes on where one ended."""
    from simulator.log.log_files import LogProblem
    from simulator.log.logs import CHUNK_ROWS, read_log_parts, regroup
    from simulator.log.mapping import MissingColumn

    meaning = read_mapping(mapping)
    season = connection.call("GET", url, key, "/v1/season?hours=0")
    size = EVENTS_A_REQUEST if rate is None else max(1, min(EVENTS_A_REQUEST, int(rate)))
    note = Progress(progress, logs, mapping, season["system"])
    try:
        parts = read_log_parts(logs, meaning, size if meaning is None else CHUNK_ROWS)
        with Sender(url, key, rate) as sender:
            sender.send(_after(regroup(parts, size), note), note)
    except (LogProblem, MissingColumn) as error:
        refuse(str(error))
    note.forget()
    connection.finish(sender.result(), as_json, sender.lines())


def _count(part: LinePart | TablePart) -> int:
    """Count the events of a part."""
    if hasattr(part, "table"):
        return int(part.table.num_rows)
    return sum(1 for line in part.body.split(b"\n") if line.strip())


def _after(parts: Iterable[LinePart | TablePart], note: Progress) -> Iterator[LinePart | TablePart]:
    """Pass over the parts that were answered in an earlier run."""
    done = note.events
    if done:
        click.echo(f"going on after {done:,} events that were sent before", err=True)
    note.events = 0
    for part in parts:
        count = _count(part)
        if note.events + count <= done:
            note.events += count
            continue
        yield part
