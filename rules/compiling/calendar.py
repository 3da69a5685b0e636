"""The programme's calendar: local days, months and wall times of UTC instants.

Every array function is O(n log t) for n instants and t zone transitions in range.
"""

from __future__ import annotations

import calendar as gregorian
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from rules.season.duration import Duration

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
EXACT_US = {"m": MINUTE_US, "h": HOUR_US, "d": DAY_US}
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  wall times are naive by design: the zone is the calendar's

Int64s = npt.NDArray[np.int64]


def wall_us(local: datetime) -> int:
    """Count the microseconds of a naive wall time since 1970-01-01T00:00.

    >>> wall_us(datetime(1970, 1, 2))
    86400000000
    """
    return (local - EPOCH) // timedelta(microseconds=1)


def months_of_days(days: Int64s) -> Int64s:
    """Number the calendar months of local days, int64[n] since 1970-01 = 0.

    >>> months_of_days(np.array([0, 31, 365])).tolist()
    [0, 1, 12]
    """
    months: Int64s = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def weeks_of_days(days: Int64s) -> Int64s:
    """Number the ISO weeks of local days, int64[n]; a week begins on Monday."""
    return (days + 3) // 7


def add_months(day: date, months: int) -> date:
    """Move a date by calendar months, clamped to the month's end.

    >>> add_months(date(2028, 2, 29), 12)
    datetime.date(2029, 2, 28)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = gregorian.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


class Calendar:
    """Converts between UTC microseconds and the wall clock of one zone.

    Zone transitions are found once for [first_year, last_year]; outside them the
    nearest known offset holds.
    """

    def __init__(self, timezone: str, first_year: int, last_year: int) -> None:
        self.timezone = timezone
        zone = ZoneInfo(timezone)
        starts_s, offsets_s = _transitions(zone, first_year, last_year)
        self._starts_us: Int64s = np.array(starts_s, dtype=np.int64) * 1_000_000
        self._offsets_us: Int64s = np.array(offsets_s, dtype=np.int64) * 1_000_000
        self._midnights_us: dict[int, int] = {}

    def wall(self, at_us: Int64s) -> Int64s:
        """Convert instants, int64[n] µs UTC, to wall time µs since 1970-01-01T00:00 local."""
        if len(self._offsets_us) == 1:
            return at_us + self._offsets_us[:1]
        place = np.searchsorted(self._starts_us, at_us, side="right") - 1
        return at_us + self._offsets_us[np.maximum(place, 0)]

    def days(self, at_us: Int64s) -> Int64s:
        """Number the local days of instants, int64[n] since 1970-01-01 = 0."""
        return self.wall(at_us) // DAY_US

    def day(self, at_us: int) -> int:
        """Number the local day of one instant."""
        return int(self.days(np.array([at_us], dtype=np.int64))[0])

    def instant(self, wall_time_us: int) -> int:
        """Find the first instant at which the wall clock shows a time, or has skipped it."""
        candidates = wall_time_us - self._offsets_us
        ends_us = np.append(self._starts_us[1:], np.iinfo(np.int64).max)
        starts_us = self._starts_us.copy()
        starts_us[0] = np.iinfo(np.int64).min
        shown = (candidates >= starts_us) & (candidates < ends_us)
        if shown.any():
            return int(candidates[shown][0])
        skipped = candidates < starts_us
        return int(starts_us[skipped][0])

    def midnight(self, day: int) -> int:
        """Find the first instant of a local day, µs UTC."""
        midnight_us = self._midnights_us.get(day)
        if midnight_us is None:
            midnight_us = self._midnights_us[day] = self.instant(day * DAY_US)
        return midnight_us

    def midnights(self, after_us: int, upto_us: int) -> list[int]:
        """List the local midnights in (after_us, upto_us], ascending."""
        first, last = self.day(after_us), self.day(upto_us)
        instants = (self.midnight(day) for day in range(first, last + 2))
        return [at_us for at_us in instants if after_us < at_us <= upto_us]

    def later(self, at_us: int, duration: Duration, *, wall_days: bool = False) -> int:
        """Move an instant by a duration.

        Minutes, hours and days are exact (24 h) unless wall_days asks days to keep the
        wall time; months and years move the local date, clamped to the month's end.
        """
        if duration.unit in EXACT_US and not (wall_days and duration.unit == "d"):
            return at_us + duration.count * EXACT_US[duration.unit]
        wall_time_us = int(self.wall(np.array([at_us], dtype=np.int64))[0])
        day, time_us = divmod(wall_time_us, DAY_US)
        if duration.unit == "d":
            return self.instant((day + duration.count) * DAY_US + time_us)
        months = duration.count * (12 if duration.unit == "y" else 1)
        return self.instant(self.day_later(day, months) * DAY_US + time_us)

    def later_each(self, at_us: Int64s, duration: Duration) -> Int64s:
        """Move instants, int64[n], by a duration; O(n), months once per distinct day."""
        if duration.unit in EXACT_US:
            return at_us + duration.count * EXACT_US[duration.unit]
        wall_time_us = self.wall(at_us)
        days, place = np.unique(wall_time_us // DAY_US, return_inverse=True)
        moved = np.array([self.day_after(day, duration) for day in days.tolist()], dtype=np.int64)
        return self.instants(moved[place] * DAY_US + wall_time_us % DAY_US)

    def instants(self, wall_time_us: Int64s) -> Int64s:
        """Find the first instants at which the wall clock shows times, int64[n]; see instant()."""
        if len(self._offsets_us) == 1:
            return wall_time_us - self._offsets_us[:1]
        ends_us = np.append(self._starts_us[1:], np.iinfo(np.int64).max)
        found = np.full(len(wall_time_us), np.iinfo(np.int64).max)
        for place in reversed(range(len(self._offsets_us))):
            shown_us = wall_time_us - self._offsets_us[place]
            starts_us = self._starts_us[place] if place else np.iinfo(np.int64).min
            # A time the clock skips is shown for the first time when the later offset begins.
            here = shown_us < ends_us[place]
            found[here] = np.maximum(shown_us[here], starts_us)
        return found

    def day_after(self, day: int, duration: Duration) -> int:
        """Move a local day number by days, months or years."""
        if duration.unit == "d":
            return day + duration.count
        return self.day_later(day, duration.count * (12 if duration.unit == "y" else 1))

    @staticmethod
    def day_later(day: int, months: int) -> int:
        """Move a local day number by calendar months, clamped to the month's end."""
        moved = add_months(date(1970, 1, 1) + timedelta(days=day), months)
        return (moved - date(1970, 1, 1)).days


def _transitions(zone: ZoneInfo, first_year: int, last_year: int) -> tuple[list[int], list[int]]:
    """Find where the zone's offset changes, to the second, with the offset from there on."""

    def offset_s(at_s: int) -> int:
        offset = datetime.fromtimestamp(at_s, tz=zone).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())

    at_s = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp())
    end_s = int(datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp())
    starts, offsets = [at_s], [offset_s(at_s)]
    while at_s < end_s:
        probe_s = at_s + 86_400
        if offset_s(probe_s) != offsets[-1]:
            low, high = at_s, probe_s
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_s(middle) == offsets[-1] else (low, middle)
            starts.append(high)
            offsets.append(offset_s(high))
        at_s = probe_s
    return starts, offsets
