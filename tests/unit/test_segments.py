"""Segments on computed figures: before the event, by local days, and counted over the table."""

import time
from typing import Any

import numpy as np
import pytest

from rules.compiling.clauses import scalar_text
from rules.compiling.compiled import compile_rules
from rules.judging.segments import count_segment, segment_rows
from rules.season.season_file import SeasonErrors, load_season
from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, play, restored, table_of

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
accept_late = "30d"
[members]
kinds = ["private", "taxi"]
[products.92]
category = "fuel"
[products.shop]
category = "shop"
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "1.00" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-12-01T00:00:00
"""


def season(where: str, more: str = "") -> str:
    return f"{SEASON}{more}\n[segments.some]\nwhere = {{ {where} }}\n"


def event(kind: str, member: str, at: str, **fields: Any) -> Event:
    return {"type": kind, "member": member, "at": at + "+08:00", **fields}


def buy(member: str, at: str, amount: str = "10.00", **fields: Any) -> Event:
    return event("purchase", member, at, **{"product": "92", "amount": amount, **fields})


def inside(table: MemberTable) -> list[str]:
    return [table.member_ids[row] for row in segment_rows(table, "some").tolist()]


def test_purchases_of_the_last_days_today_included() -> None:
    table = table_of(season("visits_3d = { min = 2 }"))
    play(table, [buy("a", "2026-06-02T23:59:59"), buy("a", "2026-06-04T00:00:00")])
    assert inside(table) == ["a"]
    play(table, [], until="2026-06-04T23:59:59+08:00")
    assert inside(table) == ["a"]
    play(table, [], until="2026-06-05T00:00:00+08:00")
    assert inside(table) == []


def test_a_late_purchase_and_a_refund_count_on_their_own_days() -> None:
    table = table_of(season('amount_3d = { min = "15.00" }'))
    events = [
        buy("a", "2026-06-10T12:00:00"),
        buy("a", "2026-06-07T12:00:00", event_id="old"),
        buy("a", "2026-06-08T12:00:00", event_id="late"),
        event("refund", "a", "2026-06-10T13:00:00", ref="old"),
    ]
    play(table, events)
    assert inside(table) == ["a"]
    play(
        table,
        [
            {
                "event_id": "r",
                **event("refund", "a", "2026-06-10T14:00:00", ref="late", amount="5.01"),
            }
        ],
    )
    assert inside(table) == []


def test_litres_count_fuel_alone() -> None:
    table = table_of(season('litres_30d = { min = "20.5" }'))
    play(
        table,
        [
            buy("a", "2026-06-02T12:00:00", litres="20.500"),
            buy("b", "2026-06-02T12:00:00", litres="20.499"),
            buy("c", "2026-06-02T12:00:00", litres="50", product="shop"),
        ],
    )
    assert inside(table) == ["a"]


def test_recency_counts_local_days_and_needs_a_purchase() -> None:
    table = table_of(season("recency_days = { max = 1 }"))
    play(
        table,
        [
            event("enrol", "never", "2026-06-02T12:00:00"),
            buy("a", "2026-06-02T23:00:00"),
            buy("b", "2026-06-03T01:00:00"),
        ],
        until="2026-06-04T00:00:00+08:00",
    )
    assert inside(table) == ["b"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('amount = { min = "10.00", max = "10.00" }', ["a"]),
        ("visits = [2, 3]", ["b"]),
        ("visits = 1", ["a", "c"]),
        ('active = { min = "40.5" }', ["b"]),
        ("score = { max = 10 }", ["a"]),
        ('score = { min = 1 }, kind = "taxi"', ["c"]),
        ('visits = { min = 1 }, city = "x"', ["c"]),
        ('tier = "member", visits_400d = { max = 1 }', ["a", "c"]),
    ],
)
def test_all_keys_hold(where: str, found: list[str]) -> None:
    table = table_of(season(where))
    about = {"kind": "taxi", "city": "x", "visits": 2}
    play(
        table,
        [
            buy("a", "2026-06-02T12:00:00"),
            buy("b", "2026-06-02T12:00:00", "20.00"),
            buy("b", "2026-06-02T13:00:00", "21.00"),
            buy("c", "2026-06-02T12:00:00", "15.00"),
            event("update", "c", "2026-06-02T13:00:00", attributes=about),
        ],
    )
    assert inside(table) == found
    assert count_segment(table, "some") == len(found)


def test_an_unlisted_member_is_in_no_segment() -> None:
    table = table_of(season("visits = { max = 5 }"))
    play(table, [event("check_in", "a", "2026-01-02T12:00:00"), buy("b", "2026-06-02T12:00:00")])
    assert inside(table) == ["b"]


def test_an_unknown_segment_is_named() -> None:
    with pytest.raises(KeyError, match="'other': the season file has some"):
        count_segment(table_of(season("visits = 1")), "other")


BOOST = """
[[multiplier]]
id = "regulars"
group = "g"
where = { segment = "some" }
factor = "2"
"""


@pytest.mark.parametrize("cut", range(5))
def test_a_rule_sees_the_member_before_the_event(cut: int) -> None:
    table = table_of(season("visits_2d = { min = 2 }", BOOST))
    events = [
        buy("a", "2026-06-02T12:00:00"),
        buy("a", "2026-06-02T13:00:00"),
        buy("a", "2026-06-03T12:00:00"),  # two before, both within two days
        buy("a", "2026-06-04T12:00:00"),  # one
        buy("a", "2026-06-04T13:00:00"),  # two
    ]
    named = [{"event_id": f"e{place}", **each} for place, each in enumerate(events)]
    if cut:
        play(table, named[:cut])
        table = restored(table)
    play(table, named[cut:])
    assert int(table.members.earned_base[0]) == 50
    assert int(table.members.earned_bonus[0]) == 20


def test_a_metric_is_no_test_on_attributes() -> None:
    rules = compile_rules(
        load_season(season("visits_90d = { min = 1 }, recency_days = 3, fuel = 0"))
    )
    assert rules.attribute_bits({"visits_90d": 5, "recency_days": 3}) == 0
    assert rules.attribute_bits({"fuel": scalar_text(0)}) == 1


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("visits_90 = { min = 1 }", "visits_90 = { min = 1 }: is no metric"),
        ("visits_0d = 1", "is no metric"),
        ("amount_401d = 1", "is no metric"),
        ("litre_30d = 1", "is no metric"),
        ("recency = 1", "is no metric"),
        ("active = true", "is a number, not true or false"),
        ('visits_9d = "often"', "is a number, not text"),
        ("recency_days = { min = 2026-06-01 }", "is a number, not a date"),
    ],
)
def test_what_cant_be_computed_is_refused(where: str, said: str) -> None:
    with pytest.raises(SeasonErrors) as caught:
        load_season(season(where))
    assert said in str(caught.value)


def test_a_metric_outside_segments_is_refused() -> None:
    board = '[[boards]]\nid = "b"\nwhere = { visits_30d = { min = 1 } }\n'
    with pytest.raises(SeasonErrors, match="computed for segments only"):
        load_season(SEASON + board)


def test_a_million_members_are_counted_in_a_moment() -> None:
    table = table_of(
        season('visits_30d = { min = 3 }, kind = "private", recency_days = { max = 9 }')
    )
    play(table, [buy("a", "2026-06-02T12:00:00")])
    count = 1_000_000
    table.members.extend(count)
    table.members.listed[:] = True
    rows = np.arange(count, dtype=np.int64)
    table.members.last_purchase_us[rows] = table.members.last_purchase_us[0]
    days = np.full(count, table.windows.today)
    table.windows.add(rows, days, rows % 5, rows, rows)
    began_s = time.perf_counter()
    assert count_segment(table, "some") == count * 2 // 5
    assert time.perf_counter() - began_s < 2
