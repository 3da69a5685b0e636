"""The kernel's edges that no log of events reaches."""

import numpy as np

from rules.compiling.compiled import Rules, compile_rules
from rules.judging.kernel import advance
from rules.judging.rounds import ACTS_MAX, NO_TURN, rounds
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


def test_those_who_share_a_queue_take_turns_in_rounds_of_one_act() -> None:
    draw = np.random.default_rng(6)
    rows = draw.integers(0, 40, 300)
    queue, act = draw.integers(0, 2, 300), draw.integers(0, 2, 300)
    turns = np.where(draw.random(300) < 0.3, queue * ACTS_MAX + act, NO_TURN)
    round_of = np.full(300, -1)
    for nth, places in enumerate(rounds(rows, turns)):
        assert len(np.unique(rows[places])) == len(places) > 0
        assert (round_of[places] == -1).all()
        round_of[places] = nth
    assert (round_of >= 0).all()
    for row in range(40):
        assert (np.diff(round_of[rows == row]) > 0).all()
    for one in (0, 1):
        mine = np.flatnonzero((turns >= 0) & (queue == one))
        later = np.diff(round_of[mine])
        assert (later >= 0).all()
        assert (later[np.diff(act[mine]) != 0] > 0).all()


def test_a_piece_of_known_events_alone_has_no_round_to_judge() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert [places.tolist() for places in rounds(none, none)] == [[]]
