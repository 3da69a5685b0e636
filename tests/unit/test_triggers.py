"""Triggers: what sets them off, once or again, and what happens as a budget runs out."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from rules.season.birthdays import birthday_code, codes_of_day
from tests.unit.played_log import (
    Event,
    coupons_of,
    days_of,
    instant_us,
    play,
    restored,
    table_of,
)

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
accept_late = "400d"
[members]
kinds = ["private", "staff"]
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "1.00" }
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { amount = "100.00" } }
[[tiers.levels]]
id = "platinum"
entry = { any = { amount = "300.00" } }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-12-01T00:00:00
[[coupons]]
id = "ten"
kind = "amount_off"
off = "10.00"
[[coupons]]
id = "five"
kind = "amount_off"
off = "5.00"
"""


def season(*sections: str) -> str:
    return "\n".join([SEASON, *sections])


def trigger(on: str, issue: str = "ten", **keys: str) -> str:
    lines = [f"{key} = {value}" for key, value in keys.items()]
    return "\n".join(["[[triggers]]", f'on = "{on}"', f'issue = "{issue}"', *lines])


def event(kind: str, member: str, at: str, **fields: Any) -> Event:
    return {"type": kind, "member": member, "at": at + "+08:00", **fields}


def enrol(member: str, at: str, **attributes: Any) -> Event:
    return event("enrol", member, at, attributes=attributes or None)


def buy(member: str, at: str, amount: str = "1.00") -> Event:
    return event("purchase", member, at, amount=amount, litres="1", product="92")


def test_the_first_enrolment_issues_once() -> None:
    table = table_of(season(trigger("enrol")))
    play(
        table,
        [
            buy("a", "2026-06-02T08:00:00"),
            enrol("a", "2026-06-02T09:00:00"),
            enrol("a", "2026-06-02T10:00:00"),
            enrol("b", "2026-06-02T10:00:00"),
            event("update", "c", "2026-06-02T10:00:00", attributes={"city": "x"}),
        ],
    )
    nine, ten = (instant_us(f"2026-06-02T{hour}:00:00+08:00") for hour in ("09", "10"))
    assert coupons_of(table) == [("a", "ten", nine), ("b", "ten", ten)]


def test_an_enrolment_is_judged_with_its_own_attributes() -> None:
    table = table_of(season(trigger("enrol", where='{ kind = ["private"] }')))
    play(
        table,
        [
            enrol("guard", "2026-06-02T09:00:00", kind="staff"),
            enrol("driver", "2026-06-02T09:00:00", kind="private"),
        ],
    )
    assert [member for member, _, _ in coupons_of(table)] == ["driver"]


@pytest.mark.parametrize("cut", range(4))
def test_each_rise_in_one_batch_issues(cut: int) -> None:
    table = table_of(season(trigger("tier_up")))
    play(
        table,
        [
            buy("a", "2026-06-02T08:00:00", "99.99"),
            buy("a", "2026-06-02T09:00:00", "0.01"),
            buy("a", "2026-06-02T10:00:00", "200.00"),
            buy("a", "2026-06-02T11:00:00", "200.00"),
        ],
        [cut],
    )
    assert [at_us for _, _, at_us in coupons_of(table)] == [
        instant_us("2026-06-02T09:00:00+08:00"),
        instant_us("2026-06-02T10:00:00+08:00"),
    ]


def test_two_levels_at_once_are_one_rise_to_the_higher() -> None:
    only = trigger("tier_up", where='{ tier = ["gold"] }', id='"to-gold"')
    table = table_of(season(only, trigger("tier_up", "five", where='{ tier = ["platinum"] }')))
    play(table, [buy("a", "2026-06-02T08:00:00", "500.00")])
    assert [coupon for _, coupon, _ in coupons_of(table)] == ["five"]


def test_a_trial_is_no_rise_and_a_bought_level_is() -> None:
    more = """
[tiers.trial]
level = "gold"
[[catalogue]]
id = "to-platinum"
points = 100
tier_up = "platinum"
"""
    table = table_of(season(more, trigger("tier_up")))
    redeem = event("redeem", "a", "2026-06-02T10:00:00", item="to-platinum")
    again = event("redeem", "a", "2026-06-02T11:00:00", item="to-platinum")
    play(
        table,
        [
            enrol("a", "2026-06-02T08:00:00"),
            buy("a", "2026-06-02T09:00:00", "200.00"),
            redeem,
            again,
        ],
    )
    assert [at_us for _, _, at_us in coupons_of(table)] == [instant_us("2026-06-02T10:00:00+08:00")]


