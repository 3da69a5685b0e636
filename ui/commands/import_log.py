"""Import: bring in members, opening balances and logs, with a report; bad rows are kept aside."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np

from ui.commands import _connection as connection
from ui.commands._bad_file import bad_place, bad_rows
from ui.commands._inputs import fail, read_mapping, refuse
from ui.commands._report_file import write_report
from ui.commands._sending import EVENTS_A_REQUEST, STATUSES, Progress, Sender

if TYPE_CHECKING:
    from rules.decoding.event_columns import Names
    from simulator.log.intake import BadRows, Intake
    from simulator.log.quality import Quality

TAKEN: Final = ("applied", "duplicate", "limit_reached", "waiting")
CONFLICT: Final = "an event of this member with this event_id was taken with another content"


@click.command("import")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--mapping", type=click.Path(path_type=Path), help="Says what the columns mean.")
@click.option(
    "--bad",
    type=click.Path(path_type=Path),
    help="CSV or NDJSON file for rows not taken; without it beside the first log.",
)
@click.option("--report", type=click.Path(path_type=Path), help="File for the quality report.")
@click.option("--dry-run", is_flag=True, help="Read, check and report; send nothing.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Events a second.")
@click.option(
    "--progress", type=click.Path(path_type=Path), help="Where to note how far it got, as for send."
)
@connection.options
def command(
    logs: tuple[str, ...],
    mapping: Path | None,
    bad: Path | None,
    report: Path | None,
    dry_run: bool,
    rate: float | None,
    progress: Path | None,
    url: str,
    key: str,
    as_json: bool,
) -> None:
    """Import LOG... (CSV, NDJSON, JSON, Parquet or Arrow) into a running system, resumable."""
    from rules.decoding.event_columns import UnreadableBody
    from simulator.log.intake import read_intake
    from simulator.log.log_files import LogProblem
    from simulator.log.mapping import MissingColumn
    from simulator.log.quality import report_lines

    meaning = read_mapping(mapping)
    said = connection.call("GET", url, key, "/v1/names")
    listed = connection.call("GET", url, key, "/v1/stations?history=true")
    try:
        place = bad_place(bad, logs, dry_run)
        note = Progress(progress, logs, mapping, f"import:{_digest(mapping)}:{said['system']}")
        if dry_run:
            note.events = 0
        rows = bad_rows(place, logs, meaning, note)
        with Sender(url, key, rate) as sender:
            given = None if dry_run else sender
            run = Import(names_of(said), quality_of(said, listed), rows, note, given, rate)
            for intake in read_intake(logs, meaning):
                run.take(intake)
    except (LogProblem, MissingColumn, UnreadableBody) as error:
        refuse(str(error))
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}; run the same command to go on")
    found = run.result()
    run.check()
    if not dry_run:
        note.forget()
    if report is not None:
        write_report(report, found["quality"])
    connection.finish(found, as_json, [*run.lines(), *report_lines(found["quality"])])


class Import:
    """Sends what can be an event, keeps the rest aside, and counts every row once."""

    def __init__(
        self,
        names: Names,
        quality: Quality,
        bad: BadRows,
        note: Progress,
        sender: Sender | None,
        rate: float | None,
    ) -> None:
        self._names = names
        self._quality = quality
        self._bad = bad
        self._note = note
        self._sender = sender
        self._step = EVENTS_A_REQUEST if rate is None else max(1, min(EVENTS_A_REQUEST, int(rate)))
        self._done = note.events
        note.events = 0
        counts = note.facts.get("counts", {}) if self._done else {}
        self._counts = dict.fromkeys((*STATUSES, "set_aside"), 0) | counts
        self._reasons: dict[str, int] = note.facts.get("reasons", {}) if self._done else {}
        self._received = 0
        self._went_on = self._done
        if self._done:
            click.echo(f"going on after {self._done:,} rows that were taken before", err=True)

    def take(self, intake: Intake) -> None:
        """Take some rows: send them, or keep them aside with the reason."""
        decoded = intake.decode(self._names)
        self._quality.begin(intake.path)
        self._quality.add(decoded, intake.line, intake.passed_over)
        self._received += len(intake)
        if self._received <= self._done:
            self._note.events += len(intake)
            return
        bad = {one.place: (one.reason, one.sentence) for one in decoded.refused}
        self._counts["set_aside"] += len(bad)
        for reason, _ in bad.values():
            self._reasons[reason] = self._reasons.get(reason, 0) + 1
        bad |= self._send(intake, decoded.place)
        rows = np.array(sorted(bad), dtype=np.int64)
        told = zip(intake.originals(rows), (bad[row] for row in rows.tolist()), strict=True)
        self._bad.add(intake.path, [(original, *why) for original, why in told])
        if self._sender is not None:
            facts = {
                "counts": self._counts,
                "reasons": self._reasons,
                "bad": str(self._bad.path.resolve()),
                "bad_bytes": self._bad.size,
                "bad_rows": self._bad.rows,
            }
            self._note.add(len(intake), facts)

    def _send(
        self, intake: Intake, valid: np.ndarray[Any, np.dtype[np.int64]]
    ) -> dict[int, tuple[str, str]]:
        """Send the rows that can be events, and give those the system did not take."""
        refused: dict[int, tuple[str, str]] = {}
        if self._sender is None:
            return refused
        for first in range(0, len(valid), self._step):
            rows = valid[first : first + self._step]
            answer = self._sender.post(*intake.to_body(rows), every=True)
            for row, result in zip(rows.tolist(), answer["results"], strict=True):
                status = result["status"]
                self._counts[status] += 1
                if status not in TAKEN:
                    reason = result.get("reason", status)
                    self._reasons[reason] = self._reasons.get(reason, 0) + 1
                    refused[row] = reason, result.get("sentence", CONFLICT)
        return refused

    @property
    def accepted(self) -> int:
        """Count the rows that the system has."""
        return sum(self._counts[status] for status in TAKEN)

    @property
    def refused(self) -> int:
        """Count the rows that the system did not take."""
        return sum(self._counts[status] for status in STATUSES if status not in TAKEN)

    def check(self) -> None:
        """Leave with 1 unless every row is where it belongs, exactly once."""
        counts, aside = self._counts, self._counts["set_aside"]
        if self._sender is None:
            return
        if self._received != self.accepted + self.refused + aside:
            fail(
                f"{self._received:,} rows were read, but {self.accepted + self.refused + aside:,} "
                f"are accounted for: {counts}; run the import again, it changes nothing twice"
            )
        if self._bad.rows != self.refused + aside:
            fail(
                f"{self._bad.path}: {self._bad.rows:,} rows, not the {self.refused + aside:,} "
                "that were not taken; remove the file and run the import again"
            )

    def result(self) -> dict[str, Any]:
        """Give the counts and the report."""
        return {
            "received": self._received,
            "accepted": self.accepted,
            "refused": self.refused,
            "set_aside": self._counts["set_aside"],
            "sent": self._sender is not None,
            "went_on_after": self._went_on,
            "status": {status: self._counts[status] for status in STATUSES},
            "reasons": dict(sorted(self._reasons.items())),
            "bad": str(self._bad.path) if self._bad.rows else None,
            "quality": self._quality.report(),
        }

    def lines(self) -> list[str]:
        """Say what became of the rows."""
        aside, kept = self._counts["set_aside"], self._bad.rows
        if self._sender is None:
            good = self._received - aside
            lines = [f"dry run: {self._received:,} rows; {good:,} can be sent, {aside:,} can't"]
        else:
            told = f"{self.accepted:,} accepted + {self.refused:,} refused + {aside:,} set aside"
            lines = [f"{self._received:,} rows received = {told}"]
            lines += [f"  {name:14}{count:>12,}" for name, count in self._counts.items() if count]
        lines += [f"    {reason:22}{count:>12,}" for reason, count in self._reasons.items()]
        if kept:
            lines.append(
                f"{kept:,} rows with their reasons are in {self._bad.path}: correct them there and "
                "import that file with the same mapping"
            )
        return lines


def names_of(said: dict[str, Any]) -> Names:
    """Read what events of the running season may name."""
    from rules.decoding.event_columns import Names
    from rules.decoding.instants import read_instant

    earliest_us, latest_us = read_instant(said["earliest"]), read_instant(said["latest"])
    if earliest_us is None or latest_us is None:
        raise ValueError(f"/v1/names: {said['earliest']} to {said['latest']} are no times")
    products = said["products"]
    return Names(
        None if products is None else frozenset(products),
        frozenset(said["kinds"]),
        earliest_us,
        latest_us,
    )


def quality_of(said: dict[str, Any], listed: dict[str, Any]) -> Quality:
    """Begin a report by the running season's calendar, stations and prices."""
    from rules.compiling.calendar import Calendar
    from rules.season.station_register import read_price_list, read_stations
    from simulator.log.quality import Quality

    first, last = int(said["earliest"][:4]), int(said["latest"][:4])
    stations = read_stations(listed["stations"])
    prices = read_price_list(listed["price_rows"], stations)
    return Quality(Calendar(said["timezone"], first, last), stations or None, prices)


def _digest(mapping: Path | None) -> str:
    """Tell mappings apart by what they say: under another one, rows are other events."""
    return "" if mapping is None else hashlib.sha256(mapping.read_bytes()).hexdigest()[:12]
