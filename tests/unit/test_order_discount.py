"""Discounts to the fen: spreading, rounding, ceilings, and the order of the steps."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.coupons.order_discount import (
    Bill,
    fen_of_points,
    most_points,
    share_fen,
    spread,
    take_coupon,
    take_points,
    take_tier_discount,
    told,
)
from rules.decoding.order_lines import OrderLine
from rules.season.season_file import load_season
from rules.season.season_models import Checkout, Coupon
from tests.unit.till_log import SEASON

COUPONS = {coupon.id: coupon for coupon in load_season(SEASON).coupons}
CHECKOUT = load_season(SEASON).checkout
assert CHECKOUT is not None


def bill(*amounts_fen: int) -> Bill:
    return Bill([OrderLine("tea", fen) for fen in amounts_fen])


def percent(pay: str, max_off_fen: int | None = None) -> Coupon:
    return COUPONS["shop-80"].model_copy(update={"pay": Fraction(pay), "max_off_fen": max_off_fen})


def checkout(**fields: Any) -> Checkout:
    assert CHECKOUT is not None
    return CHECKOUT.model_copy(update=fields)


@given(st.lists(st.integers(0, 10**9), max_size=30), st.integers(0, 10**10))
def test_a_spread_adds_up_and_fits(room: list[int], total: int) -> None:
    shares = spread(total, room)
    assert sum(shares) == min(total, sum(room))
    assert all(0 <= share <= one for share, one in zip(shares, room, strict=True))
    if 0 < total < sum(room):
        exact = [Fraction(total * one, sum(room)) for one in room]
        assert all(abs(share - one) < 1 for share, one in zip(shares, exact, strict=True))


def test_the_fen_that_rounding_leaves_go_to_the_first_lines() -> None:
    assert spread(5, [100, 0, 100, 100]) == [2, 0, 2, 1]


def test_amount_off_never_exceeds_the_eligible_lines() -> None:
    order = bill(300, 400)
    assert take_coupon(order, COUPONS["any-5"], [True, False]) == 300
    assert order.left() == [0, 400]


@pytest.mark.parametrize(
    ("pay", "most", "left", "off"),
    [("0.80", None, 999, 199), ("0.80", 150, 999, 150), ("0.8888", None, 9999, 1111)],
)
def test_a_percentage_is_rounded_down_over_the_sum(
    pay: str, most: int | None, left: int, off: int
) -> None:
    order = bill(left - 3, 3)
    assert take_coupon(order, percent(pay, most), [True, True]) == off
    assert sum(order.coupon) == off


def test_a_percentage_is_of_what_the_tier_discount_left() -> None:
    order = bill(1000)
    order.tier = [500]
    assert take_coupon(order, percent("0.80"), [True]) == 100


def test_a_gift_frees_one_line_of_its_product_or_nothing() -> None:
    wash = OrderLine("wash", 1500)
    order = Bill([OrderLine("tea", 800), replace(wash, amount_fen=0), wash, wash])
    assert take_coupon(order, COUPONS["wash"], [True] * 4) == 1500
    assert order.left() == [800, 0, 0, 1500]
    assert take_coupon(bill(800), COUPONS["wash"], [True]) == 0


def test_a_tier_discount_is_per_litre_of_its_category_and_at_most_the_line() -> None:
    season = load_season(SEASON)
    assert season.tiers is not None
    discount = season.tiers.levels[1].discount
    order = Bill([OrderLine("92", 12000, 16_999), OrderLine("tea", 500, 9000)])
    take_tier_discount(order, discount, {"92": "fuel", "tea": "shop"})
    assert order.tier == [178, 0]  # 16.999 litres at 0.105 are 1.784895
    order = Bill([OrderLine("92", 100, 16_999)])
    take_tier_discount(order, discount, {"92": "fuel"})
    assert order.tier == [100]


def test_points_are_worth_whole_fen_rounded_down() -> None:
    assert fen_of_points(checkout(points=3, amount_fen=1, step=1), 5) == 1


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(1, 500),
    st.integers(1, 500),
    st.integers(1, 500),
    st.fractions(0, 1, max_denominator=100),
    st.integers(0, 10**5),
)
def test_most_points_may_be_paid_and_one_step_more_may_not(
    amount: int, active: int, points: int, fen: int, step: int, share: Fraction, paid: int
) -> None:
    rule = checkout(points=points, amount_fen=fen, step=step, max_share=share)
    order = bill(amount)
    most = most_points(order, rule, active, paid)
    room = share_fen(order, rule, paid)
    assert most % step == 0
    assert most <= active
    assert fen_of_points(rule, most) <= room
    more = most + step
    assert more > active or fen_of_points(rule, more) > room


def test_points_are_taken_of_what_the_coupon_left() -> None:
    order = bill(1000, 1000)
    take_coupon(order, COUPONS["any-5"], [True, False])
    take_points(order, 300)
    assert order.points == [100, 200]
    assert told(order)["to_pay"] == "12.00"
    assert told(order)["discount"] == "8.00"
