"""Season files with keys out of place, clashes between items, and too much of a thing."""

from __future__ import annotations

import pytest

from tests.unit.broken_season import (
    BASE,
    EARNING,
    HEAD,
    LEVELS,
    PHONE,
    PRODUCTS,
    Broken,
    check_broken,
)

BROKEN: Broken = {
    # keys out of place
    "product of a board": (
        BASE + PRODUCTS + '[[boards]]\nid = "b"\nwhere = { product = "92" } #!\n',
        "boards.b.where.product",
        '"92"',
        "makes no sense in boards",
        "attribute of the member",
    ),
    "pay of exclude": (
        BASE.replace(
            "2026-07-01T00:00:00 }", '2026-07-01T00:00:00, exclude = { pay = "card" } } #!'
        ),
        "season.exclude.pay",
        '"card"',
        "makes no sense in exclude",
        "kind",
    ),
    "segment of a segment": (
        BASE + '[segments.a]\nwhere = { segment = "a" } #!\n',
        "segments.a.where.segment",
        '"a"',
        "makes no sense in segments",
        "kind",
    ),
    "product of a top-up": (
        HEAD
        + '[[earning]]\nid = "t"\non = "top_up"\npoints = 1\nper = { amount = "1" }\n'
        + 'where = { product = "92" } #!\n'
        + PRODUCTS,
        "earning.t.where.product",
        '"92"',
        "no sense for a top-up",
        "remove product",
    ),
    "entry of the first level": (
        BASE + '[[tiers.levels]]\nid = "silver"\nentry = { any = { visits = 1 } } #!\n',
        "tiers.silver.entry",
        "{ any = { visits = 1 } }",
        "first level",
        "remove it",
    ),
    "off of a percent coupon": (
        BASE + '[[coupons]]\nid = "p"\nkind = "percent"\npay = "0.8"\noff = "1.00" #!\n',
        "coupons.p.off",
        '"1.00"',
        'no sense with kind = "percent"',
        "remove off",
    ),
    # clashes
    "rule id twice": (
        BASE + EARNING.replace('"fuel"', '"fuel" #!'),
        "earning.fuel.id",
        '"fuel"',
        "given to two of earning",
        "rename",
    ),
    "level id twice": (
        BASE + LEVELS.replace('"gold"', '"silver" #!'),
        "tiers.silver.id",
        '"silver"',
        "given to two of tiers.levels",
        "rename",
    ),
    "kind twice": (
        BASE + '[members]\nkinds = ["a", "a"] #!\n',
        "members.kinds",
        '["a", "a"]',
        "names a twice",
        "once",
    ),
    "two tasks with one event": (
        BASE
        + '[[tasks]]\nid = "a"\non = "share"\npoints = 1\n'
        + '[[tasks]]\nid = "b"\non = "share" #!\npoints = 1\n',
        "tasks.b.on",
        '"share"',
        'already the event of task "a"',
        "merge",
    ),
    "overlapping ranks": (
        BASE
        + PHONE
        + '[[prizes]]\nboard = "overall"\nranks = "1-3"\nreward = "phone"\n'
        + '[[prizes]]\nboard = "overall"\nranks = 3 #!\nreward = "phone"\n',
        "prizes.#2.ranks",
        "3",
        "overlaps ranks 1-3 of board overall",
        "one prize",
    ),
    "ranks reversed": (
        BASE + PHONE + '[[prizes]]\nboard = "overall"\nranks = "3-1" #!\nreward = "phone"\n',
        "prizes.#1.ranks",
        '"3-1"',
        "ends before it starts",
        '"1-3"',
    ),
    "window reversed": (
        BASE.replace("2026-07-01T00:00:00 }", "2026-05-01T00:00:00 } #!"),
        "season.ends",
        "2026-05-01T00:00:00",
        "ends before it starts",
        "later",
    ),
    "window empty": (
        BASE.replace("2026-07-01T00:00:00 }", "2026-06-01T00:00:00 } #!"),
        "season.ends",
        "2026-06-01T00:00:00",
        "ends before it starts",
        "later",
    ),
    "window too long": (
        BASE.replace("2026-07-01T00:00:00 }", "2027-07-06T00:00:01 } #!"),
        "season.ends",
        "2027-07-06T00:00:01",
        "longer than 400 days",
        "2027-07-06T00:00:00",
    ),
    # limits
    "too many boards": (
        BASE.replace(
            "season",
            "boards = [" + ",".join(f'{{id="b{n}"}}' for n in range(17)) + "] #!\nseason",
            1,
        ),
        "boards",
        "…",
        "has more than 16",
        "remove",
    ),
    "too many tasks": (
        HEAD
        + "tasks = ["
        + ",".join(f'{{id="t{n}",points=1,goal={{amount={n + 1}}}}}' for n in range(33))
        + "] #!\n"
        + EARNING,
        "tasks",
        "…",
        "has more than 32",
        "remove",
    ),
    "too many rules": (
        HEAD
        + "earning = ["
        + ",".join(f'{{id="e{n}",on="purchase",points=1,per={{litres=1}}}}' for n in range(65))
        + "] #!\n",
        "earning",
        "…",
        "has more than 64",
        "remove",
    ),
    "too many multipliers": (
        HEAD
        + "multiplier = ["
        + ",".join(f'{{id="m{n}",group="g",factor=1}}' for n in range(65))
        + "] #!\n"
        + EARNING,
        "multiplier",
        "…",
        "has more than 64",
        "remove",
    ),
    "overflow": (
        HEAD
        + '[[earning]] #!\nid = "e"\non = "purchase"\npoints = "1.0001"\n'
        + 'per = { amount = "0.07" }\n'
        + "".join(
            f'[[multiplier]]\nid = "m{n}"\ngroup = "g{n}"\nfactor = "1.0001"\n' for n in range(4)
        ),
        "earning",
        '[{ id = "e", on = "purchase", points = "1.0001", per = { amount = "0.07" } }]',
        "could overflow",
        "fewer decimals",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_error_is_named_with_its_line_path_value_and_fix(name: str) -> None:
    check_broken(BROKEN[name])
