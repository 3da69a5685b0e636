"""Shared cards: several drivers fill on one account, to climb tiers and boards together."""

from __future__ import annotations

from typing import Final

from simulator.adversaries.agent import HOUR_US, Needs, Today, fill
from simulator.adversaries.agent_figures import SharedFigures
from simulator.adversaries.agent_till import Row
from simulator.people.keyed import Keyed

_ENROLS_US: Final = 6 * HOUR_US


class SharedCard:
    """Drivers on one account of the default kind; their honest twins have one each."""

    def __init__(
        self, keyed: Keyed, number: int, name: str, figures: SharedFigures, *, honest: bool
    ) -> None:
        self._needs = Needs(keyed, number, figures.visits_per_month, figures.litres_mean)
        self._drivers = int(figures.drivers)
        self.accounts = [f"{name}-{one}" for one in range(self._drivers if honest else 1)]

    def day(self, today: Today) -> list[Row]:
        """Fill each driver's tank on the account they use."""
        rows: list[Row] = []
        if today.nth == 0:
            at_us = today.from_us + _ENROLS_US
            rows = [today.till.event("enrol", one, at_us) for one in self.accounts]
        needs = [
            (need.at_us, driver, need)
            for driver in range(self._drivers)
            for need in self._needs.of(today, driver)
        ]
        for _, driver, need in sorted(needs, key=lambda one: one[:2]):
            rows += fill(today, self.accounts[driver % len(self.accounts)], need)
        return rows
