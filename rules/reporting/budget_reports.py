"""Budget and prize reports: what is used of what there is, and what has been won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.ranks.prizes import Award, tax_fen, unit_cost_fen
from rules.reporting.report_query import Query
from rules.reporting.report_tables import Kind, Part, finished, keyed, ratio

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable


def gather_budgets(table: MemberTable, _query: Query) -> Part:
    """Gather what is used of every pool, and how many members had to be skipped by whom."""
    pools = table.rules.pool_rules.pools
    return {
        "budgets": keyed(
            {"budget": [one.id for one in pools], "measure": [one.measure for one in pools]},
            {"used": np.array([int(used) for used in table.pools.used], dtype=np.int64)},
        )
    }


def report_budgets(part: Part, rules: Rules, _query: Query) -> pa.Table:
    """Tell what is used and left of every budget and stock; a cost in yuan, else pieces."""
    used = {(row["budget"], row["measure"]): row["used"] for row in part["budgets"].to_pylist()}
    columns: dict[str, Kind] = {
        "budget": "text",
        "measure": "text",
        "per": "text",
        "used": "count",
        "limit": "count",
        "used_yuan": "yuan",
        "limit_yuan": "yuan",
        "used_share": "number",
    }
    rows = []
    for pool in rules.pool_rules.pools:
        taken = used.get((pool.id, pool.measure), 0)
        unit = "_yuan" if pool.measure == "cost" else ""
        rows.append(
            {
                "budget": pool.id,
                "measure": pool.measure,
                "per": pool.per or "",
                f"used{unit}": taken,
                f"limit{unit}": pool.limit,
                "used_share": ratio(taken, pool.limit),
            }
        )
    return finished(columns, rows)


def gather_prizes(table: MemberTable, _query: Query) -> Part:
    """Gather the prizes members here have won, by board, reward and how far the claim is."""
    desk = table.prize_desk
    lapsed = table.clock_us >= desk.deadline_us
    won = list(desk.won.values())
    return {
        "prizes": keyed(
            {
                "board": [one.board for one in won],
                "reward": [one.reward for one in won],
                "state": [one.state or ("lapsed" if lapsed else "won") for one in won],
            },
            {"prizes": np.ones(len(won), dtype=np.int64)},
        )
    }


def of_awards(awards: Sequence[Award]) -> Part:
    """Make the part of prizes that nobody was told of yet, as they stand."""
    return {
        "prizes": keyed(
            {
                "board": [one.board for one in awards],
                "reward": [one.reward for one in awards],
                "state": ["provisional"] * len(awards),
            },
            {"prizes": np.ones(len(awards), dtype=np.int64)},
        )
    }


def report_prizes(part: Part, rules: Rules, _query: Query) -> pa.Table:
    """Tell what has been won and at what cost, by board, reward and state of the claim."""
    columns: dict[str, Kind] = {
        "board": "text",
        "reward": "text",
        "state": "text",
        "prizes": "count",
        "unit_cost_yuan": "yuan",
        "tax_yuan": "yuan",
        "total_yuan": "yuan",
    }
    rows = []
    for row in part["prizes"].to_pylist():
        reward = rules.season.rewards.get(row["reward"])
        cost_fen = 0 if reward is None else unit_cost_fen(rules.season, reward)
        own_tax_fen = 0 if reward is None else tax_fen(reward, cost_fen)
        rows.append(
            {
                **row,
                "unit_cost_yuan": cost_fen,
                "tax_yuan": own_tax_fen,
                "total_yuan": row["prizes"] * (cost_fen + own_tax_fen),
            }
        )
    return finished(columns, rows)
