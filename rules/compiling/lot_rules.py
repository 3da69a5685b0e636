"""Lot rules: how long a season file lets points live."""

from __future__ import annotations

from dataclasses import dataclass

from rules.compiling.calendar import Calendar
from rules.season.duration import Duration


@dataclass(frozen=True, slots=True)
class LotRules:
    """When lots expire; without an expiry none is kept."""

    expire_after: Duration | None
    calendar: Calendar

    def expiry_day(self, day: int) -> int:
        """Give the local day at whose beginning a lot of a day expires.

        It is the day after the one `expire_after` later, which the lot still sees.
        """
        assert self.expire_after is not None
        return self.calendar.day_after(day, self.expire_after) + 1
