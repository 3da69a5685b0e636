"""Recalls: who comes back for what a dormancy trigger sent, and when."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from simulator.people.keyed import Ints, Keyed, Purpose
from simulator.people.persons import Persons
from simulator.people.population import Population


class Recalls:
    """Decides, as members are reached, who returns for it and on which day after.

    The share who return is `increment` of all who are reached; those who don't react to anything
    are not among them.
    """

    def __init__(self, keyed: Keyed, population: Population, persons: Persons) -> None:
        self._keyed = keyed
        self._figures = population.recall
        self._chance = self._figures.increment / max(1.0 - population.response.zero_share, 1e-9)
        self._theta = persons.theta
        self._due: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def reach(self, members: Ints, nth: int, day: int) -> None:
        """Decide on those reached on the day nth of the run, int64[k]; day counts from 1970."""
        members = members[members < len(self._theta)]
        members = members[self._theta[members] > 0]
        rows = members[self._keyed.uniforms(Purpose.RECALLED, members, day) < self._chance]
        within = round(self._figures.within_days)
        wait = (self._keyed.uniforms(Purpose.RECALL_DAY, rows, day) * within).astype(np.int64)
        for row, days in zip(rows.tolist(), wait.tolist(), strict=True):
            self._due[nth + days].append((row, nth))

    def due(self, nth: int) -> tuple[Ints, Ints]:
        """Take who is to come on a day: members, and the day each was reached, int64[k] each."""
        pairs = np.array(self._due.pop(nth, []), dtype=np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]
