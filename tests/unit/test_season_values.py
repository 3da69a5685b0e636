"""Season files with unknown or missing keys, wrong types and finer numbers."""

from __future__ import annotations

import pytest

from tests.unit.broken_season import (
    BASE,
    COUPON,
    EARNING,
    HEAD,
    LEVELS,
    Broken,
    check_broken,
    where,
)

BROKEN: Broken = {
    # unknown keys
    "unknown section": (BASE + "[holliday] #!\n", "holliday", "{}", "unknown key", "holidays?"),
    "unknown key": (
        BASE + "[card]\nearn_on_spent = true #!\n",
        "card.earn_on_spent",
        "true",
        "unknown key",
        "did you mean earn_on_spend?",
    ),
    "unknown key far from any": (
        BASE + "[multiplying]\nzzz = 1 #!\n",
        "multiplying.zzz",
        "1",
        "unknown key",
        "across_groups, ceiling, within_group",
    ),
    # missing
    "no season": (
        '#!\nformat = 1\nprogramme = { id = "c", timezone = "Asia/Shanghai" }\n' + EARNING,
        "season",
        None,
        "is missing",
        "add season",
    ),
    "no format": (BASE.replace("format = 1", "#!"), "format", None, "is missing", "add format = 1"),
    "other format": (
        BASE.replace("format = 1", "format = 2 #!"),
        "format",
        "2",
        "must be 1",
        "write 1",
    ),
    "no rule": (HEAD + "earning = [] #!\n", "earning", "[]", "at least 1", "add"),
    "no ends": (
        HEAD.replace(", ends = 2026-07-01T00:00:00 }", " } #!") + EARNING,
        "season.ends",
        None,
        "is missing",
        "2026-09-01T00:00:00",
    ),
    "no goods cost": (
        BASE + '[rewards.phone] #!\nkind = "goods"\n',
        "rewards.phone.unit_cost",
        None,
        "is missing",
        'kind = "goods" needs',
    ),
    "dormant without after": (
        BASE + COUPON + '[[triggers]] #!\nid = "t"\non = "dormant"\nissue = "ten"\n',
        "triggers.t.after",
        None,
        "is missing",
        "add after",
    ),
    # wrong types and finer numbers
    "float factor": (
        BASE + '[[multiplier]]\nid = "m"\ngroup = "g"\nfactor = 1.2 #!\n',
        "multiplier.m.factor",
        "1.2",
        "binary float",
        '"1.2"',
    ),
    "float in a range": (
        where("visits = { min = 1.5 }"),
        "earning.fuel.where.visits.min",
        "1.5",
        "binary float",
        '"1.5"',
    ),
    "float in a list": (
        where("score = [1, 2.5]"),
        "earning.fuel.where.score",
        "2.5",
        "binary float",
        '"2.5"',
    ),
    "text for a switch": (
        BASE + '[card]\nearn_on_spend = "no" #!\n',
        "card.earn_on_spend",
        '"no"',
        "true or false",
        "without quotes",
    ),
    "text for a number": (
        BASE + LEVELS + '[tiers]\nwindow_months = "3" #!\n',
        "tiers.window_months",
        '"3"',
        "whole number",
        "write",
    ),
    "text for a list": (
        BASE + '[members]\nkinds = "private" #!\n',
        "members.kinds",
        '"private"',
        "must be a list",
        "…",
    ),
    "list for a station field": (
        BASE + "[stations.S1]\nlanes = [1] #!\n",
        "stations.S1.lanes",
        "[1]",
        "must be text, an integer, true or false",
        "quotes",
    ),
    "number for a region": (
        BASE + "[stations.S1]\nregion = 3 #!\n",
        "stations.S1.region",
        "3",
        "text in quotes",
        "write",
    ),
    "number for an id": (
        BASE.replace('id = "fuel"', "id = 92 #!"),
        "earning.#1.id",
        "92",
        "text in quotes",
        '"',
    ),
    "list for a table": (
        HEAD + "card = [] #!\n" + EARNING,
        "card",
        "[]",
        "must be a table",
        "{",
    ),
    "date for a time": (
        BASE.replace("starts = 2026-06-01T00:00:00", "starts = 2026-06-01").replace(
            "2026-07-01T00:00:00 }", "2026-07-01T00:00:00 } #!"
        ),
        "season.starts",
        "2026-06-01",
        "local date and time",
        "2026-06-01T00:00:00",
    ),
    "time with offset": (
        BASE.replace("2026-07-01T00:00:00 }", "2026-07-01T00:00:00Z } #!"),
        "season.ends",
        "2026-07-01T00:00:00+00:00",
        "offset",
        "write 2026-07-01T00:00:00",
    ),
    "finer amount": (
        HEAD + EARNING.replace('{ litres = "1" }', '{ amount = "1.001" } #!'),
        "earning.fuel.per.amount",
        '"1.001"',
        "more than 2 decimals",
        "round",
    ),
    "finer factor": (
        BASE + '[[multiplier]]\nid = "m"\ngroup = "g"\nfactor = "1.23456" #!\n',
        "multiplier.m.factor",
        '"1.23456"',
        "more than 4 decimals",
        "round",
    ),
    "finer rate": (
        HEAD + EARNING.replace("points = 1", 'points = "0.00001" #!'),
        "earning.fuel.points",
        '"0.00001"',
        "more than 4 decimals",
        "round",
    ),
    "negative points": (
        HEAD + EARNING.replace("points = 1", "points = -1 #!"),
        "earning.fuel.points",
        "-1",
        "must be ≥ 0",
        "≥ 0",
    ),
    "nothing to divide by": (
        HEAD + EARNING.replace('"1" }', "0 } #!"),
        "earning.fuel.per.litres",
        "0",
        "> 0",
        "> 0",
    ),
    "negative metric": (
        BASE + LEVELS + "entry = { any = { litres = -5 } } #!\n",
        "tiers.gold.entry.litres",
        "-5",
        "must be ≥ 0",
        "≥ 0",
    ),
    "a number too long to write": (
        HEAD + EARNING.replace("points = 1", f"points = 0x{'f' * 9000} #!"),
        "earning.fuel.points",
        "a number of 36000 bits",
        "too large",
        "at most 12 digits",
    ),
    "a whole number too long to write": (
        BASE + LEVELS + f"[tiers]\nwindow_months = 0x{'f' * 9000} #!\n",
        "tiers.window_months",
        "a number of 36000 bits",
        "must be ≤ 36",
        "write 36 or less",
    ),
    "words for a number": (
        HEAD + EARNING.replace("points = 1", 'points = "ten" #!'),
        "earning.fuel.points",
        '"ten"',
        "decimal number",
        "digits",
    ),
    "bad duration": (
        BASE + '[points]\nexpire_after = "1 year" #!\n',
        "points.expire_after",
        '"1 year"',
        "m, h, d, mo or y",
        '"30d"',
    ),
    "expiry in hours": (
        BASE + '[points]\nexpire_after = "90h" #!\n',
        "points.expire_after",
        '"90h"',
        "must be in d, mo, y",
        "write it as",
    ),
    "endless duration": (
        BASE + '[prize_rules]\nclaim_within = "101y" #!\n',
        "prize_rules.claim_within",
        '"101y"',
        "a hundred years",
        "write it as",
    ),
    "whole points": (
        BASE + '[[tasks]]\nid = "t"\non = "share"\npoints = "2.5" #!\n',
        "tasks.t.points",
        '"2.5"',
        "whole",
        "whole number",
    ),
    "unknown zone": (
        HEAD.replace('Asia/Shanghai" }', 'Mars/Base" } #!') + EARNING,
        "programme.timezone",
        '"Mars/Base"',
        "no known time zone",
        "Asia/Shanghai",
    ),
    "unknown calendar": (
        BASE + '[holidays]\ncalendar = "ZZ" #!\n',
        "holidays.calendar",
        '"ZZ"',
        "no country",
        '"CN"',
    ),
    "unknown category": (
        BASE + '[products.92]\ncategory = "feul" #!\n',
        "products.92.category",
        '"feul"',
        'must be "fuel"',
        "write one of them",
    ),
    "unknown period": (
        BASE
        + '[[tasks]]\nid = "t"\non = "share"\npoints = 1\nlimit = { times = 1, per = "year" } #!\n',
        "tasks.t.limit.per",
        '"year"',
        '"season"',
        "write one of them",
    ),
    "never allowed": (
        BASE
        + '[[tasks]]\nid = "t"\non = "share"\npoints = 1\nlimit = { times = 0, per = "day" } #!\n',
        "tasks.t.limit.times",
        "0",
        "must be ≥ 1",
        "write 1 or more",
    ),
    "goal of a month": (
        BASE + '[[tasks]]\nid = "t"\npoints = 1\ngoal = { amount = "5", within = "month" } #!\n',
        "tasks.t.goal.within",
        '"month"',
        'must be "season"',
        'write "season"',
    ),
    "goal twice": (
        BASE
        + '[[tasks]]\nid = "t"\npoints = 1\ngoal = { amount = "5" }\n'
        + 'limit = { times = 2, per = "season" } #!\n',
        "tasks.t.limit",
        '{ times = 2, per = "season" }',
        "once a season",
        "times = 1",
    ),
    "task without cause": (
        BASE + '[[tasks]] #!\nid = "t"\npoints = 1\n',
        "tasks.t",
        '{ id = "t", points = 1 }',
        "must have on or goal",
        "write on",
    ),
    "both litres and amount": (
        HEAD + EARNING.replace('{ litres = "1" }', '{ litres = "1", amount = "1" } #!'),
        "earning.fuel.per.amount",
        '"1"',
        "stands beside litres",
        "remove amount or litres",
    ),
    "litres of a top-up": (
        HEAD + EARNING.replace('"purchase"', '"top_up"').replace('"1" }', '"1" } #!'),
        "earning.fuel.per.litres",
        '"1"',
        "top-up",
        "amount",
    ),
    "board id with a slash": (
        BASE + '[[boards]]\nid = "north/south" #!\n',
        "boards.north/south.id",
        '"north/south"',
        "may hold only letters",
        "summer-2026",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_error_is_named_with_its_line_path_value_and_fix(name: str) -> None:
    check_broken(BROKEN[name])
