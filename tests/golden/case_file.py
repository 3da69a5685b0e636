"""Read golden cases: a season, a table of events, and the tables they must give.

A case is a TOML table. `season` names a file (seasons/NAME.toml in the project or beside these
cases), `changes` is merged into it: tables merge, everything else replaces. Tables are text with
`|` between columns. Event times are wall times in the programme's zone, unless written in full
with an offset. The columns `status`, `points`, `reason`, and an order's `off` and `to_pay`, are the
expected answer; `by` is what an `adjust` adds and the points that a `use` pays with. `lines` lists
an order as "fuel 10 L 80.00, shop 5.00". `pools` is what is used of budgets and stocks.
"""

import tomllib
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.toml_text import toml_text

HERE = Path(__file__).parent
SEASONS = (HERE.parent.parent / "seasons", HERE / "seasons")
ANSWER_COLUMNS = ("status", "points", "reason")
ORDER_COLUMNS = {"off": "discount", "to_pay": "to_pay"}
INSTANTS = ("issued_at", "expires_at", "used_at")
WHOLE_NUMBERS = ("by", "score")

Table = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Hold one case, ready to run."""

    name: str
    shows: str
    season_text: str
    events: list[Table]
    answers: list[Table]
    orders: list[Table]
    until_us: int | None
    members: list[Table]
    standings: dict[str, list[Table]]
    prizes: list[Table] | None
    dropped: list[Table] | None
    coupons: list[Table] | None
    pools: Table


def rows_of(text: str) -> list[dict[str, str]]:
    """Read a `|` table: the first line names the columns, an empty cell is left out."""
    lines = [line for line in text.splitlines() if line.strip()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    names = cells[0] if cells else []
    for line, row in zip(lines, cells, strict=True):
        if len(row) != len(names):
            raise ValueError(f"{line!r}: has {len(row)} cells for {len(names)} columns {names}")
    return [
        {name: cell for name, cell in zip(names, row, strict=True) if cell != ""}
        for row in cells[1:]
    ]


def merged(base: Table, changes: Table) -> Table:
    """Merge changes into a copy of a table: tables merge, everything else replaces."""
    result = deepcopy(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else deepcopy(value)
    return result


def season_text(name: str, changes: Table) -> str:
    """Read a season file by name and write it again with the changes."""
    path = next(folder / f"{name}.toml" for folder in SEASONS if (folder / f"{name}.toml").exists())
    text = path.read_text(encoding="utf-8")
    return toml_text(merged(tomllib.loads(text), changes)) if changes else text


def instant_text(cell: str, zone: ZoneInfo) -> str:
    """Write a wall time as RFC 3339 with the zone's offset; leave a full text as it is."""
    if "T" in cell:
        return cell
    return datetime.fromisoformat(cell).replace(tzinfo=zone).isoformat()


def micros(text: str) -> int:
    """Read RFC 3339 as UTC microseconds."""
    gone = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (gone.days * 86400 + gone.seconds) * 1_000_000 + gone.microseconds


def event_of(row: dict[str, str], place: int, zone: ZoneInfo) -> Table:
    """Turn a row of an event table into an event with the fields of the interface."""
    event: Table = {"event_id": row.get("id", f"e{place}")}
    for name, cell in row.items():
        if name in (*ANSWER_COLUMNS, *ORDER_COLUMNS, "id"):
            continue
        if name.startswith("attributes."):
            event.setdefault("attributes", {})[name.removeprefix("attributes.")] = cell
        elif name == "lines":
            event["lines"] = [line_of(line) for line in cell.split(",")]
        elif name == "at":
            event["at"] = instant_text(cell, zone)
        else:
            whole = name in WHOLE_NUMBERS and cell.lstrip("-").isdigit()
            event["points" if name == "by" else name] = int(cell) if whole else cell
    return event


def line_of(text: str) -> Table:
    """Read a line of an order: a product, litres if any, and its amount before any discount."""
    product, *litres, amount = text.split()
    return {"product": product, "amount": amount} | ({"litres": litres[0]} if litres else {})


def order_of(row: dict[str, str]) -> Table:
    """Give what an event must answer about its order."""
    return {word: row[name] for name, word in ORDER_COLUMNS.items() if name in row}


def in_zone(row: dict[str, str], zone: ZoneInfo) -> Table:
    """Write the instants of an expected row in full."""
    return {
        name: instant_text(cell, zone) if name in INSTANTS else cell for name, cell in row.items()
    }


def read_case(table: Table) -> Case:
    """Read one case table."""
    text = season_text(table.get("season", "plain"), table.get("changes", {}))
    zone = ZoneInfo(tomllib.loads(text)["programme"]["timezone"])
    rows = rows_of(table["events"])
    until = table.get("until")
    return Case(
        name=table["name"],
        shows=table["shows"],
        season_text=text,
        events=[event_of(row, place, zone) for place, row in enumerate(rows, start=1)],
        answers=[{name: row.get(name, "") for name in ANSWER_COLUMNS} for row in rows],
        orders=[order_of(row) for row in rows],
        until_us=None if until is None else micros(instant_text(until, zone)),
        members=rows_of(table.get("members", "")),
        standings={board: rows_of(rows) for board, rows in table.get("standings", {}).items()},
        prizes=rows_of(table["prizes"]) if "prizes" in table else None,
        dropped=rows_of(table["dropped"]) if "dropped" in table else None,
        coupons=[in_zone(row, zone) for row in rows_of(table["coupons"])]
        if "coupons" in table
        else None,
        pools=table.get("pools", {}),
    )


def all_cases() -> list[Case]:
    """Read every case file, in order of name."""
    return [
        read_case(table)
        for path in sorted((HERE / "cases").glob("*.toml"))
        for table in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]
