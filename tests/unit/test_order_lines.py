"""The lines of an order: what is read, and what a sender is told."""

import json
from typing import Any

import msgspec
import pytest

from rules.decoding.decode_json import decode_json
from rules.decoding.order_lines import LineFault, OrderLine, read_lines
from tests.unit.till_log import event, line, shop

RULES = shop().rules


def test_amounts_and_litres_are_exact_as_text_or_number() -> None:
    lines = [line("92", "0.07", "16.001"), {"product": 92, "amount": 19.9, "litres": None}]
    assert read_lines(json.dumps(lines)) == (OrderLine("92", 7, 16_001), OrderLine("92", 1990))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"product": "92"}, "no list"),
        ([3], "lines[0] is no object"),
        ([{"amount": "1"}], "lines[0].product"),
        ([line("92", "1"), {"product": "92"}], "lines[1].amount is missing"),
        ([line("92", "0.001")], "at most 2 decimals"),
        ([line("92", "-1")], "lines[0].amount = '-1'"),
        ([{"product": "92", "amount": True}], "lines[0].amount"),
        ([line("92", "1", "0.0001")], "lines[0].litres"),
        ([line("92", "10000000.01")], "from 0 to 10000000"),
        ([line("92", "1")] * 201, "201 lines"),
    ],
)
def test_what_is_no_order_is_named(lines: Any, said: str) -> None:
    with pytest.raises(LineFault) as fault:
        read_lines(json.dumps(lines))
    assert fault.value.reason == "bad_field"
    assert said in str(fault.value)


def test_two_hundred_lines_are_read() -> None:
    assert len(read_lines(json.dumps([line("92", "1")] * 200))) == 200


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"lines": [line("98", "1.00")]}, "unknown_product"),
        ({"lines": [line("92", "x")]}, "bad_field"),
        ({"lines": None}, "bad_field"),
        ({"order": None}, "bad_field"),
        ({"coupon": None}, "bad_field"),
        ({"coupon": None, "points": 0}, "bad_field"),
        ({"coupon": None, "points": 100}, ""),
        ({"points": -100}, "bad_field"),
    ],
)
def test_a_use_is_checked_as_it_is_decoded(fields: dict[str, Any], reason: str) -> None:
    whole = {"coupon": "any-5", "order": "o", "lines": [line("92", "1.00")]} | fields
    sent = {**event("use", "a", "06-10T10:00", **whole), "event_id": "e"}
    decoded = decode_json(msgspec.json.encode([sent]), RULES.names)
    assert [one.reason for one in decoded.refused] == ([reason] if reason else [])


def test_lines_of_other_types_are_not_looked_at() -> None:
    sent = {**event("claim", "a", "06-10T10:00", coupon="x", lines=[line("98", "?")])}
    decoded = decode_json(msgspec.json.encode([{**sent, "event_id": "e"}]), RULES.names)
    assert not decoded.refused
