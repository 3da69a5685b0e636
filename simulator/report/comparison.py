"""Comparison: two season files over the same members and draws, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulator.play.run_result import FIGURES, SEGMENTS, RunResult, result_hash
from simulator.report.answers import anyway_fen
from simulator.report.paired import Difference, difference
from simulator.report.spread import Spread, spread_of

TELLS_FROM_FEN: Final = 100
"""A member is said to win or lose where the reward differs by as much as this."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many of a group win and lose by one measure, and how much together.

    `measure` is `reward_fen` (points at their worth, discounts, coupons and prizes), `points`
    or `prize_fen`; gains and losses are in its unit, losses below 0.
    """

    group: str
    measure: str
    members: Spread
    winners: Spread
    losers: Spread
    gained: Spread
    lost: Spread
    net: Spread
    """All differences together, the small ones too."""


@dataclass(frozen=True, slots=True)
class TierMove:
    """How many members end on one level under the base and on another under the candidate."""

    base: str
    candidate: str
    members: Spread


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changes from base to candidate; every figure paired by seed."""

    base: tuple[RunResult, ...]
    candidate: tuple[RunResult, ...]
    figures: Mapping[str, Difference]
    everyone: tuple[Moved, ...]
    by_kind: tuple[Moved, ...]
    by_segment: tuple[Moved, ...]
    tiers: tuple[TierMove, ...]
    anyway_by_kind: Mapping[str, Difference]
    anyway_by_segment: Mapping[str, Difference]
    result: tuple[str, str]
    """The hashes of both files' runs."""
    prizes_kept: Spread | None
    """Share of the base's winners who take a prize under the candidate too; None without any."""

    @property
    def identical(self) -> bool:
        """Tell whether every figure of every seed and every member's row is the same."""
        return all(one.reading == "none" for one in self.figures.values()) and all(
            np.array_equal(column, other.members[name])
            for one, other in zip(self.base, self.candidate, strict=True)
            for name, column in one.members.items()
        )


def compare(base: Sequence[RunResult], candidate: Sequence[RunResult]) -> Comparison:
    """Pair the runs of two files, in the order of their seeds.

    Raises:
        ValueError: the runs are not of the same seeds and number of members.
    """
    seeds = [run.seed for run in base]
    if seeds != [run.seed for run in candidate] or not seeds:
        raise ValueError(f"seeds {seeds} and {[run.seed for run in candidate]}: must be the same")
    for one, other in zip(base, candidate, strict=True):
        if len(one.members["kind"]) != len(other.members["kind"]):
            raise ValueError(f"seed {one.seed}: both files must be run with as many members")
    names = [name for name in FIGURES if name in base[0].figures]
    figures = {
        name: difference(
            [run.figures[name] for run in base], [run.figures[name] for run in candidate]
        )
        for name in names
    }
    pairs = [(one.members, other.members) for one, other in zip(base, candidate, strict=True)]
    kinds, segments = base[0].kinds, SEGMENTS
    return Comparison(
        tuple(base),
        tuple(candidate),
        figures,
        tuple(_moved(pairs, "", None)),
        tuple(_groups(pairs, "kind", kinds)),
        tuple(_groups(pairs, "segment", segments)),
        tuple(_tier_moves(base, candidate)),
        _anyway(pairs, "kind", kinds),
        _anyway(pairs, "segment", segments),
        (result_hash(base), result_hash(candidate)),
        _kept(pairs),
    )


Columns = Mapping[str, npt.NDArray[Any]]
Pairs = Sequence[tuple[Columns, Columns]]


def _groups(pairs: Pairs, by: str, names: Sequence[str]) -> list[Moved]:
    """Tell who wins and loses in every group that has members."""
    found = []
    for place, name in enumerate(names):
        masks = [one[by] == place for one, _ in pairs]
        if any(mask.any() for mask in masks):
            found += _moved(pairs, name, masks)
    return found


def _moved(pairs: Pairs, group: str, masks: Sequence[npt.NDArray[np.bool_]] | None) -> list[Moved]:
    found = []
    for measure, tells_from in (("reward_fen", TELLS_FROM_FEN), ("points", 1), ("prize_fen", 1)):
        rows: list[tuple[float, ...]] = []
        for nth, (one, other) in enumerate(pairs):
            gaps = other[measure].astype(np.int64) - one[measure].astype(np.int64)
            if masks is not None:
                gaps = gaps[masks[nth]]
            up, down = gaps[gaps >= tells_from], gaps[gaps <= -tells_from]
            sums = (float(up.sum()), float(down.sum()), float(gaps.sum()))
            rows.append((len(gaps), len(up), len(down), *sums))
        found.append(
            Moved(group, measure, *(spread_of(values) for values in zip(*rows, strict=True)))
        )
    return found


def _tier_moves(base: Sequence[RunResult], candidate: Sequence[RunResult]) -> list[TierMove]:
    """Count members by the level they end on under each file, leaving out empty pairs."""
    before, after = base[0].levels, candidate[0].levels
    counts = np.array(
        [
            np.bincount(
                one.members["level"].astype(np.int64) * len(after) + other.members["level"],
                minlength=len(before) * len(after),
            )
            for one, other in zip(base, candidate, strict=True)
        ]
    )
    return [
        TierMove(before[place // len(after)], after[place % len(after)],
                 spread_of(counts[:, place].tolist()))
        for place in np.flatnonzero(counts.any(axis=0)).tolist()
    ]  # fmt: skip


def _anyway(pairs: Pairs, by: str, names: Sequence[str]) -> dict[str, Difference]:
    """Compare what goes to visits that would have happened anyway, fen, by group."""
    worth = [(anyway_fen(one), anyway_fen(other)) for one, other in pairs]
    found = {}
    for place, name in enumerate(names):
        masks = [one[by] == place for one, _ in pairs]
        if not any(mask.any() for mask in masks):
            continue
        found[name] = difference(
            [float(one[mask].sum()) for (one, _), mask in zip(worth, masks, strict=True)],
            [float(other[mask].sum()) for (_, other), mask in zip(worth, masks, strict=True)],
        )
    return found


def _kept(pairs: Pairs) -> Spread | None:
    shares = []
    for one, other in pairs:
        winners = one["prize_fen"] > 0
        if winners.any():
            shares.append(float((other["prize_fen"][winners] > 0).mean()))
    return spread_of(shares) if len(shares) == len(pairs) else None
