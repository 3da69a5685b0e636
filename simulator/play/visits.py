"""Visits: who comes on which day and when, in the season and in the arm without it."""

from __future__ import annotations

import numpy as np

from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.persons import Persons
from simulator.play.demand import Arrivals
from simulator.play.local_days import LocalDays
from simulator.play.stage import by_first_day


class Visits:
    """The arrivals of those who don't react to a programme, and twice of those who do.

    `moved` int64[k] are the rows of those who react; `unaided` are their arrivals without any
    programme. last_us int64[members] is when each one came last: who lets them come keeps it.
    elapsed float64[k] is the hazard since the last visit of members a run goes on with.
    """

    def __init__(
        self,
        keyed: Keyed,
        shape: float,
        persons: Persons,
        local_days: LocalDays,
        last_us: Ints,
        elapsed: Floats | None = None,
    ) -> None:
        self.last_us = last_us
        self.moved = np.flatnonzero(persons.theta > 0)
        self._steady = np.flatnonzero(persons.theta == 0)
        self._keyed, self._shape, self._persons = keyed, shape, persons
        self._local_days, self._elapsed = local_days, elapsed
        self._steady_visits = self._arrivals(self._steady)
        self._moved_visits = self._arrivals(self.moved)
        self.unaided = self._arrivals(self.moved)
        self._starters = by_first_day(persons.members.first_day)
        self._place = np.zeros(len(persons), dtype=np.int64)
        self._place[self.moved] = np.arange(len(self.moved))
        self._place[self._steady] = np.arange(len(self._steady))

    def begin(self, nth: int) -> Ints:
        """Wake those whose first day is the nth, in both arms; gives their rows."""
        starters = self._starters.get(nth, np.zeros(0, dtype=np.int64))
        at_once = ~self._persons.members.opening[starters]
        moved = self._persons.theta[starters] > 0
        begun = self._place[starters]
        for arrivals, of in (
            (self._steady_visits, ~moved), (self._moved_visits, moved), (self.unaided, moved),
        ):  # fmt: skip
            elapsed = None if nth else self._elapsed_of(starters[of])
            arrivals.begin(begun[of], at_once=at_once[of], elapsed=elapsed)
        return starters

    def pull(self, rows: Ints) -> None:
        """Bring members who react back on the day that comes next."""
        self._moved_visits.pull(self._place[rows])

    def come(self, nth: int, incentive: Floats | float) -> tuple[Ints, Ints, Ints]:
        """Give who comes on a day, which of their visits it is and when, int64[n] each, in µs."""
        exposure = self._local_days.exposure(nth)
        place, visit = self._steady_visits.day(exposure)
        moved_place, moved_visit = self._moved_visits.day(exposure, incentive)
        who = np.concatenate([self._steady[place], self.moved[moved_place]])
        visit = np.concatenate([visit, moved_visit])
        second = self._local_days.visit_seconds(
            nth,
            self._keyed.uniforms(Purpose.VISIT_TIME, who, visit),
            self._keyed.uniforms(Purpose.NIGHT, who, visit),
            self._persons.members.night_share[who],
        )
        return who, visit, self._local_days.at_us(nth, second)

    def _arrivals(self, rows: Ints) -> Arrivals:
        people = self._persons.members
        return Arrivals(
            self._keyed, Purpose.VISIT_GAP, rows, people.visit_rate[rows],
            shape=self._shape, drop_out=people.drop_out[rows],
        )  # fmt: skip

    def _elapsed_of(self, rows: Ints) -> Floats | None:
        """Give the hazard since the last visit, negative for who has none."""
        if self._elapsed is None:
            return None
        found = np.full(len(rows), -1.0)
        held = rows < len(self._elapsed)
        found[held] = self._elapsed[rows[held]]
        return found
