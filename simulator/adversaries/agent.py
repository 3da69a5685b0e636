"""Agent: one adversary, what it needs anyway, and what it sends on a day.

Every agent has an *honest twin*: the same persons with the same needs of fuel, who play by the
rules: an account each, one purchase a visit, no goods handed back. What the agent gets more than
its twin is the leak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from rules.season.season_models import SEASON_DAYS_MAX
from rules.table.member_table import MemberTable
from simulator.adversaries.agent_till import AgentTill, Row
from simulator.people.keyed import Keyed, Purpose
from simulator.people.members import DAYS_PER_MONTH

HOUR_US: Final = 3_600_000_000
_OPENS_US: Final = 7 * HOUR_US
_OPEN_HOURS: Final = 14
_PUMP_STEP_ML: Final = 10
PERSONS_MAX: Final = 100
"""Persons that one agent may be made of."""


@dataclass(frozen=True, slots=True)
class Today:
    """A day of the run: its number, local day from 1970, first instant, and the end of it."""

    nth: int
    day: int
    from_us: int
    to_us: int
    till: AgentTill

    @property
    def table(self) -> MemberTable:
        """Give the table as the day begins."""
        return self.till.table


@dataclass(frozen=True, slots=True)
class Need:
    """A fill that a person needs on a day, whatever the programme."""

    at_us: int
    litres_ml: int


class Needs:
    """Draws what the persons of one agent need, by the seed and the agent's number alone."""

    def __init__(
        self, keyed: Keyed, number: int, visits_per_month: float, litres_mean: float
    ) -> None:
        self.keyed, self.number = keyed, number
        self._daily = visits_per_month / DAYS_PER_MONTH
        self._litres_mean = litres_mean
        self._comes: dict[int, npt.NDArray[np.bool_]] = {}

    def of(self, today: Today, person: int = 0) -> list[Need]:
        """List the fills of a person on a day: none or one, from 0.7 to 1.3 of the mean.

        After the season nobody fills, as the population doesn't.
        """
        if today.from_us >= today.till.rules.ends_us:
            return []
        if person not in self._comes:
            # All days at once: a draw by itself costs as much as a season of them.
            days = np.arange(SEASON_DAYS_MAX + 1, dtype=np.int64)
            key = np.full(len(days), self.number * PERSONS_MAX + person, dtype=np.int64)
            self._comes[person] = self.keyed.uniforms(Purpose.AGENT_VISIT, key, days) < self._daily
        if not self._comes[person][today.nth]:
            return []
        second = int(self.draw(Purpose.AGENT_TIME, today.nth, person) * _OPEN_HOURS * 3600)
        share = 0.7 + 0.6 * self.draw(Purpose.AGENT_LITRES, today.nth, person)
        litres_ml = round(self._litres_mean * share * 1000 / _PUMP_STEP_ML) * _PUMP_STEP_ML
        at_us = today.from_us + _OPENS_US + second * 1_000_000
        return [Need(at_us, litres_ml)] if at_us < today.to_us else []

    def draw(self, purpose: Purpose, nth: int, person: int = 0) -> float:
        """Draw one uniform of a person and a day."""
        key = np.array([self.number * PERSONS_MAX + person], dtype=np.int64)
        return float(self.keyed.uniforms(purpose, key, nth)[0])


class Agent(Protocol):
    """One adversary; `accounts` names every member it may act as."""

    @property
    def accounts(self) -> Sequence[str]:
        """Name its accounts."""

    def day(self, today: Today) -> list[Row]:
        """Say what it sends on a day, within it."""


def fill(today: Today, account: str, need: Need) -> list[Row]:
    """Do what an honest member does on a visit: one purchase, with the coupon that gives most."""
    coupon = today.till.best_coupon(account, need.litres_ml, need.at_us)
    return today.till.buy(account, need.litres_ml, need.at_us, coupon)


def parts_of(litres_ml: int, count: int) -> list[int]:
    """Cut a fill into parts, all but the last of whole litres, so that rounding takes nothing.

    >>> parts_of(35_200, 3), parts_of(1_500, 3)
    ([11000, 11000, 13200], [1500])
    """
    whole = litres_ml // 1000 // count * 1000
    if not whole:
        return [litres_ml]
    return [*[whole] * (count - 1), litres_ml - whole * (count - 1)]
