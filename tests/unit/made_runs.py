"""Runs made by hand: small results whose figures, tables and members a test knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from simulator.play.run_result import FIGURES, MEMBER_COLUMNS, TABLES, RunResult

KINDS = ("private", "taxi", "ride_hailing", "fleet", "enterprise", "staff")
LEVELS = ("silver", "gold", "platinum")


def made_run(
    seed: int = 1,
    figures: Mapping[str, float] | None = None,
    members: Mapping[str, Sequence[float]] | None = None,
    tables: Mapping[str, Sequence[tuple[Any, ...]]] | None = None,
) -> RunResult:
    """Make a run: figures, member columns and table rows not given are 0, 0 and none."""
    columns = dict(members or {})
    count = max((len(column) for column in columns.values()), default=3)
    given = dict(figures or {})
    assert given.keys() <= FIGURES.keys()
    assert columns.keys() <= MEMBER_COLUMNS.keys()
    rows = dict(tables or {})
    return RunResult(
        season="summer-2026",
        rules_hash="0" * 64,
        seed=seed,
        effects=("goal",),
        days=92,
        end_us=0,
        kinds=KINDS,
        levels=LEVELS,
        figures={name: float(given.get(name, 0.0)) for name in FIGURES},
        tables={
            name: pa.table(
                {
                    column: [row[place] for row in rows.get(name, ())]
                    for place, column in enumerate(names)
                }
            )
            for name, names in TABLES.items()
        },
        members={
            name: np.array(columns.get(name, np.zeros(count)), dtype=said.split(":")[0])
            for name, said in MEMBER_COLUMNS.items()
        },
        seconds={},
    )
