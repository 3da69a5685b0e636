"""Run every golden case through the oracle and compare the tables it names."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.golden.adapters import Result, run_kernel, run_oracle
from tests.golden.case_file import INSTANTS, Case, all_cases, micros
from tests.oracle.plan import fen

Runner = Callable[[str, list[dict[str, Any]], int | None], Result]

CASES = all_cases()
RUNNERS: dict[str, Runner] = {"oracle": run_oracle, "kernel": run_kernel}


def read_cell(name: str, cell: str) -> tuple[str, Any]:
    """Name the result's column that a table's column means, and read the cell for it."""
    if name == "tasks_completed_at":
        return "tasks_completed_at_us", micros(cell)
    if name in INSTANTS:
        return name, micros(cell)
    if name == "off":
        return name, fen(cell)
    if name in ("unit_cost", "tax"):
        return f"{name}_fen", fen(cell)
    whole = cell.lstrip("-").isdigit()
    return name, int(cell) if whole else cell


def read_row(row: dict[str, str]) -> dict[str, Any]:
    """Read an expected row with the result's names and units."""
    return dict(read_cell(name, cell) for name, cell in row.items())


def same_columns(table: list[dict[str, str]], rows: list[dict[str, Any]]) -> tuple[Any, Any]:
    """Give the expected and the actual table over the columns that the expected one names."""
    expected = [read_row(row) for row in table]
    names = list(dict.fromkeys(name for row in expected for name in row))
    return (
        [tuple(row.get(name) for name in names) for row in expected],
        [tuple(row[name] for name in names) for row in rows],
    )


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=list(RUNNERS))
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(
    case: Case, runner: Callable[[str, list[dict[str, Any]], int | None], Result]
) -> None:
    result = runner(case.season_text, case.events, case.until_us)

    answers = [
        {"status": each.status, "points": str(each.points), "reason": each.reason}
        for each in result.answers
    ]
    assert answers == case.answers, case.shows
    for each, order in zip(result.answers, case.orders, strict=True):
        assert order.items() <= (each.detail or {}).items(), case.shows
    for expected in map(read_row, case.members):
        actual = next(row for row in result.members if row["member"] == expected["member"])
        assert {name: actual[name] for name in expected} == expected, case.shows
    if case.coupons is not None:
        wanted, given = same_columns(case.coupons, result.coupons)
        assert sorted(given, key=repr) == sorted(wanted, key=repr), case.shows
    assert {name: result.pools[name] for name in case.pools} == case.pools, case.shows
    for board, table in case.standings.items():
        wanted, given = same_columns(table, result.standings[board])
        assert given == wanted, case.shows
    if case.prizes is not None:
        wanted, given = same_columns(case.prizes, result.prizes)
        assert given == wanted, case.shows


DROPPING = [case for case in CASES if case.dropped is not None]


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=list(RUNNERS))
@pytest.mark.parametrize("case", DROPPING, ids=[case.name for case in DROPPING])
def test_waiting_refunds_that_took_nothing_are_reported(case: Case, runner: Runner) -> None:
    result = runner(case.season_text, case.events, case.until_us)

    assert result.dropped == case.dropped, case.shows
