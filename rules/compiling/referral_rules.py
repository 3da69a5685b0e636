"""The `referral` section compiled: what an advocate is paid, and when not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.compiling.calendar import months_of_days, weeks_of_days
from rules.season.duration import Duration
from rules.season.season_models import Referral


@dataclass(frozen=True, slots=True)
class ReferralRules:
    """Points per referee, the order that earns them, the wait, the limit, what must differ.

    times is None without a limit, per one of day, week, month, season.
    """

    points: int
    order_min_fen: int
    hold: Duration
    times: int | None
    per: str
    distinct: tuple[str, ...]

    @classmethod
    def of(cls, section: Referral | None) -> ReferralRules | None:
        """Compile the section; None where the file has none."""
        if section is None:
            return None
        limit = section.limit
        return cls(
            points=section.advocate_points,
            order_min_fen=section.first_order_min_fen,
            hold=section.hold,
            times=None if limit is None else limit.times,
            per="season" if limit is None else limit.per,
            distinct=section.distinct,
        )

    def period(self, day: int) -> int:
        """Number the limit's period that a local day lies in."""
        if self.per == "day":
            return day
        if self.per == "week":
            return int(weeks_of_days(np.array([day]))[0])
        if self.per == "month":
            return int(months_of_days(np.array([day]))[0])
        return 0
