import numpy as np

from simulator.people.keyed import Keyed
from simulator.people.population import CouponUse
from simulator.play.wallet import Wallet
from tests.unit.simulated import play_of, population

DAY_US = 86_400_000_000


def wallet(**changes: float) -> Wallet:
    figures = population().coupon_use
    given = {**vars(figures), **changes}
    play = play_of()
    return Wallet(Keyed(3), CouponUse(**given), play.persons, play.table)


def all_coupons() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(play_of().table.coupon_book.size, dtype=np.int64)


def test_those_whose_propensity_says_so_plan_to_use_a_coupon() -> None:
    some = wallet()
    some.take(all_coupons())
    book = play_of().table.coupon_book
    owners = set(book.member[: book.size].tolist())
    holding = set(np.flatnonzero(some.holding).tolist())
    assert holding < owners
    assert holding
    nobody = wallet(noticed_share=0.0)
    nobody.take(all_coupons())
    assert not nobody.holding.any()


def test_a_plan_is_due_within_the_coupons_time_and_once() -> None:
    some = wallet()
    some.take(all_coupons())
    book = play_of().table.coupon_book
    member = int(np.flatnonzero(some.holding)[0])
    issued_us = int(book.issued_us[: book.size][book.member[: book.size] == member].min())
    assert some.due(member, issued_us - DAY_US) == []
    plans = [plan for day in range(400) for plan in some.due(member, issued_us + day * DAY_US)]
    assert plans
    for plan in plans:
        assert plan.from_us >= book.issued_us[plan.coupon]
        assert plan.until_us == book.expires_us[plan.coupon]
    assert some.due(member, issued_us + 400 * DAY_US) == []
    assert not some.holding[member]


def test_a_plan_that_is_carried_out_is_forgotten() -> None:
    some = wallet(first_use_share=0.1)
    some.take(all_coupons())
    member = int(np.flatnonzero(some.holding)[0])
    plans = next(
        found for day in range(20_600, 21_100) if (found := some.due(member, day * DAY_US))
    )
    some.drop(member, plans[0])
    assert plans[0] not in some.due(member, plans[0].from_us)


def test_first_uses_come_early() -> None:
    some = wallet(noticed_share=1.0)
    some.take(all_coupons())
    book = play_of().table.coupon_book
    shares = []
    for coupon in range(book.size):
        member, issued_us = int(book.member[coupon]), int(book.issued_us[coupon])
        whole = int(book.expires_us[coupon]) - issued_us
        due = some.due(member, issued_us + whole - 1)
        shares += [(plan.from_us - issued_us) / whole for plan in due if plan.coupon == coupon]
    assert len(shares) > 5
    assert 0.1 < float(np.median(shares)) < 0.5
