"""Coupons at their edges: expiry, reservations, owners, orders, budgets, points at the till."""

from itertools import combinations

import pytest

from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, restored, table_of
from tests.unit.till_log import (
    SEASON,
    Answer,
    answers,
    claim,
    code_of,
    event,
    line,
    release,
    reserve,
    shop,
    stand,
    use,
)

TEN_TO_TEN = "06-10T10:00"


def one(table: MemberTable, sent: Event, event_id: str) -> Answer:
    (answer,) = answers(table, [{**sent, "event_id": event_id}])
    return answer


def test_a_claimed_coupon_is_used_once_and_takes_its_discount() -> None:
    table = shop()
    told = answers(
        table,
        [
            claim("a", "06-10T10:00", "fuel-10"),
            use("a", "06-10T11:00", "fuel-10", "o1"),
            use("a", "06-10T11:05", "fuel-10", "o2"),
        ],
    )
    assert [one.status for one in told] == ["applied", "applied", "rejected"]
    assert told[1].details["discount"] == "10.00"
    assert told[1].details["to_pay"] == "110.00"
    assert told[1].details["coupon"] == told[0].details["coupon"]
    assert told[2].reason == "coupon_not_valid"
    again = one(table, use("a", "06-10T11:06", told[0].details["coupon"], "o3"), "x")
    assert again.reason == "coupon_spent"
    assert stand(table)[0][2:] == ("redeemed", 1000)


def test_the_same_use_sent_again_answers_the_first_discount() -> None:
    table = shop()
    sent = [
        claim("a", "06-10T10:00", "any-5"),
        {**use("a", "06-10T11:00", "any-5", "o"), "event_id": "u"},
    ]
    first = answers(table, sent)[1]
    again = one(restored(table), use("a", "06-10T11:00", "any-5", "o"), "u")
    assert again.status == "duplicate"
    assert again.details == first.details


@pytest.mark.parametrize(
    ("at", "reason"), [("07-10T09:59", ""), ("07-10T10:00", "coupon_not_valid")]
)
def test_a_coupon_ends_at_the_instant_its_validity_is_over(at: str, reason: str) -> None:
    table = shop()
    answers(table, [claim("a", TEN_TO_TEN, "fuel-10")])
    assert one(table, use("a", at, "fuel-10", "o"), "x").reason == reason


def test_months_of_validity_end_on_the_last_day_of_a_short_month() -> None:
    table = shop()
    answers(table, [claim("a", "11-30T10:00", "any-5")])
    book = table.coupon_book
    assert book.expires_us[0] - book.issued_us[0] == 90 * 86_400_000_000  # to 28 February


def test_a_second_till_waits_until_the_reservation_is_over() -> None:
    table = shop()
    told = answers(
        table,
        [
            claim("a", "06-10T10:00", "fuel-10"),
            reserve("a", "06-10T10:00", "fuel-10", "o1"),
        ],
    )
    code = told[0].details["coupon"]
    assert one(table, use("a", "06-10T10:09", code, "o2"), "x1").reason == "coupon_not_valid"
    assert one(table, reserve("a", "06-10T10:09", code, "o2"), "x2").reason == "coupon_not_valid"
    assert one(table, use("a", "06-10T10:10", code, "o2"), "x3").status == "applied"


def test_the_same_order_extends_its_reservation() -> None:
    table = shop()
    (first,) = answers(table, [claim("a", "06-10T10:00", "fuel-10")])
    code = first.details["coupon"]
    for number, at in enumerate(("06-10T10:00", "06-10T10:08")):
        assert one(table, reserve("a", at, code, "o1"), f"r{number}").status == "applied"
    assert one(table, use("a", "06-10T10:17", code, "o2"), "x1").reason == "coupon_not_valid"
    assert one(table, use("a", "06-10T10:17", "fuel-10", "o1"), "x2").status == "applied"


def test_release_lets_another_order_have_it() -> None:
    table = shop()
    (first,) = answers(table, [claim("a", "06-10T10:00", "fuel-10")])
    code = first.details["coupon"]
    assert one(table, release("a", "06-10T10:00", code), "r0").reason == "coupon_not_valid"
    one(table, reserve("a", "06-10T10:01", code, "o1"), "r1")
    other = one(table, release("a", "06-10T10:02", code, order="o2"), "r2")
    assert other.reason == "coupon_not_valid"
    assert one(table, release("a", "06-10T10:02", "fuel-10"), "r3").status == "applied"
    assert one(table, use("a", "06-10T10:03", code, "o2"), "x").status == "applied"


