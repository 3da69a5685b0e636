"""What became of every coupon, as a replay writes it."""

from rules.coupons.coupon_columns import coupon_columns, coupon_counts, pool_uses
from tests.unit.played_log import Event, instant_us, table_of
from tests.unit.till_log import SEASON, answers, claim, event, line, reserve, shop, use

SENT = [
    event("enrol", "b", "06-09T10:00"),
    claim("a", "06-10T10:00", "any-5"),
    claim("b", "06-10T10:00", "fuel-10"),
    use("a", "06-10T11:00", "any-5", "o", [line("tea", "3.33")]),
    reserve("b", "06-10T11:00", "fuel-10", "o"),
]
TRIGGER = '[[triggers]]\non = "enrol"\nissue = "closed"'


def of(member: str) -> list[Event]:
    numbered = [{"event_id": f"e{n}", **one} for n, one in enumerate(SENT)]
    return [one for one in numbered if one["member"] == member]


def test_rows_are_ordered_and_unused_ones_have_no_discount() -> None:
    table = shop(TRIGGER)
    answers(table, SENT)
    rows = coupon_columns([table], instant_us("2026-06-10T11:00:00+08:00")).to_pylist()
    told = [(row["coupon"], row["member"], row["status"]) for row in rows]
    assert told == [
        ("closed", "b", "issued"),
        ("any-5", "a", "redeemed"),
        ("fuel-10", "b", "reserved"),
    ]
    assert [None if row["off"] is None else str(row["off"]) for row in rows] == [None, "3.33", None]
    assert [row["used_at"] is None for row in rows] == [True, False, True]


def test_any_number_of_tables_gives_the_same() -> None:
    whole = shop(TRIGGER)
    answers(whole, SENT)
    parts = [shop(TRIGGER), shop(TRIGGER)]
    for table, member in zip(parts, "ab", strict=True):
        answers(table, of(member))
    clock_us = instant_us("2026-06-10T11:10:00+08:00")
    assert coupon_columns(parts, clock_us) == coupon_columns([whole], clock_us)
    assert coupon_counts(parts, clock_us) == coupon_counts([whole], clock_us)
    assert coupon_columns(parts, clock_us)["status"].to_pylist()[2] == "claimed"


def test_counts_tell_the_way_of_every_template() -> None:
    table = shop(TRIGGER)
    answers(table, SENT)
    counts = coupon_counts([table], instant_us("2026-09-10T10:00:00+08:00"))
    assert counts["closed"] == {
        "issued": 1,
        "claimed": 0,
        "used": 0,
        "expired": 1,
        "void": 0,
        "off_fen": 0,
    }
    assert (counts["any-5"]["used"], counts["any-5"]["off_fen"]) == (1, 333)
    assert (counts["fuel-10"]["claimed"], counts["fuel-10"]["expired"]) == (1, 1)


def test_pools_tell_what_is_used_of_them() -> None:
    covers = 'covers = ["any-5"]\nat = "redeem"'
    count = f'[[budgets]]\nid = "pieces"\n{covers}\ncount = 4'
    cost = f'[[budgets]]\nid = "yuan"\n{covers}\ncost = "9.00"'
    table = shop(count, cost)
    answers(table, SENT)
    uses = pool_uses(table.rules, [table])
    assert [(one["measure"], one["used"], one["limit"]) for one in uses] == [
        ("count", 1, 4),
        ("cost", 333, 900),
    ]


def test_a_season_without_coupons_has_the_columns_alone() -> None:
    head, _, tail = SEASON.partition("[[coupons]]")
    table = table_of(head + tail[tail.index("[checkout]") :])
    assert coupon_columns([table], 0).num_rows == 0
    assert coupon_counts([table], 0) == {}
