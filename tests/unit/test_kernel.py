"""The kernel's edges that no log of events reaches."""

import numpy as np

from rules.compiling.compiled import Rules, compile_rules
from rules.judging.kernel import advance
from rules.judging.rounds import rounds
from rules.judging.ticks import use_rules
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable

SEASON = """
format = 1
[programme]
id = "p"
timezone = "Asia/Shanghai"
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "1.00" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
late_events = "1d"
refund_hold = "2d"
"""


def compiled() -> Rules:
    return compile_rules(load_season(SEASON))


def test_a_table_without_members_becomes_final() -> None:
    table = MemberTable(compiled())
    advance(table, table.rules.final_us - 1)
    assert not table.final
    advance(table, table.rules.final_us)
    assert table.final
    assert table.clock_us == table.rules.final_us


def test_a_season_closed_early_becomes_final_at_its_new_end() -> None:
    table = MemberTable(compiled())
    hour_us = 3_600_000_000
    closed_us = table.rules.starts_us + 100 * hour_us
    advance(table, closed_us)
    use_rules(table, table.rules.with_ends(closed_us))
    assert table.rules.final_us == closed_us + 72 * hour_us
    advance(table, table.rules.final_us - 1)
    assert not table.final
    advance(table, table.rules.final_us)
    assert table.final


def test_an_end_moved_behind_the_clock_makes_final_at_once() -> None:
    table = MemberTable(compiled())
    later_us = table.rules.starts_us + 20 * 86_400_000_000
    advance(table, later_us)
    use_rules(table, table.rules.with_ends(table.rules.starts_us + 86_400_000_000))
    advance(table, later_us)
    assert table.final
    assert table.clock_us == later_us


def test_rounds_hold_each_member_once_and_keep_arrival_order() -> None:
    rows = np.random.default_rng(5).integers(0, 9, 200)
    seen: list[int] = []
    for places in rounds(rows):
        assert len(np.unique(rows[places])) == len(places)
        seen += places.tolist()
    assert sorted(seen) == list(range(200))
    for row in range(9):
        mine = [place for place in seen if rows[place] == row]
        assert mine == sorted(mine)
