"""Hold the reports to the members, coupons and answers of drawn logs, however they are cut."""

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.compiling.compiled import Rules, compile_rules
from rules.coupons.coupon_columns import coupon_counts
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import running_stamps, stamp
from rules.judging.kernel import advance, apply
from rules.judging.results import STATUSES
from rules.reporting.report_query import NAMES, read_query
from rules.reporting.reports import report_of
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable
from tests.oracle.strategies import Drawn, drawn_by_seed, seasons_and_logs

THOROUGH = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Row = dict[str, Any]


def spread(member: str, shards: int) -> int:
    return sum(member.encode()) % shards


def played(
    drawn: Drawn, cuts: Sequence[int] = (), *, shards: int = 1, restarts: bool = False
) -> tuple[list[MemberTable], Counter[tuple[str, str]]]:
    """Apply a drawn log; count the answers by event type and status."""
    rules: Rules = compile_rules(load_season(drawn.season_text, "season.toml"))
    decoded = decode_json(json.dumps(drawn.events).encode(), rules.names)
    columns = decoded.columns
    at_us = columns.column("at_us").to_numpy()
    stamped = stamp(columns, running_stamps(at_us, int(at_us[0]) if len(at_us) else 0))
    members = columns.column("member").to_pylist()
    types = columns.column("type").to_pylist()
    answers: Counter[tuple[str, str]] = Counter()
    tables = []
    for shard in range(shards):
        table = MemberTable(rules)
        mine = np.array([n for n, one in enumerate(members) if spread(one, shards) == shard], int)
        bounds = np.searchsorted(mine, [0, *sorted(cuts), len(members)]).tolist()
        for first, last in pairwise(bounds):
            if restarts:
                table = MemberTable.from_state(rules, table.state())
            outcome = apply(table, stamped.take(pa.array(mine[first:last])))
            for row, status in zip(mine[first:last].tolist(), outcome.status, strict=True):
                answers[types[row], STATUSES[status]] += 1
        end_us = max([rules.final_us, *stamped.column("stamp_us").to_pylist()[-1:]])
        advance(table, end_us)
        tables.append(table)
    return tables, answers


def everything(tables: list[MemberTable]) -> dict[tuple[str, str], list[Row]]:
    """Make every report in every way."""
    return {
        (name, by): report_of(tables, read_query(name, by=by)).to_pylist()
        for name, ways in NAMES.items()
        for by in ways
    }


def total(rows: list[Row], column: str) -> Any:
    return sum((row[column] for row in rows if row[column] is not None), Decimal(0))


def of_members(tables: list[MemberTable], name: str) -> int:
    return sum(int(getattr(table.members, name)[: len(table)].sum()) for table in tables)


def check_sales(
    reports: dict[tuple[str, str], list[Row]],
    tables: list[MemberTable],
    answers: Counter[tuple[str, str]],
) -> None:
    litres = Decimal(of_members(tables, "litres_ml")).scaleb(-3)
    amount = Decimal(of_members(tables, "amount_fen")).scaleb(-2)
    for name in ("sales", "stations", "trend"):
        for by in NAMES[name]:
            rows = reports[name, by]
            assert total(rows, "net_litres") == litres, (name, by)
            assert total(rows, "net_amount_yuan") == amount, (name, by)
            assert total(rows, "purchases") == answers["purchase", "applied"], (name, by)
    for by in NAMES["trend"]:
        assert total(reports["trend", by], "top_ups") == answers["top_up", "applied"]
        assert total(reports["trend", by], "reviews") == (
            answers["review", "applied"] + answers["review", "limit_reached"]
        )
        assert total(reports["trend", by], "redemptions") == answers["redeem", "applied"]
        enrolled = of_members(tables, "enrolled")
        assert total(reports["trend", by], "enrolments") >= enrolled
    for by in NAMES["members"]:
        rows = reports["members", by]
        assert (
            total(rows, "amount_yuan") <= amount
            if by == "rfm"
            else total(rows, "visits") == (of_members(tables, "visits"))
        )
        if by != "rfm":
            assert total(rows, "members") == of_members(tables, "listed")
            assert total(rows, "litres") == litres


