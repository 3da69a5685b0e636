"""The member table is read back from its state whatever its season went through."""

from __future__ import annotations

import numpy as np

from rules.judging.ticks import use_rules
from rules.judging.versions import adopt, successor
from rules.table.member_table import MemberTable
from tests.unit.played_log import instant_us, play, restored, rules_of, table_of
from tests.unit.test_triggers import SEASON, event

EARLIER_US = instant_us("2026-06-10T00:00:00+08:00")


def played() -> MemberTable:
    table = table_of(SEASON)
    bought = event("purchase", "a", "2026-06-02T12:00:00", amount="10.00")
    assert play(table, [bought]) == [("applied", "")]
    return table


def assert_same(one: MemberTable, other: MemberTable) -> None:
    state = one.state()
    again = other.state()
    assert again.keys() == state.keys()
    for name, array in state.items():
        assert np.array_equal(again[name], array), name


def test_a_season_that_was_closed_months_early_is_read_back() -> None:
    table = played()
    assert table.members.season_day_words.shape[1] == 3
    use_rules(table, table.rules.with_ends(EARLIER_US))
    assert_same(restored(table), table)
    assert restored(restored(table)).members.season_day_words.shape[1] == 3


def test_a_season_whose_version_ends_months_earlier_is_read_back() -> None:
    table = played()
    shorter = rules_of(SEASON.replace("2026-12-01", "2026-06-10"))
    adopt(table, successor(table.rules, shorter))
    assert_same(restored(table), table)
