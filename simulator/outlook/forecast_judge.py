"""Forecast judge: holds forecasts against how their season ended, and tells how often they hit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rules.reporting.intervals import wilson
from simulator.outlook.season_costs import TOTAL, SeasonEnd

LIKELY: Final = 0.05
"""A member whose chance at a prize is at least so much was named by the forecast."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one forecast did.

    cost_inside tells, by kind, whether the end lies from P5 to P95. Of the `winners` that were
    given prizes, the score of `in_band` lies in the band of their place; `named` are those the
    forecast gave a chance of LIKELY, None where it doesn't tell names.
    """

    as_of_us: int
    runs: int
    cost_inside: Mapping[str, bool]
    cost_fen: int
    cost_band: Mapping[str, float]
    winners: int
    in_band: int
    named: int | None

    def told(self) -> dict[str, Any]:
        """Lay the verdict out as plain values."""
        return {
            "as_of_us": self.as_of_us,
            "runs": self.runs,
            "cost_fen": self.cost_fen,
            "cost_band": dict(self.cost_band),
            "cost_inside": dict(self.cost_inside),
            "winners": self.winners,
            "winners_in_band": self.in_band,
            "winners_named": self.named,
        }


def judge(told: Mapping[str, Any], end: SeasonEnd, *, names: bool = True) -> Verdict:
    """Hold one forecast, as it was laid out, against the end; names says that it tells who."""
    costs = told["costs"]
    inside = {
        name: bool(costs[name]["p5"] <= fen <= costs[name]["p95"])
        for name, fen in end.costs.items()
    }
    bands = {(one["board"], one["place"]): one["score"] for one in told["places"]}
    in_band = sum(
        place in bands and bands[place]["p5"] <= score <= bands[place]["p95"]
        for place, score in end.scores.items()
    )
    likely = {one["holder"] for one in told["chances"] if one["chance"] >= LIKELY}
    won = [one.member for one in end.awards]
    return Verdict(
        told["as_of_us"], told["runs"], inside, end.costs[TOTAL], costs[TOTAL], len(end.scores),
        in_band, sum(one in likely for one in won) if names else None,
    )  # fmt: skip


def coverage(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Sum verdicts up: the share of costs inside, by kind, and of winners, with intervals."""
    count = len(verdicts)
    if not count:
        return {"forecasts": 0}
    hits = {
        name: wilson(sum(one.cost_inside[name] for one in verdicts), count)
        for name in verdicts[0].cost_inside
    }
    winners = sum(one.winners for one in verdicts)
    named = [one.named for one in verdicts if one.named is not None]
    return {
        "forecasts": count,
        "cost_inside": {
            name: {"share": one.value, "low": one.low, "high": one.high}
            for name, one in hits.items()
        },
        "winners": winners,
        "winners_in_band_share": sum(one.in_band for one in verdicts) / max(1, winners),
        "winners_named_share": sum(named) / max(1, winners) if len(named) == count else None,
        "cost_error_share": float(
            np.mean([one.cost_band["p50"] / max(1, one.cost_fen) - 1.0 for one in verdicts])
        ),
    }
