"""Halving: many files on few seeds, the better ones on more, the best on most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from simulator.search.scores import Scores
from simulator.search.variants import Variant

KEPT_SHARE: Final = 1 / 3
KEPT_LEAST: Final = 3


def halve(
    variants: Sequence[Variant], champion: Variant, scores: Scores, rungs: Sequence[int],
    kept_least: int = KEPT_LEAST,
) -> Variant:  # fmt: skip
    """Play files rung by rung, a third going on each time, and give the champion afterwards.

    The champion plays every rung too, so that each file meets it on the same draws; one that does
    worse there, its whole 95 % interval, goes no further.
    """
    alive = list(variants)
    for nth, seeds in enumerate(rungs):
        if not alive:
            break
        scores.play([champion, *alive], seeds)
        alive.sort(key=scores.rank)
        if nth + 1 < len(rungs):
            keep = max(kept_least, math.ceil(len(alive) * KEPT_SHARE))
            alive = [one for one in alive[:keep] if not beaten(one, champion, scores)]
    return min([champion, *alive], key=scores.rank)


def beaten(variant: Variant, champion: Variant, scores: Scores) -> bool:
    """Tell whether a file is surely worse than a champion that keeps the budgets."""
    if not scores.feasible(champion):
        return False
    reading = scores.against(variant, champion).reading
    return reading == ("less" if scores.objective.sign > 0 else "more")
