"""Quality: what a log's rows are like, before anybody counts on them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.compiling.calendar import Calendar
from rules.compiling.compiled import Rules
from rules.decoding.event_columns import Decoded, text_of
from rules.decoding.identity import fingerprint, hash_strings
from rules.decoding.instants import format_instant
from rules.decoding.text_bytes import Ints
from rules.season.price_list import PriceList
from rules.season.season_models import Station
from simulator.log.outliers import Outliers
from simulator.log.station_days import SHOWN_MAX as GAPS_SHOWN_MAX
from simulator.log.station_days import StationDays

SHOWN_MAX: Final = 20
"""Examples given of each finding; the counts are of all."""
_NAMED: Final = re.compile(r"product = ([\"'“]?)(.*?)\1:")
_BETWEEN: Final = "\x1f"

Words = npt.NDArray[np.uint64]


@dataclass(slots=True)
class _File:
    path: str
    first_row: int
    rows: int = 0
    events: int = 0
    not_kept: int = 0
    first_us: int | None = None
    last_us: int | None = None
    members: list[Words] = field(default_factory=list)


class Quality:
    """Gathers what a report says of some logs; about 60 bytes an event until it is given.

    Args:
        calendar: whose local days gaps are counted in.
        stations: the register; None where the season names none.
        prices: the price list that prices are held against; None without one.
    """

    def __init__(
        self,
        calendar: Calendar,
        stations: Mapping[str, Station] | None,
        prices: PriceList | None = None,
    ) -> None:
        self._calendar = calendar
        self._stations = stations
        self._files: list[_File] = []
        self._types: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._products: Counter[str] = Counter()
        self._impossible: list[dict[str, Any]] = []
        self._identities: list[tuple[Words, Words, Ints, Ints]] = []
        self._days = StationDays()
        self._outliers = Outliers(prices)
        self._latest_us = -(2**62)
        self._backwards = 0
        self._rows = 0

    @classmethod
    def of(cls, rules: Rules) -> Quality:
        """Begin a report by a season's calendar, register and price list."""
        season = rules.season
        return cls(rules.calendar, season.stations or None, PriceList.of(season))

    def begin(self, path: str) -> None:
        """Begin a file; rows that follow are of it."""
        if not self._files or self._files[-1].path != path:
            self._files.append(_File(path, self._rows))

    def add(self, decoded: Decoded, line: Ints | None = None, not_kept: int = 0) -> None:
        """Take some rows; `line: int64[received]` says where each stands in its file."""
        if not self._files:
            self.begin("")
        file = self._files[-1]
        first = _first_place(decoded)
        if line is None:
            line = file.rows + 1 + np.arange(decoded.received, dtype=np.int64)
        columns = decoded.columns
        self._note_refused(decoded, file.path, line, first)
        if columns.num_rows:
            place = decoded.place - first
            self._note_events(file, columns, self._rows + place, line[place])
        file.rows += decoded.received
        file.not_kept += not_kept
        self._rows += decoded.received

    def _note_refused(self, decoded: Decoded, path: str, line: Ints, first: int) -> None:
        for refusal in decoded.refused:
            self._reasons[refusal.reason] += 1
            if refusal.reason == "unknown_product":
                named = _NAMED.search(refusal.sentence)
                self._products[named[2] if named else "?"] += 1
            if len(self._impossible) < SHOWN_MAX:
                self._impossible.append(
                    {
                        "file": path,
                        "line": int(line[refusal.place - first]),
                        "event_id": refusal.event_id,
                        "reason": refusal.reason,
                        "sentence": refusal.sentence,
                    }
                )

    def _note_events(self, file: _File, columns: pa.RecordBatch, row: Ints, line: Ints) -> None:
        types = text_of(columns, "type")
        counted = pc.value_counts(types).to_pylist()
        self._types.update({one["values"]: one["counts"] for one in counted})
        at_us = columns.column("at_us").to_numpy()
        running = np.maximum.accumulate(np.concatenate([[self._latest_us], at_us]))
        self._backwards += int((at_us < running[:-1]).sum())
        self._latest_us = int(running[-1])
        lowest, highest = int(at_us.min()), int(at_us.max())
        file.events += len(at_us)
        file.first_us = lowest if file.first_us is None else min(file.first_us, lowest)
        file.last_us = highest if file.last_us is None else max(file.last_us, highest)
        member, event_id = columns.column("member"), columns.column("event_id")
        file.members.append(np.unique(hash_strings(member)[0]))
        both = pc.binary_join_element_wise(member, event_id, _BETWEEN)
        self._identities.append((hash_strings(both)[0], fingerprint(columns), row, line))
        day = self._calendar.days(at_us)
        self._days.add(columns, day)
        self._outliers.add(columns, row, day)

    def report(self) -> dict[str, Any]:
        """Say what was found: counts of all, and the first examples of each finding."""
        again, other, repeats = self._repeats()
        lines, odd = self._outliers.report()
        seen = [one for file in self._files for one in file.members]
        gaps = self._days.gaps()
        firsts = [file.first_us for file in self._files if file.first_us is not None]
        lasts = [file.last_us for file in self._files if file.last_us is not None]
        unknown, shut = {}, {}
        if self._stations is not None:
            counts = self._days.counts.items()
            unknown = {name: count for name, count in counts if name not in self._stations}
            shut = self._days.outside(self._stations)
        return {
            "rows": self._rows,
            "events": sum(file.events for file in self._files),
            "not_kept": sum(file.not_kept for file in self._files),
            "by_type": dict(sorted(self._types.items())),
            "files": [_told(file) for file in self._files],
            "members": len(np.unique(np.concatenate(seen))) if seen else 0,
            "first": format_instant(min(firsts)) if firsts else None,
            "last": format_instant(max(lasts)) if lasts else None,
            "backwards": self._backwards,
            "duplicates": again,
            "conflicting_duplicates": other,
            "repeats": repeats,
            "impossible": dict(sorted(self._reasons.items())),
            "impossible_rows": self._impossible,
            "unknown_products": dict(sorted(self._products.items())),
            "unknown_stations": dict(sorted(unknown.items())),
            "closed_stations": shut,
            "stations": len(self._days.counts),
            "stations_with_gaps": len(gaps),
            "gaps": sorted(gaps, key=lambda gap: -gap["longest"]["days"])[:GAPS_SHOWN_MAX],
            "products": lines,
            "outliers": [self._where(row) | {"odd": text} for row, text in odd],
        }

    def _repeats(self) -> tuple[int, int, list[dict[str, Any]]]:
        """Count events sent again, with the same and with another content, and show some."""
        if not self._identities:
            return 0, 0, []
        key, body, row, line = (
            np.concatenate(column) for column in zip(*self._identities, strict=True)
        )
        order = np.argsort(key, kind="stable")
        new = np.concatenate([[True], key[order][1:] != key[order][:-1]])
        # The first of each run of equal keys is what the others are compared with.
        head = order[np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))]
        other = ~new & (body[order] != body[head])
        shown = np.flatnonzero(other)[:SHOWN_MAX].tolist()
        repeats = [
            {
                "first": self._where(int(row[head[at]]), int(line[head[at]])),
                "again": self._where(int(row[order[at]]), int(line[order[at]])),
            }
            for at in shown
        ]
        return int((~new & ~other).sum()), int(other.sum()), repeats

    def _where(self, row: int, line: int | None = None) -> dict[str, Any]:
        """Name the file and line of a row number over all files."""
        file = next(one for one in reversed(self._files) if one.first_row <= row)
        return {"file": file.path, "line": self._line_of(row) if line is None else line}

    def _line_of(self, row: int) -> int:
        for _, _, rows, lines in self._identities:
            at = int(np.searchsorted(rows, row))
            if at < len(rows) and rows[at] == row:
                return int(lines[at])
        raise KeyError(row)


