"""Simulation files: summary.json and the tables of a simulation, over all its runs.

A table has a row for each key and figure: the keys of the run's table, `figure`, and the figure's
mean, low, high, p50 and p95 over the runs; a row that a run doesn't have counts as 0 there.
"""

from __future__ import annotations

import csv
import json
import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.people.population import Population, Value
from simulator.play.run_result import RunResult, result_hash
from simulator.report.spread import STATISTICS, Spread, spread_of

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "months": ("month",),
    "liability": ("earned_month",),
    "tiers": ("tier",),
    "flows": ("month", "from", "to"),
    "kinds": ("kind",),
    "prizes": ("board", "place", "reward", "unit_cost_fen", "tax_fen"),
    "cutoffs": ("board", "first_place", "last_place", "reward"),
    "budgets": ("id", "measure", "limit"),
    "coupons": ("coupon",),
    "events": ("type", "status", "reason"),
}
"""What names a row of each table; the other columns are figures."""
_NO_FIGURES: Final = ("member", "holder", "rank")


def tell(runs: Sequence[RunResult], members: int, population: Population) -> dict[str, Any]:
    """Sum the runs up: what summary.json holds."""
    first = runs[0]
    names = [name for name in first.figures if name != "members"]
    figures = population.parameters
    return {
        "season": first.season,
        "members": members,
        "days": first.days,
        "seeds": [run.seed for run in runs],
        "effects": list(first.effects),
        **{name: spread_of([run.figures[name] for run in runs]) for name in names},
        "result_hash": result_hash(runs),
        "rules_hash": first.rules_hash,
        "population": {path: _plain(one.value) for path, one in sorted(figures.items())},
        "versions": {name: version(name) for name in ("forecourt", "numpy", "pyarrow")}
        | {"python": platform.python_version()},
    }


def _plain(value: Value) -> float | list[float]:
    return list(value) if isinstance(value, tuple) else value


def write_simulation(
    out: Path,
    runs: Sequence[RunResult],
    members: int,
    population: Population,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write summary.json, with more put into it, and every table; return the summary."""
    out.mkdir(parents=True, exist_ok=True)
    for name in KEYS:
        _write_table(out, name, over_runs(name, [run.tables[name] for run in runs]))
    told = tell(runs, members, population) | dict(more or {})
    text = json.dumps(told, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    return told


def over_runs(name: str, tables: Sequence[pa.Table]) -> list[dict[str, Any]]:
    """Lay a table of each run out over the runs: a row for each key and figure.

    What a run can't tell (null) isn't told over the runs either: all five statistics are None.
    """
    keys = KEYS[name]
    figures = [one for one in tables[0].column_names if one not in (*keys, *_NO_FIGURES)]
    values: dict[tuple[Any, ...], dict[str, list[float]]] = {}
    for nth, table in enumerate(tables):
        for row in table.to_pylist():
            held = values.setdefault(
                tuple(row[key] for key in keys),
                {figure: [0.0] * len(tables) for figure in figures},
            )
            for figure in figures:
                held[figure][nth] = math.nan if row[figure] is None else float(row[figure])
    return [
        dict(zip(keys, key, strict=True)) | {"figure": figure} | _rounded(spread_of(numbers))
        for key, held in values.items()
        for figure, numbers in held.items()
    ]


def _rounded(spread: Spread) -> dict[str, float | None]:
    given = {name: spread[name] for name in STATISTICS}
    return {
        name: None if one is None or math.isnan(one) else float(f"{one:.10g}")
        for name, one in given.items()
    }


def _write_table(out: Path, name: str, rows: list[dict[str, Any]]) -> None:
    columns = (*KEYS[name], "figure", *STATISTICS)
    with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(columns)
        lines.writerows([_text(row[one]) for one in columns] for row in rows)
    numbers = dict.fromkeys(STATISTICS, pa.float64())
    table = {one: pa.array([row[one] for row in rows], numbers.get(one)) for one in columns}
    pq.write_table(pa.table(table), out / f"{name}.parquet")


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell)