def test_a_release_by_template_needs_the_order_when_two_are_reserved() -> None:
    table = shop("[coupon_rules]\nper_order = 2")
    answers(
        table,
        [
            claim("a", "06-10T10:00", "any-5"),
            claim("a", "06-10T10:01", "any-5"),
            reserve("a", "06-10T10:02", "any-5", "o1"),
            reserve("a", "06-10T10:02", "any-5", "o2"),
        ],
    )
    assert one(table, release("a", "06-10T10:03", "any-5"), "x1").reason == "coupon_not_valid"
    assert one(table, release("a", "06-10T10:03", "any-5", order="o2"), "x2").status == "applied"
    assert one(table, release("a", "06-10T10:03", "any-5"), "x3").status == "applied"


def test_anothers_code_is_not_ours_unless_coupons_are_transferable() -> None:
    for transferable, reason in (("false", "not_yours"), ("true", "")):
        table = shop(f"[coupon_rules]\ntransferable = {transferable}")
        (first,) = answers(table, [claim("a", "06-10T10:00", "fuel-10")])
        code = first.details["coupon"]
        assert one(table, use("b", "06-10T11:00", code, "o"), "x").reason == reason
        assert stand(table)[0][1] == ("b" if transferable == "true" else "a")


def test_a_coupon_handed_on_still_counts_for_who_took_it() -> None:
    table = shop("[coupon_rules]\ntransferable = true")
    told = answers(table, [claim("a", "06-10T10:00", "any-5") for _ in range(3)])
    for number, code in enumerate(each.details["coupon"] for each in told):
        assert one(table, use("b", "06-10T11:00", code, f"o{number}"), f"u{number}").reason == ""
    for again in (restored(table), table):
        answer = one(again, claim("a", "06-10T12:00", "any-5"), "again")
        assert answer.reason == "coupon_not_valid"
    sent = [claim("b", "06-10T12:00", "any-5") for _ in range(3)]
    assert [each.status for each in answers(table, sent)] == ["applied"] * 3


def test_points_paid_before_stand_under_points_and_count_for_the_share() -> None:
    table = shop()
    answers(
        table,
        [event("adjust", "a", "06-10T09:00", points=4000), claim("a", "06-10T10:00", "fuel-10")],
    )
    one(table, use("a", "06-10T10:00", None, "o", points=3000), "x1")
    told = one(table, use("a", "06-10T10:01", "fuel-10", "o"), "x2")
    assert told.details["to_pay"] == "80.00"
    (only,) = told.details["lines"]
    assert (only["coupon"], only["points"]) == ("10.00", "30.00")
    # 30 % of the 110.00 left is 33.00, of which 30.00 are paid.
    assert one(table, use("a", "06-10T10:02", None, "o", points=400), "x3").reason == "over_share"
    assert one(table, use("a", "06-10T10:02", None, "o", points=300), "x4").status == "applied"


def test_a_transfer_in_one_batch_follows_arrival_not_rounds() -> None:
    section = "[coupon_rules]\ntransferable = true"
    known = shop(section)
    (first,) = answers(known, [claim("a", "06-10T10:00", "fuel-10")])
    code = first.details["coupon"]
    sent = [
        claim("a", "06-10T10:00", "fuel-10"),
        event("check_in", "a", "06-10T10:01"),
        use("a", "06-10T10:02", code, "o1"),
        use("b", "06-10T10:02", code, "o1"),
    ]
    for cut in ((), (1,), (3,), (1, 2, 3)):
        told = answers(shop(section), sent, cut)
        assert [one.reason for one in told[2:]] == ["", "coupon_spent"]


def test_an_unknown_code_or_a_template_without_coupon_is_not_valid() -> None:
    table = shop()
    told = answers(
        table,
        [
            use("a", "06-10T10:00", "0000000000000", "o"),
            use("a", "06-10T10:00", "no such", "o"),
            use("a", "06-10T10:00", "fuel-10", "o"),
            claim("a", "06-10T10:00", "closed"),
        ],
    )
    assert {one.reason for one in told} == {"coupon_not_valid"}


def test_claims_are_limited_by_the_local_day_of_the_event() -> None:
    table = shop()
    at = ["06-10T00:00", "06-10T08:00", "06-10T23:59", "06-10T23:59", "06-11T00:00"]
    told = answers(table, [claim("a", one, "any-5") for one in at])
    assert [one.status for one in told] == ["applied"] * 3 + ["rejected", "applied"]


