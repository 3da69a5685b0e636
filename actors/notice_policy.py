"""Notice policy: when members aren't to be disturbed, and how many notices a week are enough."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from rules.compiling.calendar import DAY_US, MINUTE_US, Calendar
from rules.notices.notice_book import ALWAYS_TOLD, Notice
from rules.season.season_models import Season
from rules.season.where import Hours

WEEK_US: Final = 7 * DAY_US
SEND, DROPPED, OUTDATED = "send", "dropped", "outdated"


def quiet_until(calendar: Calendar, hours: Hours | None, at_us: int) -> int:
    """Give the first instant from one on that lies outside the quiet hours.

    Hours are the programme's local ones, half-open, and may cross midnight.
    """
    if hours is None:
        return at_us
    wall_us = int(calendar.wall(np.array([at_us]))[0])
    day, minute = wall_us // DAY_US, wall_us % DAY_US // MINUTE_US
    start, end = hours.start_minute, hours.end_minute
    crosses = end < start
    quiet = (minute >= start or minute < end) if crosses else start <= minute < end
    if not quiet:
        return at_us
    ends_day = day + 1 if crosses and minute >= start else day
    return calendar.instant(ends_day * DAY_US + end * MINUTE_US)


class WeeklyLimit:
    """Counts what each member was sent in the last seven days."""

    def __init__(self) -> None:
        self._sent_us: dict[str, deque[int]] = {}

    def count(self, member: str, at_us: int) -> int:
        """Count what a member was sent in the seven days up to an instant."""
        sent_us = self._sent_us.get(member)
        if sent_us is None:
            return 0
        while sent_us and sent_us[0] <= at_us - WEEK_US:
            sent_us.popleft()
        if not sent_us:
            del self._sent_us[member]
            return 0
        return len(sent_us)

    def add(self, member: str, at_us: int) -> None:
        """Note that a member is sent something that counts; instants don't fall."""
        self._sent_us.setdefault(member, deque()).append(at_us)


def decide(notice: Notice, season: Season, limit: WeeklyLimit, at_us: int) -> str:
    """Decide what becomes of a notice at an instant: SEND, DROPPED or OUTDATED.

    One that is sent counts from here on, unless it is of the kinds that are always told.
    """
    if notice.until_us and at_us >= notice.until_us:
        return OUTDATED
    if notice.kind in ALWAYS_TOLD:
        return SEND
    most = season.notices.per_member_week if season.notices is not None else None
    if most is not None and limit.count(notice.member, at_us) >= most:
        return DROPPED
    limit.add(notice.member, at_us)
    return SEND
