"""The best coupon for an order: the order of the offers, and a reason for each that is barred."""

import numpy as np

from rules.coupons.coupon_choice import Quote, quote
from rules.decoding.order_lines import Order, OrderLine
from rules.table.member_table import MemberTable
from tests.unit.played_log import instant_us
from tests.unit.till_log import answers, claim, event, line, reserve, shop, use

NOON_US = instant_us("2026-06-12T12:00:00+08:00")


def quoted(table: MemberTable, *lines: OrderLine, order: str = "q") -> Quote:
    before = {name: array.copy() for name, array in table.state().items()}
    found = quote(table, 0, Order(order, lines, NOON_US))
    after = table.state()
    assert all(np.array_equal(array, after[name]) for name, array in before.items())
    return found


def test_most_discount_comes_first_then_the_first_to_expire_then_the_code() -> None:
    table = shop()
    answers(
        table,
        [
            claim("a", "06-11T10:00", "any-5"),
            claim("a", "06-10T10:00", "any-5"),
            claim("a", "06-10T10:00", "any-5"),
            claim("a", "06-10T10:00", "fuel-10"),
            claim("a", "06-10T10:00", "shop-80"),
        ],
    )
    found = quoted(table, OrderLine("92", 12000), OrderLine("tea", 1000))
    assert [(one.coupon, one.off_fen) for one in found.offers] == [
        ("fuel-10", 1000),
        ("any-5", 500),
        ("any-5", 500),
        ("any-5", 500),
        ("shop-80", 200),
    ]
    fives = found.offers[1:4]
    assert fives == sorted(fives, key=lambda one: (one.expires_us, one.code))
    assert found.offers[0].to_pay_fen == 12000
    assert found.to_pay_fen == 13000


def test_each_barred_coupon_says_why() -> None:
    budget = '[[budgets]]\nid = "b"\ncovers = ["wash"]\ncost = "14.99"\nat = "redeem"'
    table = shop(budget)
    answers(
        table,
        [
            claim("a", "06-10T10:00", "fuel-10"),
            claim("a", "06-10T10:00", "shop-80"),
            claim("a", "06-10T10:00", "wash"),
            claim("a", "06-10T10:00", "any-5"),
            use("a", "06-10T10:00", "any-5", "o1"),
            claim("a", "06-12T11:59", "any-5"),
            reserve("a", "06-12T11:59", "any-5", "o2"),
        ],
    )
    found = quoted(table, OrderLine("92", 5000))
    assert {(one.coupon, one.reason) for one in found.offers} == {
        ("fuel-10", "coupon_not_valid"),
        ("shop-80", "coupon_not_valid"),
        ("wash", "budget_exhausted"),
        ("any-5", "coupon_spent"),
        ("any-5", "coupon_not_valid"),
    }
    notes = " ".join(one.note for one in found.offers)
    assert "100.00" in notes
    assert "reserved for another order" in notes
    mine = quoted(table, OrderLine("92", 5000), order="o2").offers[0]
    assert (mine.coupon, mine.reason) == ("any-5", "")


def test_a_barred_coupon_leaves_the_price_as_it_is() -> None:
    table = shop()
    answers(table, [claim("a", "06-10T10:00", "fuel-10")])
    (barred,) = quoted(table, OrderLine("92", 5000)).offers
    assert (barred.reason, barred.off_fen, barred.to_pay_fen) == ("coupon_not_valid", 0, 5000)


def test_a_budget_is_what_may_still_be_drawn_from_it_here_or_elsewhere() -> None:
    budget = '[[budgets]]\nid = "b"\ncovers = ["any-5"]\ncost = "20.00"\nat = "redeem"'
    table = shop(budget)
    answers(table, [claim("a", "06-10T10:00", "any-5")])
    table.pools.share()
    order = Order("q", (OrderLine("92", 5000),), NOON_US)
    reasons = [
        quote(table, 0, order, np.array([left_fen])).offers[0].reason for left_fen in (499, 500)
    ]
    assert reasons == ["budget_exhausted", ""]


def test_what_is_quoted_is_what_a_use_gives() -> None:
    table = shop()
    answers(
        table,
        [event("adjust", "a", "06-10T09:00", points=9999), claim("a", "06-10T10:00", "fuel-10")],
    )
    found = quoted(table, OrderLine("92", 12000))
    best = found.offers[0]
    assert found.points_max == 3600
    assert best.points_max == 3300
    lines = [line("92", "120.00")]
    told = answers(
        table,
        [
            use("a", "06-12T12:00", best.code, "q", lines, points=best.points_max + 100),
            use("a", "06-12T12:00", best.code, "q", lines, points=best.points_max),
        ],
    )
    assert told[0].reason == "over_share"
    assert told[1].details["to_pay"] == "77.00"
