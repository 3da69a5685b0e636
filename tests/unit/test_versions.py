"""A new version of the file: what moves with its id, what keeps its terms, what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from rules.compiling.calendar import DAY_US
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.events import decode_json, stamp
from rules.judging.kernel import advance, apply
from rules.judging.results import REASONS, STATUSES
from rules.judging.version_checks import VersionRefused, check_version
from rules.judging.versions import adopt, relaid, successor
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable

BASE = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
[members]
kinds = ["private", "taxi"]
[[earning]]
id = "all"
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
NOON_US = 1_780_286_400_000_000  # 2026-06-01T12:00 in Shanghai

COUPONS = """
[[coupons]]
id = "ten"
kind = "amount_off"
off = "10.00"
claim = { times = 5, per = "season" }
[[coupons]]
id = "two"
kind = "amount_off"
off = "2.00"
claim = { times = 5, per = "season" }
[[budgets]]
id = "tens"
covers = ["ten"]
count = 3
"""


def rules_of(text: str) -> Rules:
    return compile_rules(load_season(text))


class Run:
    """A table that is fed events and versions."""

    def __init__(self, text: str) -> None:
        self.table = MemberTable(rules_of(text))
        self.number = 0

    def event(self, kind: str, day: int = 0, member: str = "m", **fields: Any) -> tuple[str, int]:
        """Apply one event at noon of a day of the season; gives its status or reason, points."""
        self.number += 1
        at = f"2026-06-{1 + day:02d}T12:00:00+08:00"
        event = {"event_id": f"e{self.number}", "type": kind, "member": member, "at": at} | fields
        decoded = decode_json(json.dumps([event]).encode(), self.table.rules.names)
        assert not decoded.refused, decoded.refused
        stamps = decoded.columns.column("at_us").to_numpy()
        outcome = apply(self.table, stamp(decoded.columns, stamps))
        word = REASONS[outcome.reason[0]] or STATUSES[outcome.status[0]]
        return word, int(outcome.points[0])

    def version(self, text: str) -> None:
        """Go on under another file, and through a snapshot."""
        new = rules_of(text)
        check_version(self.table.rules, new, self.table.clock_us)
        rules = successor(self.table.rules, new)
        adopt(self.table, rules)
        self.table = MemberTable.from_state(rules, self.table.state())

    def midnight(self, day: int) -> None:
        """Move the clock to the local midnight that begins a day of the season."""
        advance(self.table, NOON_US + day * DAY_US - DAY_US // 2)

    def of(self, column: str, member: str = "m") -> int:
        return int(getattr(self.table.members, column)[self.table.row_of(member)])


def test_levels_move_with_their_ids_and_a_removed_one_falls_to_the_next_below() -> None:
    tiers = (
        BASE
        + """
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { visits = 1 } }
[[tiers.levels]]
id = "platinum"
entry = { any = { visits = 2 } }
"""
    )
    run = Run(tiers)
    run.event("purchase", amount="1.00")
    run.event("purchase", member="n", amount="1.00")
    run.event("purchase", member="n", amount="1.00")
    bronze = tiers.replace(
        'id = "silver"',
        'id = "bronze"\n[[tiers.levels]]\nid = "silver"\nentry = { any = { visits = 9 } }',
        1,
    ).replace('[[tiers.levels]]\nid = "platinum"\nentry = { any = { visits = 2 } }\n', "")
    run.version(bronze)
    assert run.table.rules.levels == ("bronze", "silver", "gold")
    assert (run.of("level"), run.of("level", "n")) == (2, 2)


def test_issued_coupons_of_a_removed_template_stay_valid_and_no_new_ones_are_claimed() -> None:
    run = Run(BASE + COUPONS)
    assert run.event("claim", coupon="ten")[0] == "applied"
    assert run.event("claim", coupon="two")[0] == "applied"
    tens = COUPONS.index("[[coupons]]", 5)
    run.version(BASE + COUPONS[tens : COUPONS.index("[[budgets]]")])
    assert run.event("claim", coupon="ten")[0] == "coupon_not_valid"
    used: dict[str, Any] = {"order": "o", "lines": [{"product": "x", "amount": "30.00"}]}
    assert run.event("use", coupon="ten", **used)[0] == "applied"
    assert run.table.coupon_book.off_fen[0] == 1000
    used["order"] = "p"
    assert run.event("use", coupon="two", **used)[0] == "applied"
    assert run.table.coupon_book.off_fen[1] == 200


def test_a_budget_keeps_what_is_used_and_takes_its_new_limit() -> None:
    run = Run(BASE + COUPONS)
    for _ in range(2):
        run.event("claim", coupon="ten")
    other = '[[budgets]]\nid = "first"\ncovers = ["two"]\ncount = 1\n'
    run.version(BASE + COUPONS.replace("[[budgets]]", other + "[[budgets]]", 1))
    assert run.table.pools.used.tolist() == [0, 2]
    assert run.event("claim", coupon="ten")[0] == "applied"
    assert run.event("claim", coupon="ten")[0] == "budget_exhausted"
    run.version(BASE + COUPONS.replace("count = 3", "count = 4"))
    assert run.event("claim", coupon="ten")[0] == "applied"


def test_attributes_are_tested_anew_by_a_new_condition() -> None:
    run = Run(BASE)
    run.event("enrol", attributes={"kind": "taxi", "car": "blue"})
    run.event("enrol", member="n", attributes={"car": "red"})
    board = '[[boards]]\nid = "overall"\n[[boards]]\nid = "blue"\nwhere = { car = ["blue"] }\n'
    run.version(BASE + board)
    assert run.table.standing().on_board.tolist() == [0b11, 0b01]
    assert [run.table.rules.kinds[run.of("kind", who)] for who in ("m", "n")] == [
        "taxi",
        "private",
    ]


def test_task_limits_go_on_within_their_period() -> None:
    tasks = '[[tasks]]\nid = "a"\non = "check_in"\npoints = 1\nlimit = { times = 1, per = "day" }\n'
    more = (
        tasks
        + '[[tasks]]\nid = "b"\non = "share"\npoints = 3\nlimit = { times = 1, per = "week" }\n'
    )
    run = Run(BASE + more)
    assert run.event("check_in") == ("applied", 1)
    assert run.event("share") == ("applied", 3)
    swapped = more[len(tasks) :] + tasks.replace("points = 1", "points = 7")
    run.version(BASE + swapped)
    assert run.event("share")[0] == "limit_reached"
    assert run.event("check_in")[0] == "limit_reached"
    assert run.event("check_in", day=1) == ("applied", 7)
    run.version(BASE + swapped.replace("times = 1", "times = 2"))
    assert run.event("check_in", day=1) == ("applied", 7)


def test_points_keep_the_expiry_they_were_earned_with() -> None:
    expiring = BASE + '[points]\nexpire_after = "5d"\n'
    run = Run(expiring)
    run.event("purchase", amount="10.00")
    run.version(expiring.replace("5d", "2d"))
    run.event("purchase", day=1, amount="3.00")
    # Those of the second day would expire first: they wait for the earlier ones.
    run.midnight(5)
    assert run.of("active") == 13
    run.midnight(6)
    assert (run.of("active"), run.of("expired")) == (0, 13)
    run.event("purchase", day=7, amount="4.00")
    run.midnight(10)
    assert (run.of("active"), run.of("expired")) == (0, 17)


def test_points_without_expiry_count_as_earned_on_the_day_one_begins() -> None:
    run = Run(BASE)
    run.event("purchase", amount="10.00")
    run.event("adjust", points=-4)
    run.version(BASE + '[points]\nexpire_after = "3d"\n')
    run.event("purchase", day=1, amount="5.00")
    run.event("refund", day=1, ref="e1", amount="2.00")
    run.midnight(3)
    assert run.of("active") == 9
    run.midnight(4)
    assert run.of("expired") == 4
    run.midnight(5)
    assert (run.of("active"), run.of("expired")) == (0, 9)


def test_points_stop_expiring_from_the_next_day() -> None:
    expiring = BASE + '[points]\nexpire_after = "2d"\n'
    run = Run(expiring)
    run.event("purchase", amount="10.00")
    run.version(BASE)
    run.event("purchase", day=1, amount="5.00")
    run.midnight(9)
    assert (run.of("active"), run.of("expired")) == (5, 10)
    run.version(expiring)
    run.midnight(13)
    assert (run.of("active"), run.of("expired")) == (0, 15)


def test_a_goal_brought_later_counts_what_was_bought_before() -> None:
    run = Run(BASE)
    run.event("purchase", amount="40.00")
    goal = '[[tasks]]\nid = "g"\npoints = 9\ngoal = { amount = "50.00" }\n'
    run.version(BASE + goal)
    assert run.event("purchase", amount="10.00") == ("applied", 19)
    run.version(BASE + goal.replace('"g"', '"f"') + goal)
    assert run.event("purchase", amount="1.00") == ("applied", 10)
    assert run.event("refund", ref="e1", amount="20.00") == ("applied", -38)


def test_the_season_may_end_later_while_it_runs() -> None:
    run = Run(BASE)
    run.event("purchase", amount="40.00")
    run.version(BASE.replace("2026-07-01T00", "2027-01-15T00"))
    assert run.event("purchase", day=25, amount="1.00") == ("applied", 1)
    assert run.of("active_days") == 2
    advance(run.table, NOON_US + 200 * DAY_US)
    assert not run.table.final


@pytest.mark.parametrize(
    ("was", "now", "at_us", "said"),
    [
        ('id = "club"', 'id = "other"', NOON_US, "programme.id"),
        ("Asia/Shanghai", "Asia/Tokyo", NOON_US, "programme.timezone"),
        ('"taxi"', '"van"', NOON_US, "members.kinds: taxi"),
        ("starts = 2026-06-01", "starts = 2026-06-02", NOON_US, "season.starts"),
        ("ends = 2026-07-01", "ends = 2026-06-03", NOON_US + 4 * DAY_US, "season close"),
        ("ends = 2026-07-01", "ends = 2026-07-09", NOON_US + 31 * DAY_US, "season.ends"),
        ('"2d"', '"5d"', NOON_US + 40 * DAY_US, "season.refund_hold"),
        ('id = "s"', 'id = "t"', NOON_US, "season.id"),
        ('id = "s"', 'id = "s"\nscore = ["base"]', NOON_US, "season.score"),
    ],
)
def test_what_cannot_change_is_named(was: str, now: str, at_us: int, said: str) -> None:
    with pytest.raises(VersionRefused, match=said):
        check_version(rules_of(BASE), rules_of(BASE.replace(was, now, 1)), at_us)


def test_before_the_season_its_window_and_score_may_change() -> None:
    moved = BASE.replace("starts = 2026-06-01", "starts = 2026-06-03")
    moved = moved.replace("[season]", '[season]\nscore = ["base"]')
    check_version(rules_of(BASE), rules_of(moved), NOON_US - 20 * DAY_US)


def test_a_closed_season_stays_closed() -> None:
    rules = rules_of(BASE).with_ends(NOON_US)
    longer = rules_of(BASE.replace("2026-07-01", "2026-08-01"))
    check_version(rules, longer, NOON_US + DAY_US // 4)
    assert successor(rules, longer).ends_us == NOON_US


def test_a_ring_keeps_its_latest_periods() -> None:
    ring = np.array([[12, 13, 10, 11]])  # the period itself, at its number modulo 4
    assert relaid(ring, 3, 13).tolist() == [[12, 13, 11]]
    assert relaid(ring, 6, 13).tolist() == [[12, 13, 0, 0, 10, 11]]
    assert relaid(ring[:, :0], 2, 13).tolist() == [[0, 0]]
