"""Quiet hours, weekly limits, and the ways of delivery as they are written."""

import pytest

from actors.notice_policy import DROPPED, OUTDATED, SEND, WeeklyLimit, decide, quiet_until
from actors.notice_ways import Way, check_ways, read_way
from rules.compiling.calendar import DAY_US, Calendar
from rules.notices.notice_book import Notice
from rules.season.season_models import Season
from rules.season.where import Hours
from tests.unit.played_log import instant_us, rules_of
from tests.unit.test_notice_book import SEASON

SHANGHAI = Calendar("Asia/Shanghai", 2025, 2027)
BERLIN = Calendar("Europe/Berlin", 2025, 2027)
NIGHT = Hours(21 * 60, 9 * 60)
NOON = Hours(12 * 60, 14 * 60)


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        (NIGHT, "2026-06-01T20:59:59+08:00", None),
        (NIGHT, "2026-06-01T21:00:00+08:00", "2026-06-02T09:00:00+08:00"),
        (NIGHT, "2026-06-02T00:00:00+08:00", "2026-06-02T09:00:00+08:00"),
        (NIGHT, "2026-06-02T08:59:59+08:00", "2026-06-02T09:00:00+08:00"),
        (NIGHT, "2026-06-02T09:00:00+08:00", None),
        (NOON, "2026-06-02T11:59:00+08:00", None),
        (NOON, "2026-06-02T12:00:00+08:00", "2026-06-02T14:00:00+08:00"),
        (NOON, "2026-06-02T14:00:00+08:00", None),
        (None, "2026-06-02T03:00:00+08:00", None),
    ],
)
def test_quiet_hours_hold_until_they_end(hours: Hours | None, at: str, until: str | None) -> None:
    assert quiet_until(SHANGHAI, hours, instant_us(at)) == instant_us(until or at)


def test_quiet_hours_go_by_the_wall_clock_when_it_is_put_on() -> None:
    hours = Hours(60, 5 * 60)
    at = instant_us("2026-03-29T01:30:00+01:00")
    assert quiet_until(BERLIN, hours, at) == instant_us("2026-03-29T05:00:00+02:00")


def test_quiet_hours_up_to_midnight_end_with_the_day() -> None:
    at = instant_us("2026-06-01T23:30:00+08:00")
    end = instant_us("2026-06-02T00:00:00+08:00")
    assert quiet_until(SHANGHAI, Hours(22 * 60, 24 * 60), at) == end


def notice(kind: str = "tier_up", member: str = "a", until_us: int = 0) -> Notice:
    return Notice(member, "", kind, 0, {}, until_us)


def limited(most: int) -> Season:
    return rules_of(SEASON + f"per_member_week = {most}\n").season


def test_above_the_weekly_limit_is_dropped_until_seven_days_are_over() -> None:
    season, limit = limited(2), WeeklyLimit()
    first_us = instant_us("2026-06-01T10:00:00+08:00")
    fates = [decide(notice(), season, limit, first_us + hour * 3_600_000_000) for hour in range(3)]
    assert fates == [SEND, SEND, DROPPED]
    assert decide(notice(member="b"), season, limit, first_us) == SEND
    assert decide(notice(), season, limit, first_us + 7 * DAY_US - 1) == DROPPED
    assert decide(notice(), season, limit, first_us + 7 * DAY_US) == SEND


@pytest.mark.parametrize("kind", ["prize_won", "prize_deadline", "prize_sent", "redeemed"])
def test_winners_and_security_are_never_dropped_and_never_count(kind: str) -> None:
    season, limit = limited(1), WeeklyLimit()
    assert [decide(notice(kind), season, limit, 1) for _ in range(3)] == [SEND] * 3
    assert [decide(notice(), season, limit, 1) for _ in range(2)] == [SEND, DROPPED]


def test_a_limit_of_none_at_all_drops_everything_else() -> None:
    assert decide(notice(), limited(0), WeeklyLimit(), 1) == DROPPED
    assert decide(notice("prize_won"), limited(0), WeeklyLimit(), 1) == SEND


def test_what_is_over_is_not_told() -> None:
    season = rules_of(SEASON).season
    assert decide(notice(until_us=10), season, WeeklyLimit(), 9) == SEND
    assert decide(notice(until_us=10), season, WeeklyLimit(), 10) == OUTDATED


def test_ways_are_read_and_checked() -> None:
    secret = "x" * 16
    url = "https://crm.example/notices"
    assert check_ways(["file", f"webhook={url}"], secret) == [Way("file"), Way("webhook", url)]
    for wrong in ("sms", "file=x", "webhook", "webhook=crm.example", "webhook=ftp://crm.example"):
        with pytest.raises(ValueError, match="--notify"):
            read_way(wrong)
    with pytest.raises(ValueError, match="FORECOURT_WEBHOOK_SECRET"):
        check_ways([f"webhook={url}"], "short")
    with pytest.raises(ValueError, match="twice"):
        check_ways(["file", "file"], "")
