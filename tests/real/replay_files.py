"""Read what a replay wrote, and what the oracle says should be there, in the same shape."""

import csv
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.oracle import Oracle

Table = list[dict[str, str]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Files:
    """Hold the CSV files of a replay as rows of text."""

    results: Table
    members: Table
    prizes: Table
    standings: dict[str, Table]


def read_files(folder: Path) -> Files:
    """Read the files a replay wrote."""
    boards = sorted(folder.glob("standings-*.csv"))
    return Files(
        results=read_rows(folder / "results.csv"),
        members=read_rows(folder / "members.csv"),
        prizes=read_rows(folder / "prizes.csv"),
        standings={p.stem.removeprefix("standings-"): read_rows(p) for p in boards},
    )


def read_rows(path: Path) -> Table:
    """Read one CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def judged(season: Path, events: Iterable[dict[str, Any]]) -> Files:
    """Judge events one at a time and write the rows as the files should have them."""
    oracle = Oracle(tomllib.loads(season.read_text(encoding="utf-8")))
    answers = [oracle.apply(event) for event in events]
    oracle.finish()
    standings = {
        board["id"]: [
            {
                "rank": str(row.rank),
                "member": row.member,
                "score": str(row.score),
                "tier": row.tier,
                "tasks_completed_at": instant(row.tasks_completed_at_us),
                "active_days": str(row.active_days),
            }
            for row in oracle.standings(board["id"])
        ]
        for board in oracle.plan.boards
    }
    prizes = [
        {
            "board": row.board,
            "place": str(row.place),
            "rank": str(row.rank),
            "member": row.member,
            "reward": row.reward,
            "unit_cost": decimal(row.unit_cost_fen, 2),
            "tax": decimal(row.tax_fen, 2),
        }
        for row in oracle.prizes()
    ]
    results = [
        {
            "event_id": one.event_id,
            "status": one.status,
            "points": str(one.points),
            "reason": one.reason,
        }
        for one in answers
    ]
    members = [
        {
            name: decimal(value, {"litres": 3, "amount": 2}[name])
            if name in ("litres", "amount")
            else str(value)
            for name, value in row.items()
        }
        for row in oracle.members()
    ]
    return Files(results, members, prizes, standings)


def instant(at_us: int | None) -> str:
    """Write an instant as the files do; nothing for none."""
    if at_us is None:
        return ""
    return (EPOCH + timedelta(microseconds=at_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def decimal(units: int, places: int) -> str:
    """Write whole small units with their decimals."""
    sign, size = ("-" if units < 0 else ""), abs(units)
    return f"{sign}{size // 10**places}.{size % 10**places:0{places}d}"


def assert_same(files: Files, wanted: Files) -> None:
    """Compare row by row, so that a failure shows the first row that differs."""
    for name in ("results", "members", "prizes"):
        assert_same_rows(name, getattr(files, name), getattr(wanted, name))
    assert files.standings.keys() == wanted.standings.keys()
    for board, rows in wanted.standings.items():
        assert_same_rows(board, files.standings[board], rows)


def assert_same_rows(name: str, found: Table, wanted: Table) -> None:
    """Compare two tables by the columns both the files and the oracle have."""
    assert len(found) == len(wanted), name
    for place, (row, expected) in enumerate(zip(found, wanted, strict=True)):
        assert row == {**row, **expected}, f"{name}, row {place}"
        assert set(expected) == set(row), name
