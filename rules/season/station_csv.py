"""Station CSV: a register as a table, one station a row; what the columns mean and what is wrong.

The first column named `station` or `id` is the station's id; `region`, `brand`, `opened` and
`closed` are the register's own, any other column is a field of that name. An empty cell gives
nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pydantic import ValidationError

from rules.season.programme_models import STATION_KEYS
from rules.season.season_models import Station
from rules.season.section import check_id
from rules.season.station_register import station_row

ID_COLUMNS: Final = ("station", "id")
COLUMNS_MAX: Final = 64


class StationCsvErrors(ValueError):  # noqa: N818  carries many errors, each a sentence
    """A table of stations has errors; `errors` has a sentence for each, with its line and fix."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = list(errors)


def read_station_csv(text: str) -> dict[str, Station]:
    """Read stations by id, in the order of the rows; raises StationCsvErrors with all errors."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise StationCsvErrors(
            [f"line {reader.line_num}: {error}; save the table as CSV with commas"]
        ) from None
    if not rows:
        raise StationCsvErrors(["line 1: the table is empty; its first row names the columns"])
    heads = [cell.strip() for cell in rows[0][1]]
    place = _id_column(heads)
    found: dict[str, Station] = {}
    errors: list[str] = []
    for line, row in rows[1:]:
        name = row[place].strip() if place < len(row) else ""
        problems = list(_faults(name, row, heads, found))
        if not problems:
            given = {
                head: cell.strip()
                for at, (head, cell) in enumerate(zip(heads, row, strict=False))
                if at != place and cell.strip()
            }
            try:
                found[name] = Station.model_validate(given)
            except ValidationError as error:
                problems = [_sentence(given, one) for one in error.errors(include_url=False)]
        errors += [f"line {line}: {problem}" for problem in problems]
    if errors:
        raise StationCsvErrors(errors)
    return found


def _id_column(heads: list[str]) -> int:
    named = [place for place, head in enumerate(heads) if head in ID_COLUMNS]
    errors = []
    if not named:
        errors.append("line 1: no column is named station; name the one that holds the ids so")
    if "" in heads:
        errors.append(f"line 1: column {heads.index('') + 1} has no name; name it or remove it")
    twice = sorted({head for head in heads if head and heads.count(head) > 1})
    errors += [f"line 1: {head} names two columns; rename one" for head in twice]
    if len(heads) > COLUMNS_MAX:
        errors.append(f"line 1: {len(heads)} columns; at most {COLUMNS_MAX}, remove some")
    if errors:
        raise StationCsvErrors(errors)
    return named[0]


def _faults(
    name: str, row: list[str], heads: list[str], found: dict[str, Station]
) -> Iterator[str]:
    if len(row) > len(heads):
        yield f"{len(row)} cells under {len(heads)} columns; quote cells that hold commas"
    try:
        check_id(name)
    except ValueError as error:
        yield f"{name or 'the id'}: {error}"
    if name in found:
        yield f"{name} stands twice; keep one row"


def _sentence(given: dict[str, Any], error: Any) -> str:
    key = str(error["loc"][-1])
    fix = error.get("ctx", {}).get("fix", "").partition(", without quotes")[0]
    return f"{key} = {given.get(key)}: {error['msg']}; {fix}"


def station_csv(stations: dict[str, Station]) -> bytes:
    """Write stations as a table that read_station_csv takes; dates ISO, columns in a fixed order.

    >>> station_csv({"S1": Station(region="north")})
    b'station,region,brand,opened,closed\\nS1,north,,,\\n'
    """
    fields = sorted({key for station in stations.values() for key in station.fields})
    rows = [
        [name]
        + [station_row(name, one)[key] or "" for key in STATION_KEYS]
        + [one.fields.get(key, "") for key in fields]
        for name, one in stations.items()
    ]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["station", *STATION_KEYS, *fields])
    writer.writerows(rows)
    return out.getvalue().encode()
