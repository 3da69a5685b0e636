"""Claim codes: made from a secret, good once, one for each member, within budgets."""

from itertools import combinations
from typing import Any

import pytest

from rules.coupons.claim_codes import ClaimCodes, Grant, Refusal, code_of, codes_of, read_number
from rules.coupons.code_claims import take_claim_codes
from rules.coupons.coupon_book import CLAIMED, SOURCES
from rules.season.campaign_models import CodeBatch, decode_batch
from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, coupons_of, instant_us, play, restored, table_of
from tests.unit.test_triggers import event, season

PINNED = ["H76X-1XG6-RCGW-QDGN", "N984-7DJD-KE1M-CFQ9"]
KEY = "00112233445566778899aabbccddeeff"
NOON_US = instant_us("2026-06-02T12:00:00+08:00")


def batch(**fields: Any) -> CodeBatch:
    return decode_batch({"id": "partner", "coupon": "ten", "count": 1000, "key": KEY, **fields})


def with_batches(*sections: str, **fields: Any) -> MemberTable:
    table = table_of(season(*sections))
    fields = {"id": "partner", "coupon": "ten", "count": 1000, "key": KEY, **fields}
    told = take_claim_codes(table, {"kind": "claim_codes", "id": "o", "batch": fields}, NOON_US)
    assert told == {"batch": "partner", "coupon": fields["coupon"], "count": fields["count"]}
    return table


def claim(member: str, code: str, at: str = "2026-06-02T12:00:00") -> Event:
    return event("claim", member, at, coupon=code)


def test_codes_are_distinct_and_read_back_to_their_serial_number() -> None:
    codes = ClaimCodes()
    codes.add(batch(id="other"))
    codes.add(batch())
    written = codes_of(batch())
    assert len(set(written)) == 1000
    for serial, code in enumerate(written):
        assert codes.redeem(code, 0, NOON_US) == Grant("partner", "ten", serial)
    assert codes_of(batch(), 998, 10) == written[998:]


def test_codes_stay_the_same_for_ever() -> None:
    # They are printed.
    assert codes_of(batch(), 0, 2) == PINNED


def test_a_code_is_read_as_people_write_it() -> None:
    code = code_of(batch(), 7)
    number = read_number(code)
    assert number is not None
    assert read_number(code.lower().replace("-", " ")) == number
    assert read_number(code.replace("0", "o").replace("1", "l")) == number
    assert read_number(code[:-1]) is None
    assert read_number(code[:-1] + "U") is None


def test_a_code_of_another_secret_batch_or_number_is_worth_nothing() -> None:
    codes = ClaimCodes()
    codes.add(batch(count=5))
    forged = [
        code_of(batch(count=10), 5),
        code_of(batch(id="else"), 0),
        code_of(batch(key="f" * 32), 0),
        "0000-0000-0000-0000",
    ]
    good = code_of(batch(), 0)
    forged += [
        good[:place] + ("2" if letter != "2" else "3") + good[place + 1 :]
        for place, letter in enumerate(good)
        if letter != "-"
    ]
    for code in forged:
        answer = codes.redeem(code, 0, NOON_US)
        assert isinstance(answer, Refusal)
        assert answer.reason == "coupon_not_valid"


def test_a_claim_with_a_code_gives_the_coupon_claimed_and_uses_the_code_up() -> None:
    table = with_batches()
    code, other = codes_of(batch(), 0, 2)
    answers = play(
        table,
        [
            claim("a", code),
            claim("b", code),
            claim("a", other),
            claim("b", "ABCD-EFGH-JKMN-PQRS"),
            claim("b", other.lower()),
        ],
    )
    assert answers == [
        ("applied", ""),
        ("rejected", "coupon_spent"),
        ("rejected", "coupon_not_valid"),
        ("rejected", "coupon_not_valid"),
        ("applied", ""),
    ]
    assert coupons_of(table) == [("a", "ten", NOON_US), ("b", "ten", NOON_US)]
    book = table.coupon_book
    assert book.status[:2].tolist() == [CLAIMED, CLAIMED]
    assert {SOURCES[source] for source in book.source[:2].tolist()} == {"campaign"}


