"""The calendar against the standard library's own arithmetic."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.compiling.calendar import (
    DAY_US,
    Calendar,
    add_months,
    months_of_days,
    wall_us,
    weeks_of_days,
)
from rules.season.duration import parse_duration

ZONES = [
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Havana",
    "Pacific/Apia",
    "Asia/Kathmandu",
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CALENDARS = {zone: Calendar(zone, 2008, 2032) for zone in ZONES}

instants_us = st.integers(
    (datetime(2009, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1),
    (datetime(2031, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1),
)


def at(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


@given(st.sampled_from(ZONES), instants_us)
def test_wall_time_is_the_zone_s(zone: str, at_us: int) -> None:
    local = at(at_us).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert int(CALENDARS[zone].wall(np.array([at_us]))[0]) == wall_us(local)


@given(st.sampled_from(ZONES), instants_us)
def test_a_midnight_is_the_first_instant_of_its_day(zone: str, at_us: int) -> None:
    calendar = CALENDARS[zone]
    day = calendar.day(at_us)
    midnight_us = calendar.midnight(day)
    assert midnight_us <= at_us
    assert calendar.day(midnight_us) == day
    assert calendar.day(midnight_us - 1) < day


@given(st.sampled_from(ZONES), instants_us, st.integers(0, 40 * DAY_US))
def test_midnights_are_where_the_local_day_changes(zone: str, after_us: int, span_us: int) -> None:
    calendar = CALENDARS[zone]
    midnights = calendar.midnights(after_us, after_us + span_us)
    expected = {
        calendar.midnight(day)
        for day in range(calendar.day(after_us), calendar.day(after_us + span_us) + 1)
    }
    assert midnights == sorted(m for m in expected if after_us < m <= after_us + span_us)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Asia/Shanghai", datetime(2026, 6, 1), datetime(2026, 5, 31, 16, tzinfo=UTC)),
        # 02:30 is skipped on this day: the first instant after the gap.
        ("America/New_York", datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 7, tzinfo=UTC)),
        # 01:30 happens twice: the first.
        (
            "America/New_York",
            datetime(2026, 11, 1, 1, 30),
            datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        ),
        # Cairo skipped the hour from midnight on.
        ("Africa/Cairo", datetime(2024, 4, 26), datetime(2024, 4, 25, 22, tzinfo=UTC)),
    ],
)
def test_wall_times_that_are_skipped_or_repeated(zone: str, local: datetime, utc: datetime) -> None:
    assert at(CALENDARS[zone].instant(wall_us(local))) == utc


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        # 2026-03-08 16:30 UTC is 12:30 in New York, hours after its clocks went forward.
        ("90m", datetime(2026, 3, 8, 18, 0, tzinfo=UTC)),
        ("1d", datetime(2026, 3, 9, 16, 30, tzinfo=UTC)),
        ("1mo", datetime(2026, 4, 8, 16, 30, tzinfo=UTC)),
        ("12mo", datetime(2027, 3, 8, 17, 30, tzinfo=UTC)),
        ("1y", datetime(2027, 3, 8, 17, 30, tzinfo=UTC)),
    ],
)
def test_durations_are_exact_or_move_the_local_date(text: str, utc: datetime) -> None:
    start_us = wall_us(datetime(2026, 3, 8, 16, 30))
    assert at(CALENDARS["America/New_York"].later(start_us, parse_duration(text))) == utc


def test_days_that_keep_the_wall_time() -> None:
    calendar = CALENDARS["America/New_York"]
    start_us = calendar.instant(wall_us(datetime(2026, 10, 31)))
    later_us = calendar.later(start_us, parse_duration("3d"), wall_days=True)
    assert later_us == calendar.instant(wall_us(datetime(2026, 11, 3)))
    assert later_us - start_us == 3 * DAY_US + 3_600_000_000


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)))
def test_months_and_weeks_of_days(day: date) -> None:
    number = np.array([(day - date(1970, 1, 1)).days])
    assert months_of_days(number)[0] == (day.year - 1970) * 12 + day.month - 1
    monday = day - timedelta(days=day.weekday())
    assert (
        weeks_of_days(number)[0] == weeks_of_days(np.array([(monday - date(1970, 1, 1)).days]))[0]
    )
    assert weeks_of_days(number + 7)[0] == weeks_of_days(number)[0] + 1


def test_months_clamp_to_the_month_s_end() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2027, 11, 30), 3) == date(2028, 2, 29)


@pytest.mark.parametrize("zone", ZONES)
def test_many_wall_times_are_found_as_each_alone(zone: str) -> None:
    calendar = Calendar(zone, 2009, 2012)
    first_us = wall_us(datetime(2010, 1, 1))
    quarters = np.arange(-12, 13) * (DAY_US // 96)
    times_us = (first_us + np.arange(730)[:, None] * DAY_US + quarters).ravel()

    found = calendar.instants(times_us)

    assert found.tolist() == [calendar.instant(one) for one in times_us.tolist()]
