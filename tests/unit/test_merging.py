"""Merging records of one person: what adds up, what stays, and what old ids still mean."""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from rules.decoding.event_columns import stamp
from rules.decoding.events import decode_json
from rules.judging import merging
from rules.judging.kernel import apply
from rules.judging.segments import count_segment
from rules.table.member_table import MemberTable
from rules.table.referral_book import STATES
from tests.unit.played_log import Event, play, restored, table_of

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
accept_late = "60d"
[members]
kinds = ["private", "taxi"]
[points]
expire_after = "30d"
member_day_cap = 1000
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "1.00" }
[[tasks]]
id = "check-in"
on = "check_in"
points = 5
limit = { times = 1, per = "day" }
[[tasks]]
id = "spend-200"
goal = { amount = "200.00", within = "season" }
points = 20
limit = { times = 1, per = "season" }
[referral]
advocate_points = 100
first_order_min = "50.00"
hold = "2d"
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { visits = 3 } }
[segments.regular]
where = { visits_10d = { min = 2 } }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-08-01T00:00:00
refund_hold = "3d"
"""
AFTER = "2026-08-05T00:00:00"


def event(kind: str, member: str, at: str, **fields: Any) -> Event:
    return {"type": kind, "member": member, "at": at + "+08:00", **fields}


def buy(member: str, at: str, amount: str = "10.00", **fields: Any) -> Event:
    return event("purchase", member, at, amount=amount, **fields)


def merge(member: str, other: str, at: str, **fields: Any) -> Event:
    return event("merge", member, at, ref=other, **fields)


def of(table: MemberTable, member: str, column: str) -> int:
    return int(getattr(table.members, column)[table.row_of(member)])


def listed(table: MemberTable) -> list[str]:
    rows = np.flatnonzero(table.members.listed[: len(table)])
    return [table.member_ids[row] for row in rows.tolist()]


def scores(table: MemberTable) -> dict[str, int]:
    standing = table.standing()
    return {
        name: score
        for name, score in zip(standing.member, standing.score.tolist(), strict=True)
        if score
    }


def conserved(table: MemberTable) -> bool:
    def of_all(*names: str) -> npt.NDArray[np.int64]:
        columns = [getattr(table.members, name)[: len(table)] for name in names]
        total: npt.NDArray[np.int64] = np.sum(columns, axis=0, dtype=np.int64)
        return total

    earned = of_all("earned_base", "earned_bonus", "earned_task", "adjusted")
    gone = of_all("redeemed", "expired", "reversed_points")
    active, debt = of_all("active"), of_all("debt")
    return bool((earned == active - debt + gone).all() and (np.minimum(active, debt) == 0).all())


def test_every_column_has_a_way_to_merge() -> None:
    ways = [
        *merging.SUMMED,
        *merging.GREATEST,
        *merging.SEASON,
        *merging.FROZEN,
        *merging.GOALS,
        *merging.OWN,
    ]
    assert sorted(ways) == sorted(table_of(SEASON).members.fields)


def test_sums_add_up_and_the_other_record_is_gone() -> None:
    table = table_of(SEASON)
    events = [
        buy("a", "2026-06-02T08:00:00", "30.00"),
        buy("b", "2026-06-02T09:00:00", "50.00"),
        event("check_in", "b", "2026-06-03T09:00:00"),
        event("check_in", "a", "2026-06-02T09:00:00"),
        merge("a", "b", "2026-06-03T10:00:00"),
    ]
    assert play(table, events)[-1] == ("applied", "")
    assert listed(table) == ["a"]
    assert scores(table) == {"a": 90}
    assert (of(table, "a", "active"), of(table, "a", "visits")) == (90, 2)
    assert of(table, "a", "active_days") == 2  # 2 June is one day, though both were there
    assert table.row_of("b") == table.row_of("a")
    assert conserved(table)


def test_both_records_tell_that_their_standing_changed() -> None:
    table = table_of(SEASON)
    play(table, [buy("a", "2026-06-02T08:00:00"), buy("b", "2026-06-02T08:00:00")])
    one = {"event_id": "m", **merge("a", "b", "2026-06-03T10:00:00")}
    decoded = decode_json(msgspec.json.encode(one), table.rules.names)
    stamps = decoded.columns.column("at_us").to_numpy()
    outcome = apply(table, stamp(decoded.columns, stamps))
    assert outcome.changed.tolist() == [0, 1]
    assert table.standing(outcome.changed).score.tolist() == [20, 0]


def test_the_debt_of_one_is_paid_by_the_points_of_the_other() -> None:
    table = table_of(SEASON)
    events = [
        buy("a", "2026-06-02T08:00:00", "30.00"),
        event("adjust", "b", "2026-06-02T09:00:00", points=-50),
        merge("a", "b", "2026-06-03T10:00:00"),
    ]
    play(table, events)
    assert (of(table, "a", "active"), of(table, "a", "debt")) == (0, 20)
    more = [{"event_id": "more", **buy("b", "2026-06-04T08:00:00", "25.00")}]
    play(table, more, until="2026-07-30T00:00:00+08:00")
    assert (of(table, "a", "debt"), of(table, "a", "expired")) == (0, 5)
    assert conserved(table)


def test_lots_of_both_expire_on_their_own_days() -> None:
    table = table_of(SEASON)
    events = [
        buy("a", "2026-06-02T08:00:00", "30.00"),
        buy("b", "2026-06-10T08:00:00", "50.00"),
        merge("a", "b", "2026-06-10T10:00:00"),
        event("adjust", "a", "2026-06-11T08:00:00", points=-40),
    ]
    play(table, events, until="2026-07-03T00:00:00+08:00")
    assert (of(table, "a", "active"), of(table, "a", "expired")) == (40, 0)
    play(table, [], until="2026-07-11T00:00:00+08:00")
    assert (of(table, "a", "active"), of(table, "a", "expired")) == (0, 40)


def test_a_refund_under_the_old_id_lowers_the_staying_record() -> None:
    table = table_of(SEASON)
    events = [
        buy("a", "2026-06-02T08:00:00", "30.00"),
        buy("b", "2026-06-02T09:00:00", "50.00", event_id="sale"),
        merge("a", "b", "2026-06-03T10:00:00"),
        event("refund", "b", "2026-06-04T10:00:00", ref="sale", amount="20.00"),
        event("refund", "a", "2026-06-04T10:00:00", ref="sale"),
    ]
    # An event's identity is the id it was sent under: a knows no such sale.
    assert play(table, events)[-2:] == [("applied", ""), ("waiting", "")]
    assert (of(table, "a", "active"), of(table, "a", "score")) == (60, 60)


def test_the_same_event_id_under_both_ids_is_two_events() -> None:
    table = table_of(SEASON)
    events = [
        buy("b", "2026-06-02T09:00:00", "50.00", event_id="sale"),
        merge("a", "b", "2026-06-03T10:00:00"),
        buy("a", "2026-06-04T09:00:00", "50.00", event_id="sale"),
        buy("b", "2026-06-02T09:00:00", "50.00", event_id="sale"),
    ]
    assert [status for status, _ in play(table, events)[1:]] == ["applied", "applied", "duplicate"]
    assert of(table, "b", "active") == 100


def test_refunds_that_wait_under_the_old_id_go_along() -> None:
    table = table_of(SEASON)
    events = [
        buy("b", "2026-06-02T08:00:00"),
        event("refund", "b", "2026-06-02T10:00:00", ref="sale", amount="20.00"),
        event("refund", "b", "2026-06-02T11:00:00", ref="never"),
        merge("a", "b", "2026-06-03T10:00:00"),
        buy("b", "2026-06-02T09:00:00", "50.00", event_id="sale"),
    ]
    play(table, events, until="2026-08-04T00:00:00+08:00")
    assert of(table, "a", "score") == 40
    assert table.dropped == [("b", "e2", "unknown_ref")]
    assert of(table, "a", "waiting") == 0


@pytest.mark.parametrize("cut", range(10))
def test_chains_and_loops_follow_the_staying_record_however_cut(cut: int) -> None:
    events = [
        buy("a", "2026-06-02T08:00:00", "1.00"),
        buy("b", "2026-06-02T08:00:00", "2.00"),
        buy("c", "2026-06-02T08:00:00", "4.00"),
        merge("b", "c", "2026-06-03T08:00:00"),
        merge("a", "c", "2026-06-03T09:00:00"),  # c is b by now
        buy("c", "2026-06-03T10:00:00", "8.00"),
        merge("c", "a", "2026-06-03T11:00:00"),
        merge("a", "nobody", "2026-06-03T12:00:00"),
        buy("nobody", "2026-06-03T13:00:00", "16.00"),
        merge("nobody", "b", "2026-06-03T14:00:00"),
    ]
    named = [{"event_id": f"e{place}", **each} for place, each in enumerate(events)]
    table = table_of(SEASON)
    answers = play(table, named[:cut]) if cut else []
    table = restored(table) if cut else table
    answers += play(table, named[cut:])
    assert answers == [("applied", "")] * 6 + [
        ("rejected", "merged"),
        ("rejected", "unknown_ref"),
        ("applied", ""),
        ("applied", ""),
    ]
    assert listed(table) == ["nobody"]
    assert of(table, "c", "active") == 31
    assert {table.row_of(name) for name in ("a", "b", "c")} == {table.row_of("nobody")}
    assert conserved(table)


def test_the_same_merge_again_is_a_duplicate_or_merged() -> None:
    table = table_of(SEASON)
    events = [
        buy("b", "2026-06-02T08:00:00"),
        merge("a", "b", "2026-06-03T08:00:00", event_id="m"),
        merge("a", "b", "2026-06-03T08:00:00", event_id="m"),
        merge("a", "b", "2026-06-03T08:00:00", event_id="n"),
    ]
    assert play(table, events)[1:] == [
        ("applied", ""),
        ("duplicate", ""),
        ("rejected", "merged"),
    ]


def test_a_record_whose_events_were_all_refused_is_unknown() -> None:
    table = table_of(SEASON)
    events = [
        event("refund", "b", "2026-06-02T08:00:00", ref="never"),
        merge("a", "b", "2026-06-03T08:00:00"),
    ]
    assert play(table, events)[-1] == ("rejected", "unknown_ref")


def test_attributes_of_the_staying_record_win() -> None:
    table = table_of(SEASON)
    theirs = {"kind": "taxi", "plate": "1", "phone": "2", "company": "acme"}
    events = [
        event("enrol", "b", "2026-06-02T08:00:00", attributes=theirs),
        event("enrol", "a", "2026-06-02T08:00:00", attributes={"phone": "3"}),
        merge("a", "b", "2026-06-03T08:00:00"),
    ]
    play(table, events)
    row = table.row_of("a")
    assert table.attributes[row] == {
        "kind": "private",
        "plate": "1",
        "phone": "3",
        "company": "acme",
    }
    assert table.rules.kinds[of(table, "a", "kind")] == "private"
    assert table.companies[of(table, "a", "company")] == "acme"
    assert list(table.attributes) == [row]


def test_the_higher_level_stays_with_the_window_of_both() -> None:
    table = table_of(SEASON)
    events = [buy("b", f"2026-06-02T0{hour}:00:00") for hour in range(3)]
    events += [buy("a", "2026-06-02T08:00:00"), merge("a", "b", "2026-06-03T08:00:00")]
    play(table, events)
    assert (of(table, "a", "level"), of(table, "a", "visits")) == (1, 4)


def test_a_limit_used_up_by_either_is_used_up() -> None:
    table = table_of(SEASON)
    events = [
        event("check_in", "b", "2026-06-02T08:00:00"),
        merge("a", "b", "2026-06-02T09:00:00"),
        event("check_in", "a", "2026-06-02T10:00:00"),
    ]
    assert play(table, events)[-1] == ("limit_reached", "")


def test_goals_of_both_are_lost_together() -> None:
    table = table_of(SEASON)
    events = [
        buy("a", "2026-06-02T08:00:00", "200.00", event_id="one"),
        buy("b", "2026-06-02T08:00:00", "200.00", event_id="two"),
        merge("a", "b", "2026-06-03T08:00:00"),
        event("refund", "b", "2026-06-03T09:00:00", ref="two"),
    ]
    play(table, events)
    assert of(table, "a", "active") == 240
    play(table, [{"event_id": "r", **event("refund", "a", "2026-06-04T09:00:00", ref="one")}])
    assert (of(table, "a", "active"), of(table, "a", "score")) == (0, 0)
    assert conserved(table)


def test_a_goal_that_both_reach_together_is_paid_with_the_next_purchase() -> None:
    table = table_of(SEASON)
    events = [
        buy("a", "2026-06-02T08:00:00", "150.00"),
        buy("b", "2026-06-02T08:00:00", "150.00"),
        merge("a", "b", "2026-06-03T08:00:00"),
    ]
    play(table, events)
    assert of(table, "a", "earned_task") == 0
    play(table, [{"event_id": "next", **buy("a", "2026-06-04T08:00:00", "1.00")}])
    assert of(table, "a", "earned_task") == 20


def test_final_standings_never_change() -> None:
    table = table_of(SEASON)
    events = [buy("a", "2026-06-02T08:00:00", "30.00"), buy("b", "2026-06-02T09:00:00", "50.00")]
    play(table, events, until=AFTER + "+08:00")
    before = scores(table)
    play(table, [{"event_id": "m", **merge("a", "b", AFTER)}])
    assert scores(table) == before == {"a": 30, "b": 50}
    assert (listed(table), of(table, "a", "amount_fen")) == (["a"], 8000)
    assert conserved(table)


def test_disqualification_of_either_holds() -> None:
    table = table_of(SEASON)
    events = [
        event("disqualify", "b", "2026-06-02T08:00:00"),
        merge("a", "b", "2026-06-03T08:00:00"),
    ]
    play(table, events)
    assert of(table, "a", "disqualified") == 1


def test_windows_of_both_add_up() -> None:
    table = table_of(SEASON)
    events = [
        buy("a", "2026-06-02T08:00:00"),
        buy("b", "2026-06-05T08:00:00"),
    ]
    play(table, events)
    assert count_segment(table, "regular") == 0
    play(table, [{"event_id": "m", **merge("a", "b", "2026-06-05T09:00:00")}])
    assert count_segment(table, "regular") == 1
    play(table, [], until="2026-06-12T00:00:00+08:00")
    assert count_segment(table, "regular") == 0


def states(table: MemberTable) -> list[str]:
    return [STATES[code] for code in table.referrals.state_code[: len(table.referrals)].tolist()]


def referral(advocate: str, referee: str, at: str) -> Event:
    return event("referral", advocate, at, ref=referee)


def test_an_advocate_is_paid_under_the_staying_id() -> None:
    table = table_of(SEASON)
    events = [
        referral("b", "kim", "2026-06-02T08:00:00"),
        buy("kim", "2026-06-03T08:00:00", "50.00"),
        merge("a", "b", "2026-06-03T09:00:00"),
    ]
    play(table, events, until="2026-06-06T00:00:00+08:00")
    assert (states(table), of(table, "a", "earned_task")) == (["paid"], 100)


def test_a_referee_who_becomes_the_advocate_is_nobody_new() -> None:
    table = table_of(SEASON)
    events = [
        referral("a", "kim", "2026-06-02T08:00:00"),
        buy("kim", "2026-06-03T08:00:00", "50.00"),
        merge("a", "kim", "2026-06-03T09:00:00"),
    ]
    play(table, events, until="2026-06-06T00:00:00+08:00")
    assert states(table) == ["not_distinct"]


def test_a_referee_of_two_records_counts_once() -> None:
    table = table_of(SEASON)
    events = [
        referral("a", "kim", "2026-06-02T08:00:00"),
        referral("b", "kim-old", "2026-06-02T09:00:00"),
        buy("kim", "2026-06-03T08:00:00", "50.00"),
        buy("kim-old", "2026-06-03T08:00:00", "50.00"),
        merge("kim", "kim-old", "2026-06-03T09:00:00"),
    ]
    play(table, events, until="2026-06-06T00:00:00+08:00")
    assert states(table) == ["paid", "already_referred"]


def test_an_old_order_under_the_other_id_makes_no_newcomer() -> None:
    table = table_of(SEASON)
    events = [
        buy("kim-old", "2026-06-01T08:00:00", "50.00"),
        referral("a", "kim", "2026-06-02T08:00:00"),
        buy("kim", "2026-06-03T08:00:00", "50.00"),
        merge("kim", "kim-old", "2026-06-03T09:00:00"),
    ]
    play(table, events, until="2026-06-06T00:00:00+08:00")
    assert states(table) == ["not_new"]


def test_erasing_drops_what_a_member_told_and_keeps_their_points() -> None:
    table = table_of(SEASON)
    told = {"kind": "taxi", "phone": "2", "company": "acme", "birthday": "1990-06-19"}
    events = [
        event("enrol", "a", "2026-06-02T08:00:00", attributes=told),
        buy("a", "2026-06-02T08:00:00", "30.00"),
        event("erase", "a", "2026-06-03T08:00:00"),
    ]
    assert play(table, events)[-1] == ("applied", "")
    assert table.attributes == {}
    assert [of(table, "a", name) for name in ("kind", "company", "birthday")] == [0, 0, 0]
    assert scores(table) == {"a": 30}
    again = event("update", "a", "2026-06-04T08:00:00", attributes={"phone": "4"})
    play(table, [{"event_id": "again", **again}])
    assert table.attributes[0] == {"phone": "4"}
