"""Few events decoded one by one are what the column-wise way makes of them, to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.decoding import decode_json
from rules.decoding.decode_few import FEW, decode_few
from rules.decoding.event_columns import Names, to_ipc

NAMES = Names(
    products=frozenset({"92", "95"}),
    kinds=frozenset({"private"}),
    earliest_us=1_750_000_000_000_000,
    latest_us=1_800_000_000_000_000,
)
ODD = ["", " ", "a b", "é", "王", "\u0007", "x" * 65, "x" * 129, "\u00a0z", "~!", "a\tb", "None"]
TIMES = [
    "2026-06-01T09:00:00Z",
    "2026-06-01T09:00:00.5+08:00",
    "2026-06-01T09:00:00.123456-03:30",
    "2026-06-01T09:00:00.1234567Z",
    "2026-06-01T09:00:00+23:59",
    "2026-06-01T24:00:00Z",
    "2026-06-01T09:00:60Z",
    "2026-06-31T09:00:00Z",
    "2026-06-01t09:00:00z",
    "2026-06-01 09:00:00Z",
    "2026-06-01T09:00Z",
    "2026-06-01T09:00:00",
    "1999-06-01T09:00:00Z",
    "20260601T090000Z",
    "2026-06-01T09:00:00-00:00",
    "２026-06-01T09:00:00Z",
]
DECIMALS = ["0", "0.0", "35.2", "35.200", "35.2000", "274.91", "007", ".5", "5.", "-1", "1e3"]
DECIMALS += ["10000", "10000.001", "99999999.99", "10000000.01", "+4", " 4", "4 ", "٣"]
WORDS = st.sampled_from(["e-1", "m-1", "S001", "92", "95", "98", *ODD])
FIELDS: dict[str, Any] = {
    "station": st.one_of(WORDS, st.integers(0, 99)),
    "product": st.one_of(st.sampled_from(["92", "95"]), WORDS, st.just(92)),
    "litres": st.one_of(st.sampled_from(DECIMALS), st.just(35.2), st.just(0)),
    "amount": st.one_of(st.sampled_from(DECIMALS), st.just(274.91), st.just(5)),
    "pay": WORDS,
    "order": WORDS,
    "points": st.integers(-5, 5),
    "score": st.integers(-1, 11),
    "attributes": st.just({"kind": "private"}),
    "nobody": st.just(1),
}
PLAIN = st.fixed_dictionaries(
    {
        "event_id": st.integers(0, 9).map("e-{}".format),
        "type": st.sampled_from(["purchase", "top_up", "check_in", "browse", "share"]),
        "member": st.integers(0, 9).map("m-{}".format),
        "at": st.sampled_from(TIMES[:3]),
        "product": st.sampled_from(["92", "95"]),
        "amount": st.sampled_from(["0", "5", "274.91", "3.5"]),
    },
    optional={
        "station": st.sampled_from(["S001", "S-2"]),
        "litres": st.sampled_from(["35.2", "0.001", "7"]),
        "pay": st.sampled_from(["app", "cash"]),
    },
)
ANY = st.fixed_dictionaries(
    {},
    optional={
        "event_id": WORDS,
        "type": st.sampled_from(["purchase", "refund", "check_in", "survey", "none", "enrol", ""]),
        "member": WORDS,
        "at": st.sampled_from(TIMES),
        **FIELDS,
    },
)


def body_of(events: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(event).encode() for event in events)


def column_wise(events: list[dict[str, Any]]) -> Any:
    found = decode_json._ONE.decode_lines(body_of(events))
    return decode_json._decoded(found, {}, NAMES)


@given(st.lists(PLAIN, min_size=1, max_size=12))
@settings(deadline=None)
def test_plain_events_are_taken_and_are_the_same(events: list[dict[str, Any]]) -> None:
    found = decode_few(decode_json._ONE.decode_lines(body_of(events)), NAMES)
    assert found is not None
    expected = column_wise(events)
    assert not expected.refused
    assert to_ipc(found.columns) == to_ipc(expected.columns)
    assert found.place.tolist() == expected.place.tolist()
    assert found.received == expected.received


@given(st.lists(st.one_of(PLAIN, ANY), min_size=1, max_size=4))
@example([{"event_id": "e", "type": "check_in", "member": "m", "at": TIMES[0], "litres": "0"}])
@settings(deadline=None, max_examples=400)
def test_whatever_is_taken_is_the_same(events: list[dict[str, Any]]) -> None:
    try:
        read = decode_json._ONE.decode_lines(body_of(events))
    except ValueError:
        return
    found = decode_few(read, NAMES)
    if found is not None:
        expected = column_wise(events)
        assert not expected.refused
        assert found.columns.equals(expected.columns)


@pytest.mark.parametrize("time", TIMES)
def test_times_are_read_alike(time: str) -> None:
    event = {"event_id": "e", "type": "check_in", "member": "m", "at": time}
    found = decode_few(decode_json._ONE.decode_lines(body_of([event])), NAMES)
    expected = column_wise([event])
    if found is not None:
        assert found.columns.column("at_us") == expected.columns.column("at_us")


def test_many_are_left_to_the_columns() -> None:
    event = {"event_id": "e", "type": "check_in", "member": "m", "at": TIMES[0]}
    read = decode_json._ONE.decode_lines(body_of([event] * (FEW + 1)))
    assert decode_few(read, NAMES) is None
    assert decode_few(read[:FEW], NAMES) is not None
    assert decode_few([], NAMES) is None
