"""App acts: what members do apart from buying: enrol, tasks, claims, referrals."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import TYPE_CODES, Rules
from simulator.people.keyed import Ints, Keyed, Purpose
from simulator.people.members import DAYS_PER_MONTH
from simulator.people.persons import Persons
from simulator.people.population import Population
from simulator.people.quantiles import pick
from simulator.play.acts import LINES_MAX, NUMBERS_MAX, Acts, Details, Series, acts_of
from simulator.play.demand import Arrivals
from simulator.play.local_days import US, LocalDays

_ENROLS_BEFORE_US: Final = 60 * US
_REFERRED_AFTER_US: Final = US
_TASKS: Final = ("check_in", "browse", "share", "survey", "review")


class AppActs:
    """Plays a day of the app; what the season pays nothing for isn't played."""

    def __init__(
        self,
        keyed: Keyed,
        population: Population,
        rules: Rules,
        persons: Persons,
        local_days: LocalDays,
    ) -> None:
        self._keyed = keyed
        self._population = population
        self._rules = rules
        self._persons = persons
        self._local_days = local_days
        members = persons.members
        self._paid = [name for name in _TASKS if rules.task_of_type[TYPE_CODES[name]] >= 0]
        self._doers = np.flatnonzero(members.task_rate > 0)
        self._tasks = Arrivals(
            keyed, Purpose.TASK_GAP, self._doers, members.task_rate[self._doers], shape=1.0
        )
        self._place = np.full(len(persons), -1, dtype=np.int64)
        self._place[self._doers] = np.arange(len(self._doers))
        self._claimable = [one.id for one in rules.season.coupons if one.claim is not None]
        self._advocates = np.flatnonzero(members.opening & (members.task_rate > 0))
        self.referred = self._drawn_referees()

    def _drawn_referees(self) -> npt.NDArray[np.bool_]:
        """Mark the newcomers whom somebody refers as they enrol, bool[members]."""
        members = self._persons.members
        found = np.zeros(len(self._persons), dtype=np.bool_)
        if self._rules.referral is not None and len(self._advocates):
            rows = np.flatnonzero(members.enrols & ~members.opening)
            draw = self._keyed.uniforms(Purpose.REFERRED, rows)
            found[rows] = draw < self._population.referring.referred_share
        return found

    def day(self, nth: int, starters: Ints, first_visit_us: Ints, details: Details) -> list[Acts]:
        """Play the day nth from the start.

        starters int64[k] are there from today; first_visit_us int64[k] their first visit today,
        the greatest int64 for none.
        """
        begun = self._place[starters]
        begun = begun[begun >= 0]
        self._tasks.begin(begun, at_once=np.zeros(len(begun), dtype=np.bool_))
        return [
            *self._enrolments(nth, starters, first_visit_us, details),
            *self._task_acts(nth),
            *self._claims(nth, details),
        ]

    def _enrolments(
        self, nth: int, starters: Ints, first_visit_us: Ints, details: Details
    ) -> list[Acts]:
        """Let the day's newcomers enrol, and tell what is known of those who are members already.

        Who was a member before the first day has had trial and welcome long ago: an update tells
        their attributes and starts neither.
        """
        members = self._persons.members
        known = members.enrols[starters]
        opening = starters[known & members.opening[starters]]
        new = known & ~members.opening[starters]
        rows, first_us = starters[new], first_visit_us[new]
        starts_us = int(self._local_days.starts_us[nth])
        drawn = self._keyed.uniforms(Purpose.ENROL_TIME, rows)
        at_us = self._local_days.at_us(nth, self._local_days.seconds(nth, drawn))
        at_us = np.maximum(np.minimum(at_us, first_us - _ENROLS_BEFORE_US), starts_us)
        return [
            acts_of("update", opening, np.full(len(opening), starts_us), Series.JOIN, 0),
            acts_of("enrol", rows, at_us, Series.JOIN, 0),
            self._referrals(rows, at_us, details),
        ]

    def _referrals(self, rows: Ints, at_us: Ints, details: Details) -> Acts:
        """Let members of the first day refer some newcomers, who would have come anyway."""
        chosen = np.flatnonzero(self.referred[rows])
        which = self._keyed.uniforms(Purpose.ADVOCATE, rows[chosen])
        place = (which * max(len(self._advocates), 1)).astype(np.int64)
        more = [details.add(ref=self._persons.ids[row]) for row in rows[chosen].tolist()]
        # Number and line are the referee's, so that one advocate's referrals differ.
        line, number = np.divmod(rows[chosen], NUMBERS_MAX - 1)
        return acts_of(
            "referral", self._advocates[place], at_us[chosen] + _REFERRED_AFTER_US, Series.JOIN,
            number + 1, line % LINES_MAX, more=np.array(more, dtype=np.int64),
        )  # fmt: skip

    def _task_acts(self, nth: int) -> list[Acts]:
        """Play the tasks that the season pays for."""
        figures = self._population.tasks
        place, number = self._tasks.day(1.0)
        row = self._doers[place]
        shares = np.array([getattr(figures, f"{name}_share") for name in _TASKS])
        which = pick(self._keyed.uniforms(Purpose.TASK_TYPE, row, number), shares)
        wanted = np.isin(which, [_TASKS.index(name) for name in self._paid])
        row, number, which = row[wanted], number[wanted], which[wanted]
        time = self._keyed.uniforms(Purpose.TASK_TIME, row, number)
        at_us = self._local_days.at_us(nth, self._local_days.seconds(nth, time))
        home = self._persons.members.station[row]
        found = []
        for name in self._paid:
            at = np.flatnonzero(which == _TASKS.index(name))
            columns: dict[str, npt.NDArray[Any]] = {}
            if name in ("check_in", "survey", "review"):
                columns["station"] = home[at]
            if name == "survey":
                draw = self._keyed.uniforms(Purpose.SURVEY_SCORE, row[at], number[at])
                columns["score"] = pick(draw, np.array(figures.survey_scores))
            found.append(acts_of(name, row[at], at_us[at], Series.TASK, number[at], 0, **columns))
        return found

    def _claims(self, nth: int, details: Details) -> list[Acts]:
        """Let app users take coupons that anybody may claim."""
        if not self._claimable:
            return []
        chance = self._population.coupon_use.claims_per_month / DAYS_PER_MONTH
        draw = self._keyed.uniforms(Purpose.CLAIMS, self._doers, nth)
        rows = self._doers[(draw < chance) & (self._persons.members.first_day[self._doers] <= nth)]
        which = self._keyed.uniforms(Purpose.CLAIMED_COUPON, rows, nth)
        drawn = self._keyed.uniforms(Purpose.TASK_TIME, rows, nth)
        at_us = self._local_days.at_us(nth, self._local_days.seconds(nth, drawn))
        names = [self._claimable[int(one * len(self._claimable))] for one in which.tolist()]
        more = np.array([details.add(coupon=name) for name in names], dtype=np.int64)
        return [acts_of("claim", rows, at_us, Series.CLAIM, nth, more=more)]
