"""The coupon book: chains of members, codes that collide, moves and restarts."""

import numpy as np

from rules.coupons.coupon_book import CouponBook
from rules.table.member_table import MemberTable
from tests.unit.played_log import restored
from tests.unit.till_log import answers, event, shop


def members(count: int) -> MemberTable:
    table = shop()
    answers(table, [event("check_in", f"m{n}", "06-10T10:00") for n in range(count)])
    return table


def issue(table: MemberTable, rows: list[int], cause: str, template: int = 2) -> list[int]:
    at_us = np.full(len(rows), table.clock_us)
    made = table.coupon_book.issue(
        table, template, np.array(rows), at_us, [cause] * len(rows), "trigger", claimed=False
    )
    coupons: list[int] = made.tolist()
    return coupons


def check(book: CouponBook, count: int) -> None:
    """Assert that chains, members and codes agree."""
    chained = {row: book.of_member(row) for row in range(count)}
    for row, coupons in chained.items():
        assert [int(book.member[one]) for one in coupons] == [row] * len(coupons)
    assert sorted(one for mine in chained.values() for one in mine) == list(range(book.size))
    assert [book.find(int(book.code[one])) for one in range(book.size)] == list(range(book.size))


def test_chains_hold_through_issues_moves_and_restarts() -> None:
    random = np.random.default_rng(11)
    table = members(6)
    for step in range(60):
        rows = random.integers(0, 6, random.integers(0, 9)).tolist()
        issue(table, rows, f"c{step}")
        if step % 7 == 3:
            table.coupon_book.move(int(random.integers(6)), int(random.integers(6)))
        if step % 5 == 2 and table.coupon_book.size:
            coupon = int(random.integers(table.coupon_book.size))
            table.coupon_book.give(coupon, int(random.integers(6)))
        if step % 11 == 5:
            table = restored(table)
        check(table.coupon_book, 6)


def test_the_same_reason_twice_gives_two_codes() -> None:
    table = members(2)
    first = issue(table, [0], "e")
    second = issue(table, [1, 0, 0], "e")
    codes = {int(table.coupon_book.code[one]) for one in first + second}
    assert len(codes) == 4
    check(table.coupon_book, 2)


def test_void_coupons_are_worthless_but_used_ones_stay_used() -> None:
    table = members(1)
    coupons = issue(table, [0, 0], "e")
    table.coupon_book.status[coupons[0]] = 3
    table.coupon_book.void(np.array(coupons))
    assert table.coupon_book.status_as_of(table.clock_us) == ["redeemed", "void"]


def test_status_follows_the_clock() -> None:
    table = members(1)
    book = table.coupon_book
    (coupon,) = issue(table, [0], "e")
    book.status[coupon] = 2
    book.reserved_until_us[coupon] = 5
    at = int(book.expires_us[coupon])
    told = [book.status_as_of(clock_us)[0] for clock_us in (4, 5, at - 1, at)]
    assert told == ["reserved", "claimed", "claimed", "expired"]
