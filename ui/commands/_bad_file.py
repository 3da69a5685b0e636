"""Bad file: where an import keeps the rows that were not taken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.commands._inputs import refuse
from ui.commands._sending import Progress

if TYPE_CHECKING:
    from simulator.log.intake import BadRows
    from simulator.log.mapping_file import Mapping


def bad_place(bad: Path | None, logs: Sequence[str], dry_run: bool) -> Path:
    """Choose where bad rows go; a CSV file can't hold rows of logs without columns."""
    from simulator.log.log_files import LINES, NDJSON, find_log

    lines = [log for log in logs if find_log(log).suffix.lower() in LINES]
    if bad is None:
        first = logs[0].rpartition("/")[2] if logs[0].startswith("package:") else logs[0]
        kind = ".dry-run.bad" if dry_run else ".bad"
        return Path(f"{first}{kind}{'.ndjson' if lines else '.csv'}")
    if bad.suffix.lower() not in (".csv", *NDJSON):
        refuse(f"--bad {bad}: name a .csv or an .ndjson file")
    if bad.suffix.lower() == ".csv" and lines:
        refuse(f"--bad {bad}: {lines[0]} has objects, not columns; name an .ndjson file")
    if any(not log.startswith("package:") and Path(log).resolve() == bad.resolve() for log in logs):
        refuse(f"--bad {bad}: is one of the logs; name another file")
    return bad


def bad_rows(place: Path, logs: Sequence[str], meaning: Mapping | None, note: Progress) -> BadRows:
    """Open the file of bad rows: to go on where a run ended, else anew."""
    from simulator.log.intake import BadRows, own_columns

    columns = [name for log in logs for name in own_columns(log, meaning)]
    delimiter = "," if meaning is None else meaning.source.delimiter
    noted = int(note.facts.get("bad_bytes", 0))
    there = place.stat().st_size if place.exists() else 0
    goes_on = note.events and note.facts.get("bad") == str(place.resolve()) and there >= noted
    if note.events and not goes_on:
        note.events = 0  # its bad rows are elsewhere: all rows once more, which counts none twice
    if place.exists() and not goes_on:
        number = 1
        while (old := place.with_name(f"{place.name}.{number}")).exists():
            number += 1
        place.rename(old)
        click.echo(f"{place} was there: it is {old} now", err=True)
    rows = BadRows(place, columns, delimiter, noted if goes_on else 0)
    rows.rows = int(note.facts["bad_rows"]) if goes_on else 0
    return rows