def test_an_issued_coupon_is_claimed_before_a_new_one_is_made() -> None:
    table = shop('[[triggers]]\non = "enrol"\nissue = "any-5"')
    told = answers(table, [event("enrol", "a", "06-10T10:00"), claim("a", "06-10T11:00", "any-5")])
    assert table.coupon_book.size == 1
    assert stand(table)[0][2] == "claimed"
    code = told[1].details["coupon"]
    assert one(table, claim("a", "06-10T12:00", code), "x").reason == "coupon_not_valid"


def test_use_claims_an_issued_coupon_in_passing() -> None:
    table = shop('[[triggers]]\non = "enrol"\nissue = "any-5"')
    answers(table, [event("enrol", "a", "06-10T10:00"), use("a", "06-10T11:00", "any-5", "o")])
    assert table.coupon_book.claimed_us[0] == table.coupon_book.used_us[0] > 0


@pytest.mark.parametrize(("per_order", "reasons"), [(1, ["", "coupon_not_valid"]), (2, ["", ""])])
def test_an_order_takes_so_many_coupons(per_order: int, reasons: list[str]) -> None:
    table = shop(f"[coupon_rules]\nper_order = {per_order}")
    answers(table, [claim("a", "06-10T10:00", "fuel-10"), claim("a", "06-10T10:00", "any-5")])
    told = answers(
        table,
        [
            {**use("a", "06-10T11:00", "fuel-10", "o"), "event_id": "x"},
            {**use("a", "06-10T11:00", "any-5", "o"), "event_id": "y"},
        ],
    )
    assert [one.reason for one in told] == reasons


def test_two_coupons_never_take_more_than_the_order() -> None:
    table = shop("[coupon_rules]\nper_order = 3")
    lines = [line("tea", "8.00")]
    told = answers(
        table,
        [claim("a", f"06-10T10:0{n}", "any-5") for n in range(3)]
        + [use("a", "06-10T11:00", "any-5", "o", lines) for _ in range(3)],
    )
    assert [one.details["to_pay"] for one in told[3:]] == ["3.00", "0.00", "0.00"]
    assert sum(row[3] for row in stand(table)) == 800


def test_a_coupon_is_for_eligible_lines_above_its_minimum_before_any_discount() -> None:
    table = shop()
    # Gold takes 1.05 off ten litres: below the minimum afterwards, not before.
    bought = event("purchase", "a", "06-10T09:00", product="92", litres="9", amount="10000.00")
    answers(table, [bought, claim("a", "06-10T10:00", "fuel-10")])
    shopping = [line("tea", "500.00")]
    assert one(table, use("a", "06-10T10:30", "fuel-10", "o", shopping), "x1").note
    almost = [line("92", "99.99", "10.000"), line("tea", "50.00")]
    told = one(table, use("a", "06-10T10:30", "fuel-10", "o", almost), "x2")
    assert told.reason == "coupon_not_valid"
    assert "99.99" in told.note
    enough = [line("92", "100.00", "10.000"), line("tea", "50.00")]
    told = one(table, use("a", "06-10T10:30", "fuel-10", "o", enough), "x3")
    assert told.details["lines"] == [
        {
            "product": "92",
            "amount": "100.00",
            "tier": "1.05",
            "coupon": "10.00",
            "points": "0.00",
            "to_pay": "88.95",
        },
        {
            "product": "tea",
            "amount": "50.00",
            "tier": "0.00",
            "coupon": "0.00",
            "points": "0.00",
            "to_pay": "50.00",
        },
    ]


@pytest.mark.parametrize(("together", "tier"), [("true", "1.68"), ("false", "0.00")])
def test_a_coupon_stands_beside_the_tier_discount_or_replaces_it(together: str, tier: str) -> None:
    table = shop(f"[coupon_rules]\nwith_tier_discount = {together}")
    bought = event("purchase", "a", "06-10T09:00", product="92", litres="9", amount="10000.00")
    answers(table, [bought, claim("a", "06-10T10:00", "fuel-10")])
    told = one(table, use("a", "06-10T10:30", "fuel-10", "o"), "x")
    assert told.details["lines"][0]["tier"] == tier


def test_points_pay_in_steps_up_to_their_share_and_the_balance() -> None:
    table = shop()
    answers(
        table,
        [event("adjust", "a", "06-10T09:00", points=4000)],
    )
    refused = {
        50: "bad_step",
        4100: "insufficient_points",
        3700: "over_share",  # 37.00 of an order of 120.00
    }
    for points, reason in refused.items():
        told = one(table, use("a", "06-10T10:00", None, "o", points=points), f"x{points}")
        assert told.reason == reason
    told = one(table, use("a", "06-10T10:00", None, "o", points=3600), "y")
    assert (told.points, told.details["to_pay"]) == (-3600, "84.00")
    members = table.members
    assert (int(members.active[0]), int(members.redeemed[0])) == (400, 3600)
    again = one(table, use("a", "06-10T10:01", None, "o", points=100), "z")
    assert again.reason == "over_share"  # the order's share is used up


