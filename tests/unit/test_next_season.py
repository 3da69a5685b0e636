"""The next season opens beside the one before, which runs its course."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.event_columns import Names
from rules.decoding.events import decode_json, stamp
from rules.judging.kernel import advance, apply
from rules.judging.next_season import await_season, check_next_season
from rules.judging.results import REASONS, STATUSES
from rules.judging.version_checks import VersionRefused
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.standings import board_rows
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable

OLD = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
[[earning]]
id = "all"
on = "purchase"
points = 1
per = { amount = "1.00" }
[[tasks]]
id = "check"
on = "check_in"
points = 2
limit = { times = 1, per = "season" }
[[tasks]]
id = "goal"
points = 50
goal = { amount = "100.00" }
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { visits = 2 } }
[season]
id = "summer"
starts = 2026-06-01T00:00:00
ends = 2026-07-01T00:00:00
late_events = "3d"
refund_hold = "4d"
[[boards]]
id = "overall"
[[boards]]
id = "golden"
where = { tier = ["gold"] }
"""
NEW = (
    OLD.replace("summer", "autumn")
    .replace("2026-07-01", "2026-09-01")
    .replace("2026-06-01", "2026-07-01")
    .replace("points = 1\nper", "points = 3\nper")
    .replace("points = 2\n", "points = 7\n")
    .replace('[[boards]]\nid = "golden"\nwhere = { tier = ["gold"] }\n', "")
)
START = datetime(2026, 6, 1, 12)


def rules_of(text: str) -> Rules:
    return compile_rules(load_season(text))


def check_next(table: MemberTable, new: Rules) -> None:
    older = table.older.rules if table.older else None
    check_next_season(table.rules, new, older, table.clock_us)


class Run:
    """A table that goes from one season to the next."""

    def __init__(self, *, restarts: bool = False, more: str = "") -> None:
        self.old, self.new = rules_of(OLD + more), rules_of(NEW)
        self.table = MemberTable(self.old)
        self.restarts = restarts
        self.number = 0
        check_next(self.table, self.new)
        await_season(self.table, self.new)

    def events(self, *events: tuple[int, dict[str, Any]]) -> list[tuple[str, int]]:
        """Apply events, each stamped at noon of a day after 1 June, as one batch."""
        sent, stamps_us = [], []
        for day, event in events:
            self.number += 1
            at = (START + timedelta(days=event.pop("day", day))).isoformat() + "+08:00"
            named = {"event_id": f"e{self.number}", "member": "m", "at": at}
            sent.append(named | event)
            stamps_us.append(self.noon_us(day))
        names = Names(None, frozenset(self.new.kinds), 0, 2**60)
        decoded = decode_json(json.dumps(sent).encode(), names)
        assert not decoded.refused, decoded.refused
        outcome = apply(self.table, stamp(decoded.columns, np.array(stamps_us)))
        if self.restarts:
            self.restart()
        return [
            (
                REASONS[outcome.reason[one]] or STATUSES[outcome.status[one]],
                int(outcome.points[one]),
            )
            for one in range(len(sent))
        ]

    def noon_us(self, day: int) -> int:
        return self.old.starts_us + day * 86_400_000_000 + 43_200_000_000

    def restart(self) -> None:
        """Rebuild the table from its state, as after a snapshot."""
        table, upcoming = self.table, self.table.upcoming
        older = table.older.rules if table.older else None
        self.table = MemberTable.from_state(table.rules, table.state(), older)
        if upcoming is not None:
            await_season(self.table, upcoming)

    def score(self, member: str = "m") -> int:
        return int(self.table.members.score[self.table.row_of(member)])

    def older_score(self, member: str = "m") -> int:
        assert self.table.older is not None
        return int(self.table.older.columns["score"][self.table.row_of(member)])


def buy(amount: str, **fields: Any) -> dict[str, Any]:
    return {"type": "purchase", "amount": amount} | fields