def test_birthdays_fall_on_their_local_day_every_year() -> None:
    table = table_of(season(trigger("birthday")))
    play(
        table,
        [
            enrol("a", "2026-06-02T08:00:00", birthday="1990-06-19"),
            enrol("b", "2026-06-02T08:00:00", birthday="06-19"),
            enrol("c", "2026-06-02T08:00:00", birthday="soon"),
        ],
        until="2027-07-01T00:00:00+08:00",
    )
    for member in ("a", "b"):
        assert days_of(table, member, "ten") == ["2026-06-19", "2027-06-19"]
    assert days_of(table, "c", "ten") == []
    assert coupons_of(table)[0][2] == instant_us("2026-06-19T00:00:00+08:00")


def test_a_birthday_told_on_the_day_itself_waits_for_the_next_one() -> None:
    table = table_of(season(trigger("birthday")))
    play(
        table,
        [
            enrol("a", "2026-06-19T00:00:00", birthday="06-19"),
            enrol("b", "2026-06-18T23:59:59.999999", birthday="06-19"),
        ][::-1],
        until="2027-06-19T00:00:00+08:00",
    )
    assert days_of(table, "a", "ten") == ["2027-06-19"]
    assert days_of(table, "b", "ten") == ["2026-06-19", "2027-06-19"]


def test_a_changed_birthday_counts_and_one_taken_away_does_not() -> None:
    table = table_of(season(trigger("birthday")))
    play(
        table,
        [
            enrol("a", "2026-06-02T08:00:00", birthday="06-10"),
            enrol("b", "2026-06-02T08:00:00", birthday="06-10"),
            event("update", "a", "2026-06-03T08:00:00", attributes={"birthday": "06-12"}),
            event("update", "b", "2026-06-03T08:00:00", attributes={"birthday": "no"}),
            event("update", "b", "2026-06-03T08:00:00", attributes={"city": "x"}),
        ],
        until="2026-06-30T00:00:00+08:00",
    )
    assert [member for member, _, _ in coupons_of(table)] == ["a"]
    assert days_of(table, "a", "ten") == ["2026-06-12"]


def test_a_leap_day_is_kept_on_the_28th_of_common_years() -> None:
    days = [np.datetime64(day, "D").astype(int) for day in ("2027-02-28", "2028-02-28")]
    leap = birthday_code("2000-02-29")
    assert leap == birthday_code("02-29") != 0
    assert leap in codes_of_day(int(days[0]))
    assert leap not in codes_of_day(int(days[1]))
    assert leap in codes_of_day(int(days[1]) + 1)
    assert leap not in codes_of_day(int(days[0]) + 1)


@pytest.mark.parametrize("text", ["2023-02-29", "13-01", "00-10", "6-19", "1990/06/19", "", 619])
def test_what_is_no_date_is_no_birthday(text: object) -> None:
    assert birthday_code(text) == 0


def test_a_holiday_without_dates_is_the_first_day_of_each_run() -> None:
    calendar = '[holidays]\ncalendar = "CN"'
    table = table_of(season(calendar, trigger("holiday")))
    play(table, [buy("a", "2026-09-20T08:00:00")], until="2026-11-30T00:00:00+08:00")
    # Mid-autumn; National Day, 1 to 3 October; and the days off from the 5th, behind a Sunday.
    assert days_of(table, "a", "ten") == ["2026-09-25", "2026-10-01", "2026-10-05"]


def test_a_holiday_with_dates_is_the_first_day_of_each_span() -> None:
    dates = '["2026-06-19..2026-06-21", "2026-06-22", "2026-06-01"]'
    table = table_of(season(trigger("holiday", dates=dates)))
    play(table, [buy("a", "2026-06-10T08:00:00")], until="2026-07-30T00:00:00+08:00")
    assert days_of(table, "a", "ten") == ["2026-06-19", "2026-06-22"]