def test_points_come_after_the_coupon() -> None:
    table = shop()
    answers(
        table,
        [event("adjust", "a", "06-10T09:00", points=4000), claim("a", "06-10T10:00", "fuel-10")],
    )
    # 30 % of 110.00, not of 120.00.
    told = one(table, use("a", "06-10T10:00", "fuel-10", "o", points=3400), "x1")
    assert told.reason == "over_share"
    assert stand(table)[0][2] == "claimed"
    told = one(table, use("a", "06-10T10:00", "fuel-10", "o", points=3300), "x2")
    assert told.details["to_pay"] == "77.00"


def test_without_a_checkout_section_points_pay_nothing() -> None:
    table = table_of(SEASON.partition("[checkout]")[0])
    answers(table, [event("adjust", "a", "06-10T09:00", points=4000)])
    assert one(table, use("a", "06-10T10:00", None, "o", points=100), "x").reason == "over_share"


def test_the_last_yuan_of_a_budget_goes_to_who_comes_first() -> None:
    budget = '[[budgets]]\nid = "b"\ncovers = ["any-5"]\ncost = "9.00"\nat = "redeem"'
    sent = [claim(member, "06-10T10:00", "any-5") for member in "abc"]
    sent += [event("check_in", "a", "06-10T10:30")]
    sent += [use(m, "06-10T11:00", "any-5", "o", [line("tea", "4.00")]) for m in "abc"]
    for cut in ((), (3,), (5,), (4, 5, 6)):
        table = shop(budget)
        told = answers(table, sent, cut)
        assert [one.reason for one in told[4:]] == ["", "", "budget_exhausted"]
        assert table.pools.used.tolist() == [800]


def test_a_redeemed_coupon_is_claimed_and_counts_as_issued() -> None:
    table = shop('[[budgets]]\nid = "b"\ncovers = ["any-5"]\ncount = 1')
    told = answers(
        table,
        [
            event("adjust", "a", "06-10T09:00", points=300),
            event("redeem", "a", "06-10T10:00", item="five-for-100"),
            event("redeem", "a", "06-10T10:00", item="five-for-100"),
            claim("a", "06-10T10:00", "any-5"),
        ],
    )
    assert told[1].points == -100
    assert told[1].details["coupon"] == code_of(table, 0)
    assert [one.reason for one in told[2:]] == ["budget_exhausted", "budget_exhausted"]
    assert [row[2] for row in stand(table)] == ["claimed"]


LONG = [
    event("enrol", "a", "06-10T08:00"),
    event("adjust", "a", "06-10T09:00", points=500),
    claim("b", "06-10T09:00", "any-5"),
    claim("a", "06-10T09:10", "any-5"),
    reserve("a", "06-10T09:20", "any-5", "o1"),
    use("b", "06-10T09:20", "any-5", "o1"),
    use("a", "06-10T09:25", "any-5", "o2"),
    use("a", "06-10T09:26", "any-5", "o1", points=100),
    event("purchase", "a", "06-10T09:30", product="92", litres="9", amount="90.00", order="o1"),
    event("refund", "a", "06-11T09:30", ref="e8"),
    use("a", "06-11T10:00", "any-5", "o3", [line("coffee", "3.00")]),
    claim("b", "06-11T10:00", "fuel-10"),
    release("b", "06-11T10:00", "fuel-10"),
]


@pytest.mark.parametrize(
    "cut", [*combinations(range(1, len(LONG)), 1), (3, 7, 9), tuple(range(13))]
)
def test_any_cut_and_a_restart_give_the_same(cut: tuple[int, ...]) -> None:
    budget = '[[budgets]]\nid = "b"\ncovers = ["any-5"]\ncost = "11.00"\nat = "redeem"'
    sections = (
        '[[triggers]]\non = "enrol"\nissue = "any-5"',
        budget,
        '[coupon_rules]\non_refund = "reinstate"',
    )
    whole = shop(*sections)
    expected = answers(whole, LONG)
    sent = [{"event_id": f"e{place}", **sent} for place, sent in enumerate(LONG)]
    table = shop(*sections)
    told: list[Answer] = []
    for first, last in zip((0, *cut), (*cut, len(sent)), strict=True):
        if first < last:
            told += answers(table, sent[first:last])
            table = restored(table)
    assert told == expected
    assert stand(table) == stand(whole)
    assert table.pools.used.tolist() == whole.pools.used.tolist()
