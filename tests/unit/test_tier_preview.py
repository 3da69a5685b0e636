"""Preview of tiers: it tells what the kernel's next review does under the new rules."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from rules.advice.tier_preview import TierMoves, preview
from rules.compiling.calendar import DAY_US
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.identity import hash_strings
from rules.judging.kernel import advance
from rules.judging.tiers import entered, window_of
from rules.judging.versions import adopt, successor
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable

HEAD = """\
format = 1
programme = { id = "club", timezone = "Asia/Shanghai", accept_late = "40d" }
season = { id = "s", starts = 2026-05-01T00:00:00, ends = 2026-09-01T00:00:00 }
[[earning]]
id = "fuel"
on = "purchase"
points = 1
per = { litres = "1" }
"""
OLD = """\
[tiers]
window_months = 3
grace = "7d"
trial = { level = "gold", months = 1 }
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { litres = "300", visits = 12 } }
keep = { any = { litres = "200" } }
[[tiers.levels]]
id = "platinum"
entry = { all = { litres = "900" } }
"""
NEW = {
    "harder": OLD.replace('"200"', '"260"').replace('"900"', '"1000"'),
    "easier": OLD.replace('"300"', '"150"').replace('"200"', '"100"'),
    "two steps and no grace": OLD.replace('grace = "7d"', "steps_down = 2"),
    "a shorter window": OLD.replace("window_months = 3", "window_months = 1"),
    "a longer window": OLD.replace("window_months = 3", "window_months = 4"),
    "without gold": OLD[: OLD.index('[[tiers.levels]]\nid = "gold"')].replace(
        'trial = { level = "gold", months = 1 }\n', ""
    )
    + OLD[OLD.index('[[tiers.levels]]\nid = "platinum"') :],
    "the same": OLD,
}


def rules(tiers: str) -> Rules:
    return compile_rules(load_season(HEAD + tiers))


def drawn_table(seed: int, count: int = 300) -> MemberTable:
    """Draw a table as it might stand on 20 June: purchases, levels, trials, bought levels."""
    draw = np.random.default_rng(seed)
    table = MemberTable(rules(OLD))
    at_us = table.rules.calendar.midnight(20_624 + 1)  # 2026-06-21
    advance(table, at_us)
    ids = [f"m{number}" for number in range(count)]
    rows = table.add_members(*hash_strings(pa.array(ids)), ids)
    members = table.members
    members.listed[rows] = draw.random(count) < 0.9
    months = (table.open_month - np.arange(3)) % table.rules.rings.months
    members.month_ml[rows[:, None], months] = draw.integers(0, 400_000, (count, 3))
    members.month_visits[rows[:, None], months] = draw.integers(0, 6, (count, 3))
    members.level[rows] = draw.integers(0, 3, count)
    members.level_since_us[rows] = at_us - draw.integers(0, 30, count) * DAY_US
    ends_us = np.array([table.rules.calendar.midnight(20_615 + one) for one in range(40)])
    trial = (members.level[rows] == 1) & (draw.random(count) < 0.5)
    members.trial_until_us[rows] = np.where(trial, draw.choice(ends_us[11:], count), 0)
    bought = draw.random(count) < 0.1
    members.bought_level[rows] = np.where(bought, members.level[rows] + 1, 0)
    return table


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", NEW)
def test_it_tells_what_the_next_review_does(name: str, seed: int) -> None:
    table, told = drawn_table(seed), rules(NEW[name])
    before = table.members.level.copy()
    found = preview(table, told)
    assert (table.members.level == before).all()
    listed = np.flatnonzero(table.members.listed[: table.members.size])
    names = np.array(table.rules.levels)[table.members.level[listed]]

    adopt(table, successor(table.rules, told))
    highest = entered(table, window_of(table, listed, np.full(len(listed), table.open_month)))
    advance(table, found.review_us)
    then = np.maximum(table.members.level[listed], highest)

    assert found.counts.sum() == len(listed)
    moved = names != np.array(told.levels)[then]
    assert found.rows.tolist() == listed[moved].tolist(), f"seed {seed}"
    assert found.then.tolist() == then[moved].tolist(), f"seed {seed}"
    if name == "harder":
        assert moved.any()


def test_moves_are_counted_by_level_names() -> None:
    table = drawn_table(1)
    found = preview(table, rules(NEW["without gold"]))
    moves = found.moves()
    assert sum(members for _, _, members in moves) == table.members.listed.sum()
    assert {then for _, then, _ in moves} <= {"silver", "platinum"}
    assert all(members > 0 for _, _, members in moves)
    assert found.months_missing == 0


def test_months_the_table_never_kept_are_told() -> None:
    table = drawn_table(2)
    width = table.rules.rings.months
    longer = rules(OLD.replace("window_months = 3", f"window_months = {width + 2}"))
    assert preview(table, longer).months_missing == 2


def test_a_file_that_had_no_tiers_knows_no_months() -> None:
    table = MemberTable(rules(""))
    advance(table, table.rules.calendar.midnight(20_625))
    rows = table.add_members(*hash_strings(pa.array(["a"])), ["a"])
    table.members.listed[rows] = True
    found = preview(table, rules(OLD))
    assert found.moves() == [("member", "silver", 1)]
    assert found.months_missing == 3


def test_moves_of_several_tables_add_up() -> None:
    tables, told = [drawn_table(3), drawn_table(4)], rules(NEW["harder"])
    previews = [preview(table, told) for table in tables]
    both = TierMoves.added(previews)
    assert sum(members for _, _, members in both.moves) == sum(
        int(table.members.listed.sum()) for table in tables
    )
    assert both == TierMoves.added([TierMoves.added([one]) for one in previews])
    assert both.rows()[0].keys() == {"now", "then", "members"}


def test_a_table_without_events_moves_nobody_at_the_seasons_first_review() -> None:
    found = preview(MemberTable(rules(OLD)), rules(NEW["harder"]))
    assert found.moves() == []
    assert found.review_us == rules(OLD).calendar.midnight(20_605)  # 2026-06-01