@pytest.mark.parametrize("restarts", [False, True])
def test_balances_and_tiers_go_on_and_the_score_begins_at_nothing(restarts: bool) -> None:
    run = Run(restarts=restarts)
    assert run.events((28, buy("40.00")), (29, buy("10.00")), (29, {"type": "check_in"})) == [
        ("applied", 40),
        ("applied", 10),
        ("applied", 2),
    ]
    # One batch over the opening: the new file judges what is stamped after it.
    assert run.events((29, buy("1.00")), (30, buy("1.00")), (30, {"type": "check_in"})) == [
        ("applied", 1),
        ("applied", 3),
        ("applied", 7),
    ]
    members, row = run.table.members, run.table.row_of("m")
    assert run.table.rules.season_id == "autumn"
    assert (run.score(), run.older_score()) == (10, 53)
    assert int(members.active[row]) == 63
    assert run.table.rules.levels[members.level[row]] == "gold"
    assert int(members.active_days[row]) == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_late_events_and_refunds_move_the_season_they_belong_to(restarts: bool) -> None:
    run = Run(restarts=restarts)
    run.events((29, buy("90.00", event_id="old")))
    run.events((30, buy("5.00", event_id="new")))
    # Three points a yuan by the file in force; the goal of summer is reached by summer's purchase.
    assert run.events((31, buy("10.00", day=29, event_id="late"))) == [("applied", 80)]
    assert (run.score(), run.older_score()) == (15, 170)
    assert run.events((31, {"type": "check_in", "day": 29})) == [("applied", 2)]
    assert run.events((31, {"type": "check_in", "day": 28})) == [("limit_reached", 0)]
    assert run.events((32, {"type": "refund", "ref": "old", "amount": "30.00"})) == [
        ("applied", -80)
    ]
    assert (run.score(), run.older_score()) == (15, 92)
    assert run.events((32, {"type": "refund", "ref": "new", "amount": "5.00"})) == [
        ("applied", -15)
    ]
    assert (run.score(), run.older_score()) == (0, 92)
    # In the hold a late event doesn't score any more, a refund still does.
    assert run.events((34, buy("1.00", day=29))) == [("applied", 3)]
    assert run.older_score() == 92
    run.events((35, {"type": "refund", "ref": "old", "amount": "10.00"}))
    assert run.older_score() == 82
    run.events((38, {"type": "refund", "ref": "old", "amount": "10.00"}))
    assert run.table.older is not None
    assert run.table.older.final
    assert run.older_score() == 82
    assert int(run.table.members.reversed_points[0]) == 80 + 15 + 10 + 10


def test_the_older_boards_keep_who_stood_on_them() -> None:
    run = Run()
    run.events((28, buy("40.00")), (29, buy("10.00")), (29, buy("60.00", member="n")))
    run.events((31, buy("1.00", day=29, member="late")), (31, buy("9.00", member="n")))
    old, standing = run.old, run.table.older_standing()
    boards = {
        board: board_rows(standing, old.boards, board, old.levels, old.tie_break)
        for board in ("overall", "golden")
    }
    assert boards["overall"].member == ["n", "m", "late"]
    assert boards["golden"].member == ["m"]
    assert run.table.standing().on_board.tolist() == [1, 1, 1]
    assert standing.tasks_completed_at_us.tolist() == [NO_TIME_US] * 3


def test_who_comes_after_the_opening_is_looked_at_anew_however_the_log_is_cut() -> None:
    events = [
        (29, buy("40.00")),
        (31, {"type": "enrol", "member": "late", "attributes": {"car": "blue"}}),
        (31, buy("1.00", day=29, member="late")),
    ]
    found = []
    for cuts in ([events], [events[:1], events[1:2], events[2:]]):
        run = Run(more='[[boards]]\nid = "blue"\nwhere = { car = ["blue"] }\n')
        for part in cuts:
            run.events(*((day, dict(event)) for day, event in part))
        found.append(run.table.older_standing().on_board.tolist())
    assert found == [[0b001, 0b101]] * 2


def test_a_third_season_lets_the_first_go() -> None:
    run = Run()
    run.events((29, buy("40.00", event_id="old")), (30, buy("1.00")))
    with pytest.raises(VersionRefused, match="autumn runs until"):
        check_next(run.table, rules_of(NEW.replace("autumn", "winter")))
    winter = NEW.replace("autumn", "winter").replace("2026-09-01", "2026-12-01")
    winter = winter.replace("2026-07-01", "2026-09-01")
    check_next(run.table, rules_of(winter))
    await_season(run.table, rules_of(winter))
    advance(run.table, run.noon_us(100))
    assert run.table.rules.season_id == "winter"
    assert run.table.older is not None
    assert run.table.older.id == "autumn"
    assert run.older_score() == 3
    assert run.events((101, {"type": "refund", "ref": "old", "amount": "40.00"})) == [
        ("applied", -40)
    ]
    assert (run.score(), run.older_score()) == (0, 3)


def test_a_next_season_may_not_overlap_or_change_the_programme() -> None:
    table = MemberTable(rules_of(OLD))
    for was, now, said in (
        ("starts = 2026-07-01", "starts = 2026-06-20", "summer runs until"),
        ("Asia/Shanghai", "Asia/Tokyo", "programme.timezone"),
    ):
        with pytest.raises(VersionRefused, match=said):
            check_next(table, rules_of(NEW.replace(was, now)))
