"""Season files whose conditions can't be read or name what isn't there."""

from __future__ import annotations

import pytest

from tests.unit.broken_season import (
    BASE,
    COUPON,
    LEVELS,
    PHONE,
    PRODUCTS,
    Broken,
    check_broken,
    earning,
    where,
)

BROKEN: Broken = {
    # conditions
    "equal hours": (
        where('hours = "06:00-06:00"'),
        "earning.fuel.where.hours",
        '"06:00-06:00"',
        "equal ends",
        "00:00-24:00",
    ),
    "hours past midnight": (
        where('hours = "06:00-24:30"'),
        "earning.fuel.where.hours",
        '"06:00-24:30"',
        "no such hour",
        "24:00",
    ),
    "hours start at 24": (
        where('hours = "24:00-06:00"'),
        "earning.fuel.where.hours",
        '"24:00-06:00"',
        "no such hour",
        "23:59",
    ),
    "no weekday": (
        where('weekday = ["mon", "tues"]'),
        "earning.fuel.where.weekday",
        '["mon", "tues"]',
        "is no weekday",
        "tue",
    ),
    "no date": (
        where('dates = "2026-02-30"'),
        "earning.fuel.where.dates",
        '"2026-02-30"',
        "date",
        "2026",
    ),
    "dates reversed": (
        where('dates = "2026-06-21..2026-06-19"'),
        "earning.fuel.where.dates",
        '"2026-06-21..2026-06-19"',
        "ends before it starts",
        "2026-06-19..2026-06-21",
    ),
    "holiday without calendar": (
        where("holiday = true"),
        "earning.fuel.where.holiday",
        "true",
        "calendar",
        'calendar = "CN"',
    ),
    "empty list": (
        where("tier = []"),
        "earning.fuel.where.tier",
        "[]",
        "nothing matches",
        "remove it",
    ),
    "range upside down": (
        where("age = { min = 3, max = 2 }"),
        "earning.fuel.where.age",
        "{ min = 3, max = 2 }",
        "min above max",
        "swap",
    ),
    "range of a station field": (
        where("lanes = { min = 2 }") + "[stations.S1]\nlanes = 4\n",
        "earning.fuel.where.lanes",
        "{ min = 2 }",
        "range of a station's field",
        "list the values",
    ),
    # dangling ids
    "unknown product": (
        where('product = ["92", "93"]'),
        "earning.fuel.where.product",
        '"93"',
        "no product",
        'did you mean "92"?',
    ),
    "category nothing has": (
        where('category = "hotel"'),
        "earning.fuel.where.category",
        '"hotel"',
        "no category",
        '"fuel", "shop"',
    ),
    "no products section": (
        earning('where = { category = "fuel" } #!\n'),
        "earning.fuel.where.category",
        '"fuel"',
        "no products section",
        "add the products",
    ),
    "unknown tier": (
        where('tier = "gold"'),
        "earning.fuel.where.tier",
        '"gold"',
        "no tier",
        '"member"',
    ),
    "unknown kind": (
        where('kind = "taxi"'),
        "earning.fuel.where.kind",
        '"taxi"',
        "no kind",
        '"private"',
    ),
    "unknown segment": (
        where('segment = "often"'),
        "earning.fuel.where.segment",
        '"often"',
        "no segment",
        "segments",
    ),
    "unknown station": (
        where('station = "S2"') + '[stations.S1]\nregion = "north"\n',
        "earning.fuel.where.station",
        '"S2"',
        "no station",
        '"S1"',
    ),
    "unknown region": (
        where('region = "south"') + '[stations.S1]\nregion = "north"\n',
        "earning.fuel.where.region",
        '"south"',
        "no region",
        '"north"',
    ),
    "unknown station field": (
        where('road = "motorway"') + '[stations.S1]\nroad = "town"\n',
        "earning.fuel.where.road",
        '"motorway"',
        "no road of any station",
        '"town"',
    ),
    "unknown default kind": (
        BASE + '[members]\nkinds = ["taxi"]\ndefault_kind = "private" #!\n',
        "members.default_kind",
        '"private"',
        "no kind",
        '"taxi"',
    ),
    "unknown trial level": (
        BASE + LEVELS + '[tiers.trial]\nlevel = "platinum" #!\n',
        "tiers.trial.level",
        '"platinum"',
        "no tier",
        "tiers.levels",
    ),
    "unknown coupon of a trigger": (
        BASE + COUPON + '[[triggers]]\non = "enrol"\nissue = "tne" #!\n',
        "triggers.#1.issue",
        '"tne"',
        "no coupon",
        'did you mean "ten"?',
    ),
    "unknown coupon of a reward": (
        BASE + '[rewards.phone]\nkind = "coupon"\ncoupon = "ten" #!\n',
        "rewards.phone.coupon",
        '"ten"',
        "no coupon",
        "coupons, which is empty",
    ),
    "unknown coupon of the catalogue": (
        BASE + '[[catalogue]]\nid = "c"\npoints = 5\ncoupon = "ten" #!\n',
        "catalogue.c.coupon",
        '"ten"',
        "no coupon",
        "coupons",
    ),
    "unknown level of the catalogue": (
        BASE + '[[catalogue]]\nid = "c"\npoints = 5\ntier_up = "gold" #!\n',
        "catalogue.c.tier_up",
        '"gold"',
        "no tier",
        '"member"',
    ),
    "unknown gift": (
        BASE + PRODUCTS + '[[coupons]]\nid = "g"\nkind = "gift"\nproduct = "wash" #!\n',
        "coupons.g.product",
        '"wash"',
        "no product",
        '"92", "tea"',
    ),
    "unknown board": (
        BASE + PHONE + '[[prizes]]\nboard = "drivers" #!\nranks = "1"\nreward = "phone"\n',
        "prizes.#1.board",
        '"drivers"',
        "no board",
        '"overall"',
    ),
    "unknown reward": (
        BASE + PHONE + '[[prizes]]\nboard = "overall"\nranks = "1"\nreward = "phones" #!\n',
        "prizes.#1.reward",
        '"phones"',
        "no reward",
        'did you mean "phone"?',
    ),
    "budget covers nothing known": (
        BASE + COUPON + '[[budgets]]\nid = "b"\ncount = 1\ncovers = [\n"ten",\n"nine", #!\n]\n',
        "budgets.b.covers",
        '"nine"',
        "no coupon or reward",
        "coupons or rewards",
    ),
    "budget covers an ambiguous id": (
        BASE
        + COUPON
        + PHONE.replace("phone", "ten")
        + '[[budgets]]\nid = "b"\ncount = 1\ncovers = ["ten"] #!\n',
        "budgets.b.covers",
        '"ten"',
        "both a coupon and a reward",
        "rename",
    ),
    "prize without highest cost": (
        BASE
        + '[[coupons]]\nid = "p"\nkind = "percent"\npay = "0.8"\n'
        + '[rewards.r]\nkind = "coupon"\ncoupon = "p" #!\n',
        "rewards.r.coupon",
        '"p"',
        "no highest cost",
        "max_off",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_error_is_named_with_its_line_path_value_and_fix(name: str) -> None:
    check_broken(BROKEN[name])
