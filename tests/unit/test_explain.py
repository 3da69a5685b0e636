"""What an event's waterfall says, what it just missed, and statements that add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given

from rules.accounts.explain import waterfall
from rules.accounts.journal import Journal
from rules.accounts.posting import journalled, rows_of
from rules.accounts.statement import POINT_TOTALS, lines, statement
from rules.compiling.compiled import compile_rules
from rules.judging.kernel import advance, apply
from rules.season.season_file import load_season
from rules.table.member_columns import POINT_COLUMNS
from rules.table.member_table import MemberTable
from tests.oracle.strategies import Drawn, drawn_by_seed, seasons_and_logs
from tests.unit.test_journal import THOROUGH, replayed, stamped_log

SEASON = """
format = 1
[programme]
id = "p"
timezone = "Asia/Shanghai"
accept_late = "60d"
[products.92]
category = "fuel"
[products.95]
category = "fuel"
[products.shop]
category = "shop"
[[earning]]
id = "petrol"
on = "purchase"
where = { product = ["92"] }
points = 1
per = { litres = "1" }
[[earning]]
id = "premium"
on = "purchase"
where = { product = ["95"] }
points = 1
per = { litres = "1" }
[[earning]]
id = "store"
on = "purchase"
where = { category = ["shop"] }
points = 1
per = { amount = "1.00" }
[[multiplier]]
id = "member-day"
name = { zh = "会员日", en = "member day" }
group = "day"
where = { weekday = ["tue"] }
factor = "2"
[[multiplier]]
id = "noon"
group = "day"
where = { hours = ["11:00-13:00"] }
factor = "1.5"
[[multiplier]]
id = "night"
name = { zh = "夜间加倍", en = "the night multiplier" }
group = "night"
where = { hours = ["22:00-06:00"] }
factor = "2"
[[multiplier]]
id = "gold"
group = "tier"
where = { tier = ["gold"] }
factor = "1.5"
[multiplying]
ceiling = "2.5"
[points]
expire_after = "1y"
member_day_cap = 150
[[tasks]]
id = "spender"
goal = { amount = "500.00", within = "season" }
points = 20
[[tasks]]
id = "check-in"
on = "check_in"
points = 2
limit = { times = 1, per = "day" }
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { litres = "100" } }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
[[coupons]]
id = "fuel-100-10"
kind = "amount_off"
off = "10.00"
min_spend = "100.00"
where = { category = ["fuel"] }
[[catalogue]]
id = "mug"
points = 60
goods = { unit_cost = "10.00" }
"""


def event(event_id: str, type_: str, at: str, **other: Any) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "type": type_,
        "member": "m",
        "at": f"2026-06-{at}+08:00",
        **other,
    }


def fuel(event_id: str, at: str, litres: str, amount: str = "100.00", **other: Any) -> Any:
    given = {"product": "92", "litres": litres, "amount": amount} | other
    return event(event_id, "purchase", at, **given)


def table_of(events: Sequence[dict[str, Any]]) -> MemberTable:
    table = MemberTable(compile_rules(load_season(SEASON)))
    table.journal = Journal()
    apply(table, stamped_log(table.rules, list(events)))
    return table


def explained(events: Sequence[dict[str, Any]], event_id: str) -> dict[str, Any]:
    table = table_of(events)
    found = waterfall(table, "m", journalled(table, "m"), event_id)
    assert found is not None
    return found


def misses(found: dict[str, Any], what: str) -> dict[str, Any]:
    return {miss["id"]: miss for miss in found["near_misses"] if miss["what"] == what}


def test_every_factor_is_told_with_the_one_that_counted() -> None:
    # Tuesday noon: the member day beats the noon factor of the same group.
    found = explained([fuel("a", "02T12:00:00", "35.20")], "a")
    assert [(rule["id"], rule["raw"]) for rule in found["earning"]] == [("petrol", "35.2")]
    assert found["base_raw"] == "35.2"
    counted = {rule["id"]: rule["counted"] for rule in found["multipliers"]}
    assert counted == {"member-day": True, "noon": False}
    assert (found["factor"], found["base"], found["bonus"]) == ("2", 35, 35)
    assert found["points"] == found["total"] == 70
    assert found["steps"][0]["en"] == "petrol: 1 points per 1.000 L, 35.200 L → 35.2"
    assert "会员日" in found["steps"][1]["zh"]


def test_the_ceiling_and_the_cap_are_told() -> None:
    log = [fuel("a", "02T22:30:00", "20"), fuel("b", "02T22:40:00", "70.5")]
    found = explained(log, "b")
    assert (found["factor_before_ceiling"], found["ceiling"], found["factor"]) == (
        "4",
        "2.5",
        "2.5",
    )
    assert found["total"] == 176
    assert (found["base"], found["bonus"], found["cap_cut"]) == (70, 30, 76)
    assert any(step.get("points") == -76 for step in found["steps"])


def test_minutes_before_a_multiplier_are_a_near_miss() -> None:
    found = explained([fuel("a", "03T21:48:30", "30")], "a")
    miss = misses(found, "multiplier")["night"]
    assert (miss["key"], miss["minutes"], miss["gain"]) == ("hours", 12, 30)
    assert miss["text"]["en"].startswith("12 minutes before the night multiplier")
    assert misses(found, "multiplier")["gold"]["key"] == "tier"
    assert misses(found, "multiplier")["member-day"]["gain"] == 30
    # Another grade of petrol is nothing that was missed.
    assert not misses(found, "earning")


def test_a_factor_that_would_have_lost_its_group_is_no_miss() -> None:
    found = explained([fuel("a", "02T10:55:00", "30")], "a")
    assert "noon" not in misses(found, "multiplier")


def test_litres_short_of_a_tier_and_yuan_short_of_goal_and_coupon() -> None:
    log = [
        fuel("a", "03T12:00:00", "60", "400.00"),
        event("r", "refund", "03T12:30:00", ref="a", litres="10.2"),
        fuel("b", "04T12:00:00", "50", "100.00"),
        fuel("c", "05T12:00:00", "0", "30.00", product="shop"),
        fuel("d", "06T12:00:00", "0", "96.00", order="o-1", product="92"),
    ]
    table = table_of(log)
    found = waterfall(table, "m", journalled(table, "m"), "c")
    assert found is not None
    # 60 - 10.2 + 50 = 99.8 L; 400 - 68 + 100 + 30 of 500 yuan.
    assert misses(found, "tier")["gold"]["missing"] == "0.2"
    assert misses(found, "tier")["gold"]["text"]["en"] == "0.2 L short of gold"
    assert misses(found, "goal")["spender"]["missing"] == "38.00"
    last = waterfall(table, "m", journalled(table, "m"), "d")
    assert last is not None
    coupon = misses(last, "coupon")["fuel-100-10"]
    assert coupon["text"]["en"] == "¥4.00 short of fuel-100-10"
    assert coupon["text"]["zh"] == "距优惠券 fuel-100-10 还差 ¥4.00"


def test_goals_debt_lot_and_reversals_are_told() -> None:
    log = [
        fuel("a", "03T14:00:00", "80", "100.00"),
        event("x", "redeem", "03T15:00:00", item="mug"),
        event("r", "refund", "03T16:00:00", ref="a"),
        fuel("b", "04T14:00:00", "90", "500.00"),
    ]
    table = table_of(log)
    postings = journalled(table, "m")
    first = waterfall(table, "m", postings, "a")
    assert first is not None
    assert [one["points"] for one in first["reversals"]] == [-80]
    assert first["reversals"][0]["event_id"] == "r"
    assert first["lot"] == {
        "day": "2026-06-03",
        "last_day": "2027-06-03",
        "expires_at": "2027-06-03T16:00:00.000000Z",
    }
    found = waterfall(table, "m", postings, "b")
    assert found is not None
    assert found["goals"] == [{"id": "spender", "points": 20}]
    assert found["debt_repaid"] == 60
    assert found["points"] == 110
    redeemed = waterfall(table, "m", postings, "x")
    assert redeemed is not None
    assert redeemed["points"] == -60
    assert redeemed["steps"][0]["en"] == "redeemed for mug"


def test_events_without_points_and_unknown_events() -> None:
    log = [event("1", "check_in", "03T09:00:00"), event("2", "check_in", "03T10:00:00")]
    table = table_of(log)
    postings = journalled(table, "m")
    over = waterfall(table, "m", postings, "2")
    assert over is not None
    assert (over["points"], over["steps"][0]["en"]) == (0, "this event moved no points")
    assert waterfall(table, "m", postings, "3") is None
    assert waterfall(table, "nobody", [], "1") is None


def test_a_statement_runs_a_balance_and_pages() -> None:
    log = [
        fuel("a", "02T12:00:00", "35.20"),
        event("x", "redeem", "03T15:00:00", item="mug"),
        event("r", "refund", "03T16:00:00", ref="a", litres="30"),
        event("j", "adjust", "04T10:00:00", points=80),
    ]
    table = table_of(log)
    postings = journalled(table, "m")
    whole = statement(table, "m", postings)
    assert whole is not None
    assert [entry["kind"] for entry in whole["entries"]] == [
        "base", "bonus", "redeemed", "reversed", "adjusted",
    ]  # fmt: skip
    assert [entry["balance"] for entry in whole["entries"]] == [35, 70, 10, -50, 30]
    assert whole["entries"][-1]["debt_repaid"] == 50
    assert whole["entries"][0]["multipliers"] == ["member-day", "noon"]
    assert whole["opening"] is None
    assert sum(lot["points"] for lot in whole["expiring"]) == whole["active"] == 30
    part = statement(table, "m", postings, first=2, limit=2)
    assert part is not None
    assert part["entries"] == whole["entries"][2:4]
    assert part["next_cursor"] == "4"
    shown = lines(whole, "en")
    assert "-60" in shown[2]
    assert statement(table, "nobody", []) is None


def test_postings_that_are_missing_show_as_carried_over() -> None:
    table = table_of([fuel("a", "02T12:00:00", "35.20"), fuel("b", "03T14:00:00", "10")])
    later = journalled(table, "m")[2:]
    found = statement(table, "m", later)
    assert found is not None
    assert found["opening"]["balance"] == 70
    assert found["entries"][-1]["balance"] == 80 == found["active"]
    assert found["totals"]["earned_bonus"] == 35


def check_statements(table: MemberTable) -> None:
    """Assert that every member's statement and waterfalls say what the table does."""
    for row, member in enumerate(table.member_ids):
        if table.row_of(member) != row:  # merged into another record
            continue
        postings = journalled(table, member)
        found = statement(table, member, postings)
        if found is None:
            assert not table.members.listed[row]
            continue
        assert found["opening"] is None
        for name in ("active", "debt"):
            assert found[name] == getattr(table.members, name)[row]
        balance = found["entries"][-1]["balance"] if found["entries"] else 0
        assert balance == found["active"] - found["debt"]
        # A record merged into this one once the season was final keeps its own score.
        score = table.members.score[rows_of(table, member)].sum()
        assert sum(found["score_by_kind"].values()) == score
        for one in {one.event_id for one in postings if one.event_id is not None}:
            check_waterfall(table, member, postings, one)


def check_waterfall(table: MemberTable, member: str, postings: Any, event_id: str) -> None:
    found = waterfall(table, member, postings, event_id)
    assert found is not None
    assert found["points"] == sum(one.points for one in postings if one.event_id == event_id)
    if "total" in found:
        goals = sum(goal["points"] for goal in found["goals"])
        assert found["total"] - found["cap_cut"] + goals == found["points"]
        assert found["cap_cut"] >= 0


@THOROUGH
@given(seasons_and_logs())
def test_statements_of_drawn_logs_equal_the_table(drawn: Drawn) -> None:
    check_statements(replayed(drawn))


@pytest.mark.parametrize("seed", range(3))
def test_statements_of_long_logs_equal_the_table(seed: int) -> None:
    drawn = drawn_by_seed(seed, count=300)
    print(drawn)
    table = replayed(drawn)
    check_statements(table)
    advance(table, table.clock_us + 1)


def test_totals_have_the_names_of_the_members_file() -> None:
    named = {name.removesuffix("_points") for name in POINT_COLUMNS}
    assert {*POINT_TOTALS, "active", "debt"} == named
