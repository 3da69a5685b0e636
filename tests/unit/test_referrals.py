"""Referral points: paid after the hold, limited, distinct, and taken back with the order."""

from typing import Any

import pytest

from rules.judging.referrals import pending_points
from rules.table.member_table import MemberTable
from rules.table.referral_book import STATES
from tests.unit.played_log import Event, play, restored, table_of

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
accept_late = "30d"
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "10.00" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-09-01T00:00:00
refund_hold = "40d"
"""
REFERRAL = """
[referral]
advocate_points = 100
first_order_min = "100.00"
hold = "7d"
"""


def season(points: str = "", **keys: str) -> str:
    head = SEASON.replace("[season]", f"[points]\n{points}\n[season]")
    return head + REFERRAL + "\n".join(f"{key} = {value}" for key, value in keys.items())


def event(kind: str, member: str, at: str, **fields: Any) -> Event:
    return {"type": kind, "member": member, "at": at + "+08:00", **fields}


def refer(advocate: str, referee: str, at: str) -> Event:
    return event("referral", advocate, at, ref=referee)


def buy(member: str, at: str, amount: str = "100.00", **fields: Any) -> Event:
    return event("purchase", member, at, amount=amount, **fields)


def back(member: str, at: str, ref: str, amount: str | None = None) -> Event:
    return event("refund", member, at, ref=ref, amount=amount)


def told(table: MemberTable) -> list[str]:
    """Name how every referral stands, in arrival order."""
    return [STATES[code] for code in table.referrals.state_code[: len(table.referrals)].tolist()]


def of(table: MemberTable, member: str, column: str = "earned_task") -> int:
    return int(getattr(table.members, column)[table.row_of(member)])


REFERRED = refer("ann", "bob", "2026-06-02T08:00:00")
ORDER = buy("bob", "2026-06-03T12:00:00", event_id="order")


def test_the_first_order_pays_at_the_first_midnight_after_the_hold() -> None:
    table = table_of(season())
    play(table, [REFERRED, ORDER], until="2026-06-10T23:59:59+08:00")
    assert (told(table), pending_points(table, table.row_of("ann"))) == (["pending"], 100)
    play(table, [], until="2026-06-11T00:00:00+08:00")
    assert (told(table), pending_points(table, table.row_of("ann"))) == (["paid"], 0)
    assert (of(table, "ann"), of(table, "ann", "active"), of(table, "ann", "score")) == (100,) * 3
    assert of(table, "ann", "active_days") == 0
    assert of(table, "bob") == 0


def test_a_hold_that_ends_with_the_tick_is_over() -> None:
    table = table_of(season())
    order = buy("bob", "2026-06-04T00:00:00")
    play(table, [REFERRED, order], until="2026-06-11T00:00:00+08:00")
    assert told(table) == ["paid"]


def test_a_smaller_purchase_before_is_no_order() -> None:
    table = table_of(season())
    small = buy("bob", "2026-06-01T12:00:00", "99.99")
    play(table, [small, REFERRED, ORDER], until="2026-06-12T00:00:00+08:00")
    assert told(table) == ["paid"]


def test_an_order_before_the_referral_makes_the_referee_no_newcomer() -> None:
    table = table_of(season())
    early = buy("bob", "2026-06-02T07:59:59")
    play(table, [early, REFERRED, ORDER], until="2026-06-20T00:00:00+08:00")
    assert (told(table), of(table, "ann")) == (["not_new"], 0)


def test_the_first_order_is_the_first_to_arrive() -> None:
    table = table_of(season())
    late = buy("bob", "2026-06-01T12:00:00")
    play(table, [REFERRED, ORDER, late], until="2026-06-20T00:00:00+08:00")
    assert told(table) == ["paid"]


def test_a_refund_below_the_minimum_before_payment_cancels_for_good() -> None:
    table = table_of(season())
    events = [
        REFERRED,
        ORDER,
        back("bob", "2026-06-04T12:00:00", "order", "0.01"),
        buy("bob", "2026-06-05T12:00:00", "500.00"),
    ]
    play(table, events, until="2026-07-20T00:00:00+08:00")
    assert (told(table), of(table, "ann")) == (["cancelled"], 0)


def test_a_refund_that_leaves_the_minimum_changes_nothing() -> None:
    table = table_of(season())
    order = buy("bob", "2026-06-03T12:00:00", "150.00", event_id="order")
    events = [REFERRED, order, back("bob", "2026-06-04T12:00:00", "order", "50.00")]
    play(table, events, until="2026-06-20T00:00:00+08:00")
    assert told(table) == ["paid"]


def test_a_refund_after_payment_takes_the_points_back_at_the_next_tick() -> None:
    table = table_of(season())
    events = [REFERRED, ORDER, back("bob", "2026-06-15T12:00:00", "order")]
    play(table, events, until="2026-06-15T23:59:59+08:00")
    assert (told(table), of(table, "ann", "active")) == (["paid"], 100)
    play(table, [], until="2026-06-16T00:00:00+08:00")
    assert told(table) == ["taken_back"]
    assert of(table, "ann", "active") == of(table, "ann", "score") == 0
    assert of(table, "ann", "reversed_points") == 100


@pytest.mark.parametrize(
    ("clawback", "debt", "reversed_points"), [("debt", 70, 100), ("absorb", 0, 30)]
)
def test_spent_points_become_debt_or_are_forgiven(
    clawback: str, debt: int, reversed_points: int
) -> None:
    table = table_of(season(f'clawback = "{clawback}"'))
    spent = event("adjust", "ann", "2026-06-12T12:00:00", points=-70)
    events = [REFERRED, ORDER, spent, back("bob", "2026-06-15T12:00:00", "order")]
    play(table, events, until="2026-06-16T00:00:00+08:00")
    assert (of(table, "ann", "active"), of(table, "ann", "debt")) == (0, debt)
    assert of(table, "ann", "reversed_points") == reversed_points
    assert of(table, "ann", "score") == 0


def test_the_monthly_limit_is_that_of_the_paying_month() -> None:
    table = table_of(season(limit='{ times = 1, per = "month" }'))
    orders = [("bob", "06-20"), ("cat", "06-22"), ("dan", "06-24"), ("eve", "07-01")]
    events = [refer("ann", name, "2026-06-02T08:00:00") for name, _ in orders]
    events += [buy(name, f"2026-{day}T12:00:00") for name, day in orders]
    play(table, events, until="2026-07-20T00:00:00+08:00")
    # Paid on 28 June, 30 June (over), 2 July though ordered in June, and 9 July (over).
    assert told(table) == ["paid", "limit_reached", "paid", "limit_reached"]
    assert of(table, "ann") == 200


def test_points_taken_back_still_count_for_the_limit() -> None:
    table = table_of(season(limit='{ times = 1, per = "season" }'))
    events = [
        REFERRED,
        refer("ann", "cat", "2026-06-02T09:00:00"),
        ORDER,
        back("bob", "2026-06-12T12:00:00", "order"),
        buy("cat", "2026-06-13T12:00:00"),
    ]
    play(table, events, until="2026-07-20T00:00:00+08:00")
    assert told(table) == ["taken_back", "limit_reached"]


def phone(member: str, number: Any) -> Event:
    return event("enrol", member, "2026-06-01T08:00:00", attributes={"phone": number, "city": "x"})


@pytest.mark.parametrize(
    ("phones", "states"),
    [
        ({"ann": "1", "bob": "1", "cat": "2"}, ["not_distinct", "paid"]),
        ({"ann": "1", "bob": "2", "cat": "2"}, ["paid", "not_distinct"]),
        ({"ann": "1", "bob": "", "cat": ""}, ["paid", "paid"]),
        ({"ann": "1", "bob": 2, "cat": "2"}, ["paid", "not_distinct"]),
        ({"ann": "1"}, ["paid", "paid"]),
    ],
)
def test_referees_share_nothing_with_the_advocate_nor_an_earlier_referee(
    phones: dict[str, Any], states: list[str]
) -> None:
    table = table_of(season(distinct='["phone", "plate"]'))
    events = [phone(name, number) for name, number in phones.items()]
    events += [REFERRED, refer("ann", "cat", "2026-06-02T09:00:00"), ORDER]
    events += [buy("cat", "2026-06-03T12:00:00")]
    play(table, events, until="2026-06-20T00:00:00+08:00")
    assert told(table) == states


def test_another_advocates_referees_may_share_a_phone() -> None:
    table = table_of(season(distinct='["phone"]'))
    events = [phone("bob", "2"), phone("cat", "2"), REFERRED]
    events += [refer("dan", "cat", "2026-06-02T09:00:00"), ORDER]
    events += [buy("cat", "2026-06-03T12:00:00")]
    play(table, events, until="2026-06-20T00:00:00+08:00")
    assert told(table) == ["paid", "paid"]


@pytest.mark.parametrize("cut", range(6))
def test_a_referee_belongs_to_the_first_referral_in_arrival_order(cut: int) -> None:
    table = table_of(season())
    events = [
        refer("ann", "cat", "2026-06-02T08:00:00"),
        refer(
            "ann", "bob", "2026-06-02T08:01:00"
        ),  # the second of ann's, before the first of dan's
        refer("dan", "bob", "2026-06-02T08:02:00"),
        refer("dan", "cat", "2026-06-02T08:03:00"),
        ORDER,
    ]
    assert play(table, events, [cut], "2026-06-20T00:00:00+08:00") == [("applied", "")] * 5
    assert told(table) == ["pending", "paid", "already_referred", "already_referred"]
    assert (of(table, "ann"), of(table, "dan")) == (100, 0)


def test_paid_after_the_season_the_points_dont_score() -> None:
    table = table_of(season())
    events = [refer("ann", "bob", "2026-08-20T08:00:00"), buy("bob", "2026-08-28T12:00:00")]
    play(table, events, until="2026-09-06T00:00:00+08:00")
    assert (of(table, "ann"), of(table, "ann", "score")) == (100, 0)


@pytest.mark.parametrize(("refunded", "score"), [("10-10T23:59:59", 0), ("10-11T00:00:00", 100)])
def test_points_taken_back_leave_the_score_until_the_final_instant(
    refunded: str, score: int
) -> None:
    table = table_of(season())
    events = [REFERRED, ORDER, back("bob", f"2026-{refunded}", "order")]
    play(table, events, until="2026-10-12T00:00:00+08:00")
    assert (of(table, "ann", "active"), of(table, "ann", "score")) == (0, score)


def test_the_cap_of_the_paying_day_holds_and_gets_its_room_back() -> None:
    table = table_of(season("member_day_cap = 60"))
    events = [REFERRED, ORDER, back("bob", "2026-06-11T10:00:00", "order")]
    play(table, events[:2], until="2026-06-11T00:00:00+08:00")
    assert of(table, "ann") == 60
    own = [{**buy("ann", "2026-06-11T09:00:00", "1000.00"), "event_id": "own"}]
    play(table, [*own, {**events[2], "event_id": "back"}], until="2026-06-12T00:00:00+08:00")
    assert (of(table, "ann", "earned_base"), of(table, "ann", "active")) == (0, 0)
    later = buy("ann", "2026-06-11T11:00:00", "1000.00", event_id="late")
    play(table, [later])
    assert of(table, "ann", "earned_base") == 60


def test_expiry_counts_from_the_paying_day() -> None:
    table = table_of(season('expire_after = "10d"'))
    play(table, [REFERRED, ORDER], until="2026-06-21T00:00:00+08:00")
    assert of(table, "ann", "active") == 100
    play(table, [], until="2026-06-22T00:00:00+08:00")
    assert (of(table, "ann", "active"), of(table, "ann", "expired")) == (0, 100)


@pytest.mark.parametrize("cut", range(7))
def test_any_cut_and_a_restart_change_nothing(cut: int) -> None:
    events = [
        REFERRED,
        ORDER,
        refer("ann", "cat", "2026-06-05T08:00:00"),
        buy("cat", "2026-06-06T08:00:00"),
        refer("dan", "cat", "2026-06-20T08:00:00"),
        back("bob", "2026-06-21T08:00:00", "order"),
        buy("dan", "2026-06-23T08:00:00"),
    ]
    named = [{"event_id": f"e{place}", **each} for place, each in enumerate(events)]
    table = table_of(season(limit='{ times = 2, per = "week" }'))
    if cut:
        play(table, named[:cut])
    table = restored(table) if cut else table
    play(table, named[cut:], until="2026-07-01T00:00:00+08:00")
    assert told(table) == ["taken_back", "paid", "already_referred"]
    assert (of(table, "ann", "active"), of(table, "dan")) == (100, 0)


def test_without_the_section_a_referral_is_applied_and_forgotten() -> None:
    table = table_of(SEASON)
    assert play(table, [REFERRED, ORDER], until="2026-07-01T00:00:00+08:00")[0] == ("applied", "")
    assert len(table.referrals) == 0
    assert of(table, "ann") == 0