def _first_place(decoded: Decoded) -> int:
    """Give the place of a batch's first row; a part of a log counts on from the one before."""
    places = [int(decoded.place[0])] if len(decoded.place) else []
    places += [refusal.place for refusal in decoded.refused[:1]]
    return min(places, default=0)


def _told(file: _File) -> dict[str, Any]:
    members = np.unique(np.concatenate(file.members)) if file.members else ()
    return {
        "file": file.path,
        "rows": file.rows,
        "events": file.events,
        "not_kept": file.not_kept,
        "members": len(members),
        "first": None if file.first_us is None else format_instant(file.first_us),
        "last": None if file.last_us is None else format_instant(file.last_us),
    }


def report_lines(report: dict[str, Any]) -> Iterator[str]:
    """Say a report in plain lines."""
    yield f"{report['rows']:,} rows: {report['events']:,} events, {_kinds(report['by_type'])}"
    if report["not_kept"]:
        yield f"  {report['not_kept']:,} rows more are not kept by the mapping"
    yield f"{report['members']:,} members, {report['first']} to {report['last']}"
    for file in report["files"]:
        yield (
            f"  {file['file']}: {file['rows']:,} rows, {file['events']:,} events, "
            f"{file['members']:,} members, {file['first']} to {file['last']}"
        )
    yield f"{report['backwards']:,} events are earlier than one before them"
    yield f"{report['duplicates']:,} duplicates"
    yield f"{report['conflicting_duplicates']:,} events repeat an event_id with another content"
    for pair in report["repeats"]:
        first, again = pair["first"], pair["again"]
        yield f"  {again['file']}:{again['line']} repeats {first['file']}:{first['line']}"
    yield f"{sum(report['impossible'].values()):,} impossible rows: {_kinds(report['impossible'])}"
    for row in report["impossible_rows"]:
        yield f"  {row['file']}:{row['line']}: {row['reason']}: {row['sentence']}"
    for what in ("products", "stations"):
        yield f"unknown {what}: {_kinds(report[f'unknown_{what}'])}"
    for name, shut in report["closed_stations"].items():
        days = shut["days"]
        yield f"station {name} has events on {days} days before it opened or after it closed"
    yield f"{report['stations_with_gaps']:,} of {report['stations']:,} stations have days without"
    for gap in report["gaps"]:
        longest = gap["longest"]
        yield (
            f"  {gap['station']}: {gap['days']} days, at most {longest['days']} in a row "
            f"({longest['from']} to {longest['to']})"
        )
    for line in report["products"]:
        yield (
            f"product {line['product']}: {line['purchases']:,} purchases, median "
            f"{line['median_litres']} L at {line['median_price']}; odd: "
            f"{line['litres_outliers']:,} volumes, {line['price_outliers']:,} prices"
            + (f"; {line['listed']:,} have a listed price" if line["listed"] else "")
        )
    for one in report["outliers"]:
        yield f"  {one['file']}:{one['line']}: {one['odd']}"


def _kinds(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
