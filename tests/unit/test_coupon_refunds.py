"""Coupons that come back: partial refunds that add up, expiry, budgets, merged records."""

import pytest

from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, restored
from tests.unit.till_log import answers, claim, event, line, shop, stand, use

REINSTATE = '[coupon_rules]\non_refund = "reinstate"'
TEA = [line("tea", "40.00")]


def bought(event_id: str, at: str, order: str | None = "o", **fields: str) -> Event:
    amounts = {"amount": "20.00", "product": "tea"} | fields
    return {**event("purchase", "a", at, order=order, **amounts), "event_id": event_id}


def refund(ref: str, at: str, **fields: str) -> Event:
    return event("refund", "a", at, ref=ref, **fields)


def used(*sections: str) -> MemberTable:
    """Use a coupon for an order of two purchases."""
    table = shop(*sections)
    answers(
        table,
        [
            {**claim("a", "06-10T10:00", "any-5"), "event_id": "claim"},
            {**use("a", "06-10T11:00", "any-5", "o", TEA), "event_id": "use"},
            bought("p1", "06-10T11:00"),
            bought("p2", "06-10T11:00"),
            bought("other", "06-10T11:00", "o2"),
        ],
    )
    return table


def states(table: MemberTable) -> list[tuple[str, int]]:
    return [row[2:] for row in stand(table)]


def sent(table: MemberTable, *events: Event) -> None:
    answers(table, [{"event_id": f"r{events[0]['at']}{n}", **one} for n, one in enumerate(events)])


def test_the_coupon_comes_back_when_nothing_is_left_of_the_order() -> None:
    table = used(REINSTATE)
    sent(table, refund("p1", "06-11T10:00"), refund("other", "06-11T10:01"))
    assert states(table) == [("redeemed", 500)]
    sent(table, refund("p2", "06-11T11:00", amount="7.77"))
    assert states(table) == [("redeemed", 500)]
    table = restored(table)
    sent(table, refund("p2", "06-11T12:00", amount="12.23"))
    assert states(table) == [("claimed", 0)]
    assert table.coupon_book.used_us.tolist()[:1] == [0]
    (again,) = answers(table, [{**use("a", "06-11T13:00", "any-5", "o", TEA), "event_id": "x"}])
    assert again.details["discount"] == "5.00"


def test_keep_used_keeps_it() -> None:
    table = used()
    sent(table, refund("p1", "06-11T10:00"), refund("p2", "06-11T10:00"))
    assert states(table) == [("redeemed", 500)]


@pytest.mark.parametrize(
    ("at", "status"), [("09-10T09:59", "claimed"), ("09-10T10:00", "redeemed")]
)
def test_a_coupon_that_has_expired_meanwhile_stays_used(at: str, status: str) -> None:
    table = used(REINSTATE)
    sent(table, refund("p1", at), refund("p2", at))
    assert table.coupon_book.status[0] == ["issued", "claimed", "reserved", "redeemed"].index(
        status
    )


def test_a_refund_that_waits_for_its_purchase_gives_back_too() -> None:
    table = shop(REINSTATE)
    sent(
        table,
        claim("a", "06-10T10:00", "any-5"),
        use("a", "06-10T11:00", "any-5", "o", TEA),
        refund("late", "06-10T12:00"),
    )
    assert states(table) == [("redeemed", 500)]
    sent(table, bought("late", "06-10T11:00"))
    assert states(table) == [("claimed", 0)]


@pytest.mark.parametrize(
    ("at", "status"), [("09-10T09:59", "claimed"), ("09-10T10:00", "redeemed")]
)
def test_a_refund_that_waited_is_in_time_by_its_own_instant(at: str, status: str) -> None:
    """Whichever came first, refund or purchase: what was bought when the coupon was over."""
    refunded, late = refund("late", at), bought("late", "09-10T11:00")
    for events in ([refunded, late], [late, refunded]):
        table = shop(REINSTATE)
        sent(table, claim("a", "06-10T10:00", "any-5"), use("a", "06-10T11:00", "any-5", "o", TEA))
        first, second = events
        sent(table, first)
        table = restored(table)
        sent(table, second)
        book = table.coupon_book
        assert book.status[0] == ["issued", "claimed", "reserved", "redeemed"].index(status)


def test_points_at_the_till_stay_spent() -> None:
    table = shop(REINSTATE)
    sent(
        table,
        event("adjust", "a", "06-10T09:00", points=1000),
        claim("a", "06-10T10:00", "any-5"),
        use("a", "06-10T11:00", "any-5", "o", TEA, points=500),
        bought("p", "06-10T11:00"),
        refund("p", "06-11T11:00"),
    )
    assert states(table) == [("claimed", 0)]
    assert table.members.redeemed[0] == 500


def test_the_budget_of_the_use_is_given_back() -> None:
    budget = '[[budgets]]\nid = "b"\ncovers = ["any-5"]\ncost = "5.00"\nat = "redeem"'
    table = used(REINSTATE, budget)
    assert table.pools.used.tolist() == [500]
    sent(table, refund("p1", "06-11T10:00"), refund("p2", "06-11T10:00"))
    assert table.pools.used.tolist() == [0]


def test_a_budget_by_the_day_is_given_back_on_its_own_day_only() -> None:
    budget = '[[budgets]]\nid = "b"\ncovers = ["any-5"]\ncount = 5\nat = "redeem"\nper = "day"'
    for at in ("06-10T23:59", "06-11T00:00"):
        table = used(REINSTATE, budget)
        sent(table, refund("p1", at), refund("p2", at))
        assert table.pools.used.tolist() == [0]
        assert states(table) == [("claimed", 0)]


def test_a_merged_record_brings_its_orders() -> None:
    table = used(REINSTATE)
    sent(table, event("check_in", "b", "06-11T09:00"), event("merge", "b", "06-11T09:10", ref="a"))
    sent(table, refund("p1", "06-11T10:00"))
    assert stand(table)[0][1:] == ("b", "redeemed", 500)
    sent(restored(table), refund("p2", "06-11T11:00"))
    sent(table, refund("p2", "06-11T11:00"))
    assert stand(table)[0][1:] == ("b", "claimed", 0)
