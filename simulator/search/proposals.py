"""Proposals: which values to try next: spread evenly at first, then where Optuna expects most."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.stats import qmc

from simulator.search.search_space import SearchSpace
from simulator.search.variants import Places, Variant, Variants

if TYPE_CHECKING:
    import optuna

TRIES: Final = 8
"""How many proposals to make for each new one wanted, before giving up."""


def every(space: SearchSpace) -> Iterator[Places]:
    """List all combinations."""
    yield from itertools.product(*(range(len(knob.options)) for knob in space.knobs))


def spread_evenly(space: SearchSpace, count: int, seed: int) -> Iterator[Places]:
    """List combinations of a scrambled Sobol sequence, TRIES × count of them or more."""
    sobol = qmc.Sobol(len(space.knobs), rng=np.random.default_rng(seed))
    points = sobol.random_base2(max(1, math.ceil(math.log2(max(2, TRIES * count)))))
    lengths = np.array([len(knob.options) for knob in space.knobs])
    for row in np.minimum((points * lengths).astype(np.int64), lengths - 1).tolist():
        yield tuple(row)


def new_ones(variants: Variants, proposed: Iterator[Places], count: int) -> list[Variant]:
    """Take proposals not tried before until so many of them are valid season files."""
    found: list[Variant] = []
    for places in proposed:
        if len(found) == count:
            break
        if not variants.known(places):
            made = variants.make(places)
            if made.season is not None:
                found.append(made)
    return found


class Sampler:
    """Proposes values by Optuna's tree-structured Parzen estimator.

    Trials are asked for in batches of a fixed size and told in the order asked, so that what is
    proposed doesn't depend on which run ends first.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = space
        sampler = optuna.samplers.TPESampler(seed=seed % 2**32, n_startup_trials=1)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)

    def ask(self, variants: Variants, count: int) -> list[tuple[optuna.Trial, Variant]]:
        """Propose up to `count` files not tried before; what is invalid or known is told at once.

        Gives fewer where nothing new comes up in TRIES proposals for each.
        """
        import optuna

        found: list[tuple[optuna.Trial, Variant]] = []
        for _ in range(TRIES * count):
            if len(found) == count:
                break
            trial = self._study.ask()
            places = tuple(self._suggested(trial))
            known = variants.known(places)
            variant = variants.make(places)
            if known or variant.season is None:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                found.append((trial, variant))
        return found

    def _suggested(self, trial: optuna.Trial) -> Iterator[int]:
        for nth, knob in enumerate(self._space.knobs):
            last = len(knob.options) - 1
            if knob.ordered:
                yield trial.suggest_int(str(nth), 0, last)
            else:
                yield trial.suggest_categorical(str(nth), tuple(range(last + 1)))

    def show(self, places: Places, goal: float, excesses: Sequence[float]) -> None:
        """Tell what a file came to that wasn't asked for."""
        if None in places:
            return
        params: Mapping[str, Any] = {str(nth): place for nth, place in enumerate(places)}
        self._study.enqueue_trial(dict(params))
        trial = self._study.ask()
        tuple(self._suggested(trial))
        self.tell(trial, goal, excesses)

    def tell(self, trial: optuna.Trial, goal: float, excesses: Sequence[float]) -> None:
        """Tell what a file came to: its objective, more being better, and each budget's excess."""
        for nth, excess in enumerate(excesses):
            trial.set_constraint(str(nth), excess)
        self._study.tell(trial, goal)


def neighbours(space: SearchSpace, places: Places) -> Iterator[Places]:
    """List the combinations one step of one knob away; the first and last options from today's."""
    for nth, knob in enumerate(space.knobs):
        last = len(knob.options) - 1
        place = places[nth]
        near: Sequence[int] = range(last + 1)
        if knob.ordered:
            near = (0, last) if place is None else (place - 1, place + 1)
        for one in near:
            if 0 <= one <= last:
                yield (*places[:nth], one, *places[nth + 1 :])