def test_dormancy_without_cooldown_fires_once_a_spell() -> None:
    table = table_of(season(trigger("dormant", after='"10d"')))
    play(
        table,
        [
            enrol("never", "2026-06-02T08:00:00"),
            buy("a", "2026-06-02T08:00:00"),
            buy("a", "2026-07-10T00:00:00"),
        ],
        until="2026-09-01T00:00:00+08:00",
    )
    # Ten days exactly after a midnight is over at that midnight.
    assert days_of(table, "a", "ten") == ["2026-06-13", "2026-07-20"]
    assert days_of(table, "never", "ten") == []


def test_dormancy_with_cooldown_fires_again_when_it_is_over() -> None:
    table = table_of(season(trigger("dormant", after='"10d"', cooldown='"30d"')))
    play(
        table,
        [
            buy("a", "2026-06-02T08:00:00"),
            buy("b", "2026-06-02T08:00:00"),
            # Back, and away again within the cooldown.
            buy("b", "2026-06-20T08:00:00"),
        ],
        until="2026-08-20T00:00:00+08:00",
    )
    assert days_of(table, "a", "ten") == ["2026-06-13", "2026-07-13", "2026-08-12"]
    assert days_of(table, "b", "ten") == ["2026-06-13", "2026-07-13", "2026-08-12"]


def test_a_late_purchase_of_before_does_not_begin_another_spell() -> None:
    table = table_of(season(trigger("dormant", after='"10d"')))
    play(
        table,
        [
            buy("a", "2026-06-02T08:00:00"),
            buy("b", "2026-06-20T08:00:00"),
            buy("a", "2026-06-04T08:00:00"),
        ],
        until="2026-07-30T00:00:00+08:00",
    )
    assert days_of(table, "a", "ten") == ["2026-06-13"]


def test_a_purchase_at_the_instant_of_a_firing_begins_another_spell() -> None:
    table = table_of(season(trigger("dormant", after='"10d"')))
    play(
        table,
        [buy("a", "2026-06-02T08:00:00"), buy("a", "2026-06-13T00:00:00")],
        until="2026-07-30T00:00:00+08:00",
    )
    assert days_of(table, "a", "ten") == ["2026-06-13", "2026-06-23"]


def test_dormancy_in_months_moves_the_local_date() -> None:
    table = table_of(season(trigger("dormant", after='"1mo"')))
    play(
        table,
        [
            buy("midnight", "2026-07-31T00:00:00"),
            buy("evening", "2026-07-31T20:00:00"),
            buy("june", "2026-08-31T00:00:01"),
        ],
        until="2026-10-30T00:00:00+08:00",
    )
    assert days_of(table, "midnight", "ten") == ["2026-08-31"]
    assert days_of(table, "evening", "ten") == ["2026-09-01"]
    # 31 August and a month is 30 September.
    assert days_of(table, "june", "ten") == ["2026-10-01"]


def test_a_cooldown_holds_back_a_second_rise() -> None:
    table = table_of(season(trigger("tier_up", cooldown='"1d"')))
    play(
        table,
        [
            buy("a", "2026-06-02T08:00:00", "100.00"),
            buy("b", "2026-06-02T08:00:00", "100.00"),
            buy("a", "2026-06-03T07:59:59", "200.00"),
            buy("b", "2026-06-03T08:00:00", "200.00"),
        ],
    )
    assert [member for member, _, _ in coupons_of(table)] == ["a", "b", "b"]


def test_a_member_who_was_only_refused_is_not_reached() -> None:
    table = table_of(season(trigger("holiday", dates='["2026-06-19"]')))
    play(
        table,
        [
            buy("a", "2026-06-10T08:00:00"),
            event("refund", "ghost", "2026-06-10T08:00:00", ref="nothing"),
            event("redeem", "ghost", "2026-06-10T08:00:00", item="nothing"),
        ],
        until="2026-06-20T00:00:00+08:00",
    )
    assert [member for member, _, _ in coupons_of(table)] == ["a"]


BUDGET = """
[[budgets]]
id = "few"
covers = ["ten"]
count = 3
"""


def rising() -> list[Event]:
    """Ten rises among other events: the first three in arrival order get what is left.

    Every member's rise is their second event, but for the last's, which is their first.
    """
    first = [buy(f"m{place}", "2026-06-02T08:00:00", "1.00") for place in range(9, 0, -1)]
    rises = [
        buy("m5", "2026-06-02T09:00:00", "100.00"),
        buy("late", "2026-06-02T09:00:00", "100.00"),
        buy("m9", "2026-06-02T09:00:00", "100.00"),
        *(buy(f"m{place}", "2026-06-02T09:00:00", "100.00") for place in (1, 2, 3, 4, 6, 7, 8)),
    ]
    return first + rises