def test_a_repeated_claim_answers_as_at_first() -> None:
    table = with_batches()
    again = {**claim("a", code_of(batch(), 0)), "event_id": "same"}
    assert play(table, [again, again]) == [("applied", ""), ("duplicate", "")]
    assert len(coupons_of(table)) == 1


def test_a_batch_may_allow_a_member_several_and_end() -> None:
    table = with_batches(per_member=2, until_us=NOON_US)
    codes = codes_of(batch(), 0, 4)
    answers = play(
        table,
        [
            *(claim("a", code, "2026-06-02T11:59:59") for code in codes[:3]),
            claim("b", codes[3], "2026-06-02T12:00:00"),
        ],
    )
    assert [status for status, _ in answers] == ["applied", "applied", "rejected", "rejected"]


@pytest.mark.parametrize("cuts", [(), *combinations(range(1, 5), 1), (1, 2, 3, 4)])
def test_the_first_to_come_gets_a_code_however_the_log_is_cut(cuts: tuple[int, ...]) -> None:
    table = with_batches()
    code = code_of(batch(), 0)
    # The second event of one member comes before the first of another.
    events = [
        event("enrol", "a", "2026-06-02T08:00:00"),
        claim("a", code),
        claim("b", code),
        event("enrol", "c", "2026-06-02T12:00:00"),
        claim("c", code),
    ]
    answers = play(table, events, cuts)
    assert [reason for _, reason in answers] == ["", "", "coupon_spent", "", "coupon_spent"]
    assert [member for member, _, _ in coupons_of(table)] == ["a"]


def test_a_code_refused_for_want_of_budget_stays_good() -> None:
    budget = '[[budgets]]\nid = "daily"\ncovers = ["ten"]\ncount = 1\nper = "day"'
    table = with_batches(budget)
    one, two = codes_of(batch(), 0, 2)
    answers = play(
        table,
        [claim("a", one), claim("b", two), {**claim("b", two, "2026-06-03T00:00:00")}],
    )
    assert [reason for _, reason in answers] == ["", "budget_exhausted", ""]


def test_used_codes_survive_in_the_state() -> None:
    table = with_batches()
    codes = codes_of(batch(), 0, 3)
    play(table, [claim("a", codes[0]), claim("b", codes[1])])
    table = restored(table)
    answers = play(
        table,
        [
            {**claim("c", codes[0]), "event_id": "x"},
            {**claim("b", codes[2]), "event_id": "y"},
            {**claim("c", codes[2]), "event_id": "z"},
        ],
    )
    assert [reason for _, reason in answers] == ["coupon_spent", "coupon_not_valid", ""]


def test_a_merged_member_keeps_the_codes_of_both() -> None:
    table = with_batches()
    codes = codes_of(batch(), 0, 2)
    play(table, [claim("a", codes[0]), event("enrol", "b", "2026-06-02T12:00:00")])
    table.claim_codes.move(table.row_of("a"), table.row_of("b"))
    answer = play(table, [{**claim("b", codes[1]), "event_id": "x"}])
    assert answer == [("rejected", "coupon_not_valid")]
    assert set(table.claim_codes.used["partner"].values()) == {table.row_of("b")}


def test_a_batch_ordered_twice_is_one_and_another_of_its_id_is_refused() -> None:
    table = with_batches()
    same = {"id": "partner", "coupon": "ten", "count": 1000, "key": KEY}
    assert take_claim_codes(table, {"batch": same}, NOON_US)["count"] == 1000
    wrong = {**same, "count": 2}
    assert "another" in take_claim_codes(table, {"batch": wrong}, NOON_US)["refused"]
    unknown = {**same, "id": "p2", "coupon": "nothing"}
    assert "nothing" in take_claim_codes(table, {"batch": unknown}, NOON_US)["refused"]
    for field, value in (("key", "short"), ("count", 0), ("per_member", 0)):
        refused = take_claim_codes(table, {"batch": {**same, field: value}}, NOON_US)["refused"]
        assert field in refused
