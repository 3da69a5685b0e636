"""Turn texts, wall times and durations into UTC microseconds in one zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
EXACT_US = {"m": 60_000_000, "h": 3_600_000_000, "d": DAY_US}

RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)"
)
DURATION = re.compile(r"(\d+)(m|h|d|mo|y)")


def to_us(moment: datetime) -> int:
    """Count microseconds from the epoch to an aware datetime."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def parse_at(text: str) -> int:
    """Read an RFC 3339 instant with offset; raise ValueError for anything else."""
    found = RFC3339.fullmatch(text)
    if not found:
        raise ValueError(f"at = {text!r}: must be RFC 3339 with an offset")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    micro = int((found.group(7) or "0").ljust(6, "0")[:6])
    offset = timedelta()
    zone = found.group(8)
    if zone not in "Zz":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            raise ValueError(f"at = {text!r}: offset {zone} does not exist")
        offset = timedelta(hours=hours, minutes=minutes)
        if zone[0] == "-":
            offset = -offset
    local = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
    return to_us(local) - offset // timedelta(microseconds=1)


def parse_duration(text: str) -> tuple[int, str]:
    """Read a duration such as "7d" or "3mo" into its count and unit."""
    found = DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"duration = {text!r}: must be a count with m, h, d, mo or y")
    return int(found.group(1)), found.group(2)


def later_date(day: date, months: int) -> date:
    """Move a date by whole months, clamped to the last day of the month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, day.day))
        except ValueError:
            continue
    raise ValueError(f"{day} moved by {months} months is no date")


class Zone:
    """Read local days and hours of instants, and instants of local days, in one zone."""

    def __init__(self, name: str) -> None:
        self.tz = ZoneInfo(name)
        self.midnight = cache(self._midnight)

    def local(self, at_us: int) -> datetime:
        """Give the wall reading of an instant."""
        return (EPOCH + timedelta(microseconds=at_us)).astimezone(self.tz)

    def day(self, at_us: int) -> date:
        """Give the local date of an instant."""
        return self.local(at_us).date()

    def instant(self, wall: datetime) -> int:
        """Find the first instant at which a wall clock shows a naive time, or has skipped it."""
        guess = to_us(wall.replace(tzinfo=self.tz, fold=0).astimezone(UTC))
        if self.local(guess).replace(tzinfo=None) == wall:
            return guess
        # The wall time is missing: the clocks jumped over it somewhere in (low, high].
        low = to_us(wall.replace(tzinfo=self.tz, fold=1).astimezone(UTC))
        high = guess
        before = self.local(low).utcoffset()
        while high - low > 1:
            middle = (low + high) // 2
            if self.local(middle).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high

    def _midnight(self, day: date) -> int:
        return self.instant(datetime.combine(day, time()))

    def later(self, at_us: int, duration: tuple[int, str], *, keep_wall: bool = False) -> int:
        """Add a duration: minutes, hours and days exactly, months and years by the date."""
        count, unit = duration
        if count == 0:
            return at_us
        if unit in EXACT_US and not (unit == "d" and keep_wall):
            return at_us + count * EXACT_US[unit]
        wall = self.local(at_us).replace(tzinfo=None, fold=0)
        if unit == "d":
            return self.instant(wall + timedelta(days=count))
        moved = later_date(wall.date(), count if unit == "mo" else 12 * count)
        return self.instant(datetime.combine(moved, wall.time()))