@pytest.mark.parametrize("cuts", [(), *combinations(range(1, 19, 3), 2), tuple(range(1, 19))])
def test_three_left_and_ten_candidates_in_arrival_order(cuts: tuple[int, ...]) -> None:
    table = table_of(season(trigger("tier_up"), BUDGET))
    play(table, rising(), cuts)
    assert {member for member, _, _ in coupons_of(table)} == {"m5", "late", "m9"}
    assert table.triggers.skipped == {"tier_up-ten": 7}
    assert table.pools.left(0) == 0
    assert len(table.triggers.firings) == 3


def test_at_a_tick_a_budget_goes_by_file_order_and_the_bytes_of_ids() -> None:
    by_bytes = ["A", "B", "a", "é", "中"]
    dates = '["2026-06-19"]'
    table = table_of(
        season(
            trigger("holiday", dates=dates, where='{ vip = ["yes"] }', id='"vip"'),
            trigger("holiday", dates=dates, id='"all"'),
            BUDGET,
        )
    )
    members = [enrol(name, "2026-06-02T08:00:00") for name in reversed(by_bytes)]
    vip = event("update", "中", "2026-06-02T08:00:00", attributes={"vip": "yes"})
    play(table, [*members, vip], until="2026-06-20T00:00:00+08:00")
    assert [member for member, _, _ in coupons_of(table)] == ["A", "B", "中"]
    assert table.triggers.skipped == {"all": 3}


def test_a_cost_budget_and_a_daily_one_are_never_exceeded() -> None:
    budgets = """
[[budgets]]
id = "money"
covers = ["ten"]
cost = "59.99"
[[budgets]]
id = "daily"
covers = ["ten"]
count = 2
per = "day"
"""
    table = table_of(season(trigger("dormant", after='"10d"'), budgets))
    play(
        table,
        [buy(f"m{place}", "2026-06-02T08:00:00") for place in range(9)],
        until="2026-08-01T00:00:00+08:00",
    )
    # Two a day, who is skipped is tried again, until the money ends with the fifth.
    days = [day for place in range(9) for day in days_of(table, f"m{place}", "ten")]
    assert days == ["2026-06-13"] * 2 + ["2026-06-14"] * 2 + ["2026-06-15"]
    assert table.pools.left(0) == 9_99


def test_nothing_of_triggers_is_lost_between_two_batches() -> None:
    sections = (
        trigger("enrol"),
        trigger("birthday"),
        trigger("dormant", "five", after='"5d"', cooldown='"7d"', holdout='"0.5"'),
        BUDGET.replace("count = 3", "count = 12"),
    )
    events = [
        *(
            enrol(f"m{place}", "2026-06-02T08:00:00", birthday=f"06-{place + 10}")
            for place in range(10)
        ),
        *(buy(f"m{place}", f"2026-06-{place + 3:02}T08:00:00") for place in range(10)),
        *(buy(f"m{place}", f"2026-06-{place + 14:02}T08:00:00") for place in range(10)),
    ]
    whole = table_of(season(*sections))
    play(whole, events, until="2026-08-01T00:00:00+08:00")
    assert whole.triggers.skipped
    for cut in (1, 9, 15, 25):
        table = table_of(season(*sections))
        play(table, events[:cut])
        table = restored(table)
        play(table, [{"event_id": f"e{cut + at}", **each} for at, each in enumerate(events[cut:])])
        table = restored(table)
        play(table, [events[-1] | {"event_id": "e29"}], until="2026-08-01T00:00:00+08:00")
        assert coupons_of(table) == coupons_of(whole)
        assert table.triggers.skipped == whole.triggers.skipped
        assert firings(table) == firings(whole)


def firings(table: Any) -> list[tuple[str, str, int, bool]]:
    kept = table.triggers.firings
    return sorted(
        (
            kept.ids[int(kept.columns.trigger[place])],
            table.member_ids[int(kept.columns.row[place])],
            int(kept.columns.at_us[place]),
            bool(kept.columns.held_out[place]),
        )
        for place in range(len(kept))
    )
