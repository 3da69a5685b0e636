"""Aims: the figure a search makes as large or small as it can, and the limits it keeps.

An objective is FIGURE, `max:FIGURE` or `min:FIGURE`. A budget is `FIGURE<=LIMIT` or
`FIGURE>=LIMIT`; the figure may stand in `mean(…)`, `p50(…)`, `p95(…)` or `p05(…)`, and without one
it is judged on its bad side: P95 where it must stay below, P05 where it must stay above. The limit
is in the figure's own unit, or in per cent of what today's file gives: `active_members>=98%`. An
amount alone, `50000.00`, limits P95 of the whole cost, in the season's currency.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import numpy as np

from simulator.play.run_result import FIGURES

QUANTILES: Final = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
PLAINLY_GOOD: Final = (
    "margin_fen", "margin_gross_fen", "margin_gain_fen", "roi", "active_members", "new_members",
    "visits", "litres_ml", "amount_fen", "gross_fen", "lift_visits_share", "lift_litres_share",
)  # fmt: skip
"""Figures of which more is better without saying so."""

_OBJECTIVE: Final = re.compile(r"(?:(max|min):)?([a-z_]+)")
_BUDGET: Final = re.compile(
    r"(?:(mean|p05|p50|p95)\(([a-z_]+)\)|([a-z_]+))\s*(<=|>=)\s*(-?\d+(?:\.\d+)?)(%?)"
)
_AMOUNT: Final = re.compile(r"\d+(?:\.\d{1,2})?")


def statistic_of(values: Sequence[float], statistic: str) -> float:
    """Sum up a figure's values, one a seed.

    >>> statistic_of([1.0, 2.0, 6.0], "mean"), statistic_of([1.0, 2.0, 6.0], "p50")
    (3.0, 2.0)
    """
    if statistic == "mean":
        return float(np.mean(values))
    return float(np.quantile(values, QUANTILES[statistic]))


@dataclass(frozen=True, slots=True)
class Objective:
    """A figure whose mean is to be as large (`sign` 1) or as small (−1) as it can be."""

    figure: str
    sign: int

    def __str__(self) -> str:
        return f"{'max' if self.sign > 0 else 'min'}:{self.figure}"


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit on one figure; `limit` is a share of today's where `of_today`."""

    figure: str
    statistic: str
    at_most: bool
    limit: float
    of_today: bool = False

    def __str__(self) -> str:
        limit = f"{self.limit * 100:g}%" if self.of_today else f"{self.limit:.10g}"
        return f"{self.statistic}({self.figure}){'<=' if self.at_most else '>='}{limit}"

    def bound(self, today: float) -> float:
        """Give the limit in the figure's unit; `today` is what today's file gives."""
        return self.limit * today if self.of_today else self.limit

    def excess(self, value: float, today: float) -> float:
        """Tell how far a value is beyond the limit, in shares of it; 0 or less keeps it."""
        bound = self.bound(today)
        gap = value - bound if self.at_most else bound - value
        return gap / (abs(bound) or 1.0)


def read_objective(text: str) -> Objective:
    """Read an objective.

    >>> str(read_objective("margin_fen"))
    'max:margin_fen'

    Raises:
        ValueError: it isn't one, or doesn't say which way is better.
    """
    found = _OBJECTIVE.fullmatch(text.strip())
    if found is None:
        raise ValueError("must be a figure, such as margin_fen, or max: or min: before one")
    way, figure = found[1], _known(found[2])
    if way is None and figure not in PLAINLY_GOOD:
        raise ValueError(f"write min:{figure} or max:{figure}: which way is better isn't plain")
    return Objective(figure, -1 if way == "min" else 1)


def read_budget(text: str) -> Budget:
    """Read a budget.

    >>> str(read_budget("cost_total_fen <= 5000000")), str(read_budget("mean(visits)>=98%"))
    ('p95(cost_total_fen)<=5000000', 'mean(visits)>=98%')
    >>> str(read_budget("50000.00"))
    'p95(cost_total_fen)<=5000000'

    Raises:
        ValueError: it isn't one.
    """
    text = text.strip()
    if _AMOUNT.fullmatch(text):
        return Budget("cost_total_fen", "p95", at_most=True, limit=round(float(text) * 100))
    found = _BUDGET.fullmatch(text)
    if found is None:
        raise ValueError(
            "must be FIGURE<=LIMIT or FIGURE>=LIMIT, such as cost_total_fen<=5000000, "
            "mean(visits)>=98%, or an amount of money alone"
        )
    at_most = found[4] == "<="
    statistic = found[1] or ("p95" if at_most else "p05")
    of_today = bool(found[6])
    limit = float(found[5]) / 100 if of_today else float(found[5])
    return Budget(_known(found[2] or found[3]), statistic, at_most, limit, of_today)


def _known(figure: str) -> str:
    if figure in FIGURES:
        return figure
    close = get_close_matches(figure, FIGURES, n=1, cutoff=0.5)
    meant = f": did you mean {close[0]}?" if close else ""
    raise ValueError(f"{figure!r} is no figure{meant} Known: {', '.join(FIGURES)}")
