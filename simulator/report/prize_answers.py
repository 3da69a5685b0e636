"""Prize answers: what it takes to win each prize, and whether the winners are always the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.play.run_result import RunResult
from simulator.report.spread import Spread, spread_of


@dataclass(frozen=True, slots=True)
class PrizeSpan:
    """The prizes of one span of places: what it takes to get one, and how stable the winners are.

    `cutoff` is the score of the last who took one, over the runs; `low_score` and `high_score`
    its P5 and P95. `winners` counts the different members who took one in any run, `steady` is
    the mean share of two runs' winners who are the same; both None where runs can't be compared:
    teams, or other members in every run.
    """

    board: str
    first_place: int
    last_place: int
    reward: str
    given: Spread
    cutoff: Spread
    low_score: float
    high_score: float
    winners: int | None
    steady: float | None


def prize_spans(runs: Sequence[RunResult]) -> list[PrizeSpan]:
    """Tell of every span of prizes, in the order of the file."""
    comparable = len(runs) > 1 and same_members(runs)
    cuts = [run.tables["cutoffs"].to_pylist() for run in runs]
    prizes = [run.tables["prizes"].to_pylist() for run in runs]
    found = []
    for place, row in enumerate(cuts[0]):
        # Where nobody took a prize there is no score that it takes.
        scores = [float(one[place]["cutoff_score"]) for one in cuts if one[place]["given"]] or [0.0]
        takers = [
            {
                one["member"]
                for one in given
                if one["board"] == row["board"]
                and row["first_place"] <= one["place"] <= row["last_place"]
            }
            for given in prizes
        ]
        known = comparable and not any(-1 in taken for taken in takers)
        found.append(
            PrizeSpan(
                row["board"], row["first_place"], row["last_place"], row["reward"],
                spread_of([float(one[place]["given"]) for one in cuts]), spread_of(scores),
                float(np.quantile(scores, 0.05)), float(np.quantile(scores, 0.95)),
                len(frozenset().union(*takers)) if known else None,
                _overlap(takers) if known else None,
            )
        )  # fmt: skip
    return found


def same_members(runs: Sequence[RunResult]) -> bool:
    """Tell whether all runs played the very same members, so that winners can be compared."""
    first = runs[0].members
    names = ("kind", "theta", "first_day")
    return all(
        len(run.members["kind"]) == len(first["kind"])
        and all(np.array_equal(run.members[name], first[name]) for name in names)
        for run in runs[1:]
    )


def _overlap(takers: Sequence[set[int]]) -> float:
    """Give the mean share of winners that two runs have in common, over all pairs of runs."""
    found = [
        len(one & other) / max(1, len(one), len(other))
        for nth, one in enumerate(takers)
        for other in takers[nth + 1 :]
    ]
    return float(np.mean(found))


@dataclass(frozen=True, slots=True)
class PrizePlace:
    """One place: the score of who takes it, P5 to P95, and who that most often is."""

    board: str
    place: int
    reward: str
    score: Spread
    low_score: float
    high_score: float
    winners: int | None
    steady: float | None
    """Share of the runs in which the member who takes it most often does."""


def prize_places(runs: Sequence[RunResult]) -> list[PrizePlace]:
    """Tell of every place a prize is given for, by board and place."""
    comparable = len(runs) > 1 and same_members(runs)
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for run in runs:
        for one in run.tables["prizes"].to_pylist():
            rows.setdefault((one["board"], one["place"]), []).append(one)
    boards = list(dict.fromkeys(board for board, _ in rows))
    found = []
    for board, place in sorted(rows, key=lambda key: (boards.index(key[0]), key[1])):
        held = rows[board, place]
        scores = [float(one["score"]) for one in held]
        takers = Counter(one["member"] for one in held)
        known = comparable and -1 not in takers
        found.append(
            PrizePlace(
                board, place, held[0]["reward"], spread_of(scores),
                float(np.quantile(scores, 0.05)), float(np.quantile(scores, 0.95)),
                len(takers) if known else None,
                takers.most_common(1)[0][1] / len(runs) if known else None,
            )
        )  # fmt: skip
    return found
