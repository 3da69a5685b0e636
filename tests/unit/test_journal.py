"""The journal holds every movement of points, whatever the cuts, and adds up to the table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.accounts.journal import Journal
from rules.accounts.journal_part import POSTINGS, postings
from rules.accounts.posting import rows_of
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.events import decode_json, running_stamps, stamp
from rules.judging.kernel import advance, apply
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable
from tests.oracle.strategies import Drawn, drawn_by_seed, seasons_and_logs

THOROUGH = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EARNED = {
    "base": "earned_base",
    "bonus": "earned_bonus",
    "task": "earned_task",
    "goal": "earned_task",
    "referral": "earned_task",
    "adjusted": "adjusted",
}
SPENT = {
    "redeemed": "redeemed",
    "checkout": "redeemed",
    "expired": "expired",
    "reversed": "reversed_points",
}


def stamped_log(rules: Rules, events: list[dict[str, object]]) -> pa.RecordBatch:
    decoded = decode_json(json.dumps(events).encode(), rules.names)
    at_us = decoded.columns.column("at_us").to_numpy()
    return stamp(decoded.columns, running_stamps(at_us, int(at_us[0]) if len(at_us) else 0))


def replayed(drawn: Drawn, cuts: Sequence[int] = ()) -> MemberTable:
    rules = compile_rules(load_season(drawn.season_text, "season.toml"))
    table = MemberTable(rules)
    table.journal = Journal()
    batch = stamped_log(rules, drawn.events)
    bounds = sorted({0, batch.num_rows, *(min(cut, batch.num_rows) for cut in cuts)})
    for first, last in pairwise(bounds):
        apply(table, batch.slice(first, last - first))
    advance(table, max(rules.final_us, table.clock_us))
    return table


def written(table: MemberTable) -> pa.Table:
    assert table.journal is not None
    return postings(table.journal.parts, table.member_ids)


def check_totals(table: MemberTable) -> None:
    """Assert that the postings of every member add up to the member's sums."""
    found = written(table).select(["member", "kind", "points", "score"]).to_pylist()
    members = table.members
    for row, member in enumerate(table.member_ids):
        if table.row_of(member) != row:  # merged into another record
            continue
        rows = rows_of(table, member)
        ids = {table.member_ids[each] for each in rows}
        mine = [one for one in found if one["member"] in ids]
        sums = dict.fromkeys([*EARNED.values(), *SPENT.values()], 0)
        for one in mine:
            if one["kind"] in EARNED:
                sums[EARNED[one["kind"]]] += one["points"]
            else:
                sums[SPENT[one["kind"]]] -= one["points"]
        for name, total in sums.items():
            assert total == getattr(members, name)[row], (member, name)
        balance = sum(one["points"] for one in mine)
        assert balance == members.active[row] - members.debt[row], member
        # A record merged into this one once the season was final keeps its own score.
        assert sum(one["score"] for one in mine) == members.score[rows].sum(), member


@THOROUGH
@given(seasons_and_logs())
def test_postings_add_up_to_the_table(drawn: Drawn) -> None:
    check_totals(replayed(drawn))


@pytest.mark.parametrize("seed", range(6))
def test_postings_of_long_logs_add_up(seed: int) -> None:
    drawn = drawn_by_seed(seed, count=500)
    print(drawn)
    check_totals(replayed(drawn))


@THOROUGH
@given(seasons_and_logs(), st.data())
def test_any_cut_gives_each_member_the_same_postings(drawn: Drawn, data: st.DataObject) -> None:
    places = st.integers(min_value=0, max_value=len(drawn.events))
    cuts = data.draw(st.lists(places, max_size=90), label="cuts")
    whole, cut = written(replayed(drawn)), written(replayed(drawn, cuts))
    for member in set(whole.column("member").to_pylist()):
        mine = pa.compute.equal(whole.column("member"), member)
        again = pa.compute.equal(cut.column("member"), member)
        assert whole.filter(mine).to_pylist() == cut.filter(again).to_pylist()
    assert whole.num_rows == cut.num_rows


def test_a_table_without_a_journal_changes_the_same() -> None:
    drawn = drawn_by_seed(3, count=300)
    with_journal = replayed(drawn)
    rules = with_journal.rules
    plain = MemberTable(rules)
    apply(plain, stamped_log(rules, drawn.events))
    advance(plain, max(rules.final_us, plain.clock_us))
    one, other = with_journal.state(), plain.state()
    assert one.keys() == other.keys()
    for name, array in one.items():
        assert np.array_equal(array, other[name]), name


def test_a_posting_knows_its_event_and_what_matched() -> None:
    table = replayed(drawn_by_seed(5, count=300))
    found = written(table)
    assert found.schema == POSTINGS
    rows = found.to_pylist()
    sold = [one for one in rows if one["kind"] == "base"]
    assert sold
    for one in sold:
        assert one["type"] in ("purchase", "top_up")
        assert one["earning_bits"] is not None
        assert one["tier"] in table.rules.levels
        assert one["rules_hash"] == table.rules.rules_hash
    taken = [one for one in rows if one["kind"] == "reversed" and one["rule"] is None]
    assert all(one["ref"] for one in taken if one["type"] == "refund")
    assert all(one["amount_fen"] <= 0 for one in taken)
    assert all(one["type"] is None for one in rows if one["kind"] == "expired")


def test_what_was_taken_is_gone() -> None:
    table = replayed(drawn_by_seed(4, count=100))
    assert table.journal is not None
    held = len(table.journal)
    assert sum(len(part) for part in table.journal.take()) == held > 0
    assert len(table.journal) == 0