def check_points(reports: dict[tuple[str, str], list[Row]], tables: list[MemberTable]) -> None:
    task = of_members(tables, "earned_task")
    for by in NAMES["points"]:
        rows = reports["points", by]
        assert total(rows, "base_points") == of_members(tables, "earned_base")
        assert total(rows, "bonus_points") == of_members(tables, "earned_bonus")
        parts = ("task_points", "goal_points", "referral_points")
        assert sum(total(rows, part) for part in parts) == task
        assert total(rows, "adjusted_points") == of_members(tables, "adjusted")
        assert total(rows, "redeemed_points") == of_members(tables, "redeemed")
        assert total(rows, "expired_points") == of_members(tables, "expired")
        assert total(rows, "reversed_points") == of_members(tables, "reversed_points")
    active, debt = of_members(tables, "active"), of_members(tables, "debt")
    for by in NAMES["liability"]:
        assert total(reports["liability", by], "outstanding_points") == active
        assert all(row["outstanding_points"] >= 0 for row in reports["liability", by])
    earned = reports["liability", "earned"]
    assert total(earned, "expired_points") == of_members(tables, "expired")
    dated = [row for row in earned if row["earned_month"] is not None]
    never = total([row for row in earned if row["earned_month"] is None], "outstanding_points")
    net = total(dated, "earned_points") - total(dated, "reversed_points")
    gone = total(dated, "expired_points") + total(dated, "used_points")
    assert net == gone + active - never
    flows = sum(
        of_members(tables, name)
        for name in ("earned_base", "earned_bonus", "earned_task", "adjusted")
    ) - sum(of_members(tables, name) for name in ("redeemed", "expired", "reversed_points"))
    assert flows == active - debt


def check_coupons(reports: dict[tuple[str, str], list[Row]], tables: list[MemberTable]) -> None:
    counts = coupon_counts(tables, max(table.clock_us for table in tables))
    rows = {row["coupon"]: row for row in reports["coupons", "coupon"]}
    assert rows.keys() == counts.keys()
    for name, count in counts.items():
        for word in ("issued", "claimed", "used", "expired", "void"):
            assert rows[name][word] == count[word], (name, word)
        assert rows[name]["discount_yuan"] == Decimal(count["off_fen"]).scaleb(-2)
    off = Decimal(sum(count["off_fen"] for count in counts.values())).scaleb(-2)
    assert total(reports["sales", "product"], "discount_yuan") == off
    fired = [table.triggers.firings.columns for table in tables]
    held_out = sum(int(one.held_out[: one.size].sum()) for one in fired)
    effects = reports["campaigns", "campaign"]
    assert total(effects, "treated") == sum(one.size for one in fired) - held_out
    pushed = sum(int((t.coupon_book.source[: t.coupon_book.size] == 0).sum()) for t in tables)
    assert total(effects, "issued") >= pushed or not effects


@THOROUGH
@given(seasons_and_logs())
def test_reports_equal_what_members_hold(drawn: Drawn) -> None:
    tables, answers = played(drawn)
    reports = everything(tables)

    check_sales(reports, tables, answers)
    check_points(reports, tables)
    check_coupons(reports, tables)


@pytest.mark.parametrize("seed", range(10))
def test_reports_equal_what_members_hold_after_long_logs(seed: int) -> None:
    drawn = drawn_by_seed(seed, count=500)
    print(drawn)
    tables, answers = played(drawn)
    reports = everything(tables)

    check_sales(reports, tables, answers)
    check_points(reports, tables)
    check_coupons(reports, tables)


@THOROUGH
@given(seasons_and_logs(), st.data())
def test_any_cut_gives_the_same_reports(drawn: Drawn, data: st.DataObject) -> None:
    places = st.integers(min_value=0, max_value=len(drawn.events))
    cuts = data.draw(st.lists(places, max_size=5), label="cuts")

    whole = everything(played(drawn)[0])

    assert everything(played(drawn, cuts)[0]) == whole
    assert everything(played(drawn, cuts, restarts=True)[0]) == whole


@pytest.mark.parametrize("seed", range(8))
def test_reports_of_shards_add_up(seed: int) -> None:
    drawn = drawn_by_seed(seed, count=200)
    print(drawn)
    # Where members share something shards decide otherwise than one table; their sums hold.
    tables, answers = played(drawn, shards=3)
    reports = everything(tables)

    check_sales(reports, tables, answers)
    check_points(reports, tables)
    check_coupons(reports, tables)
    assert everything(tables[::-1]) == reports
