import json
from typing import Any

import pytest

from rules.decoding.events import TYPES, Names, UnreadableBody, decode_json, decode_ndjson

NAMES = Names(
    products=frozenset({"92", "shop"}),
    kinds=frozenset({"private", "taxi"}),
    earliest_us=1_750_000_000_000_000,
    latest_us=1_800_000_000_000_000,
)
GOOD: dict[str, Any] = {
    "event_id": "till-7-1",
    "type": "purchase",
    "member": "m1",
    "at": "2026-06-19T12:00:00+08:00",
    "product": "92",
    "litres": "35.20",
    "amount": "274.91",
}


def event(**given: Any) -> dict[str, Any]:
    return GOOD | given


def answer(given: Any, names: Names = NAMES) -> tuple[str, str]:
    """Decode one event and return ("", "") or its reason and sentence."""
    decoded = decode_json(json.dumps(given).encode(), names)
    assert decoded.received == 1
    assert len(decoded.refused) + decoded.columns.num_rows == 1
    if decoded.refused:
        return decoded.refused[0].reason, decoded.refused[0].sentence
    return "", ""


def field(name: str, given: Any) -> Any:
    decoded = decode_json(json.dumps(given).encode(), NAMES)
    assert decoded.refused == []
    return decoded.columns.column(name)[0].as_py()


SHOP = {"type": "refund", "ref": "p", "product": None, "litres": None, "amount": None}


@pytest.mark.parametrize(
    ("given", "reason", "said"),
    [
        (event(), "", ""),
        (5, "bad_field", "not an event"),
        ("x", "bad_field", "not an event"),
        (event(event_id=None), "bad_field", "event_id is missing"),
        (event(event_id=""), "bad_field", "event_id is missing"),
        (event(event_id=7), "bad_field", "event_id has the wrong kind"),
        (event(event_id="x" * 128), "", ""),
        (event(event_id="x" * 129), "bad_field", "129 bytes"),
        (event(event_id="é" * 65), "bad_field", "130 bytes"),
        (event(event_id="a\nb"), "bad_field", "control character"),
        (event(event_id="a\0b"), "bad_field", "control character"),
        (event(event_id="a\x85b"), "bad_field", "control character"),
        (event(event_id="aÂb"), "", ""),
        (event(member="m" * 64), "", ""),
        (event(member="m" * 65), "bad_field", "member = 'mmm"),
        (event(member=None), "bad_field", "member is missing"),
        (event(type=None), "bad_field", "type is missing"),
        (event(type="Purchase"), "unknown_type", "type = 'Purchase'"),
        (event(at=None), "bad_field", "at is missing"),
        (event(at="2026-06-19T12:00:00"), "bad_field", "offset"),
        (event(at=1_781_841_600), "bad_field", "at has the wrong kind"),
        (event(at="2020-06-19T12:00:00Z"), "bad_time", "outside 2025-06-15"),
        (event(at="2030-06-19T12:00:00Z"), "bad_time", "outside"),
        (event(litres="35.2001"), "bad_field", "litres = '35.2001'"),
        (event(litres=35.2001), "bad_field", "litres = 35.2001"),
        (event(litres=-1), "bad_field", "litres = -1"),
        (event(litres=10_000), "", ""),
        (event(litres="10000.001"), "bad_field", "0 to 10000 "),
        (event(litres=[]), "bad_field", "litres has the wrong kind"),
        (event(litres=True), "bad_field", "litres has the wrong kind"),
        (event(litres=None), "", ""),
        (event(amount="274.911"), "bad_field", "amount = '274.911'"),
        (event(amount=10_000_000), "", ""),
        (event(amount=10_000_000.01), "bad_field", "amount"),
        (event(amount=None), "bad_field", "amount is missing"),
        (event(amount=0), "", ""),
        (event(product=None), "bad_field", "product is missing"),
        (event(product="e85"), "unknown_product", "product = 'e85'"),
        (event(product=92), "", ""),
        (event(product=92.5), "unknown_product", "92.5"),
        (event(station="s" * 1_025), "bad_field", "station"),
        (event(station={}), "bad_field", "station has the wrong kind"),
        (event(type="top_up", product=None, litres=None), "", ""),
        (event(type="top_up", amount=None), "bad_field", "amount is missing"),
        (event(type="check_in", product="e85"), "", ""),
        (event(type="check_in", litres="x"), "bad_field", "litres = 'x'"),
        (event(**SHOP), "", ""),
        (event(**SHOP | {"ref": ""}), "bad_field", "ref is missing"),
        (event(**SHOP | {"litres": 1}), "", ""),
        (event(**SHOP | {"litres": 1, "amount": 1}), "bad_field", "a refund names one"),
        (event(type="adjust", points=-50), "", ""),
        (event(type="adjust", points="-50"), "", ""),
        (event(type="adjust"), "bad_field", "points is missing"),
        (event(type="adjust", points=0.5), "bad_field", "points = 0.5"),
        (event(type="adjust", points=10**9 + 1), "bad_field", "points = 1000000001"),
        (event(type="survey", score=10), "", ""),
        (event(type="survey", score=11), "bad_field", "score = 11"),
        (event(type="survey", score="x"), "bad_field", "score = 'x'"),
        (event(type="survey"), "", ""),
        (event(type="enrol", attributes={"kind": "taxi", "n": 1, "b": False}), "", ""),
        (event(type="enrol", attributes={"kind": "bus"}), "bad_field", "attributes.kind = 'bus'"),
        (event(type="enrol", attributes={"kind": 5}), "bad_field", "attributes.kind = '5'"),
        (event(type="enrol", attributes={"x": [1]}), "bad_field", "attributes[...]"),
        (event(type="enrol", attributes=[1]), "bad_field", "attributes has the wrong kind"),
        (event(type="enrol", attributes={"x": "y" * 70_000}), "bad_field", "65536"),
        (event(nonsense={"a": [1]}), "", ""),
        (event(lines=[{"a": 1}]), "", ""),
        (event(lines="[1"), "bad_field", "lines is no JSON array"),
        # The first failing check answers: shape, type, later type, values, product, time.
        (event(type="teleport", litres="x", at="x"), "unknown_type", "teleport"),
        (event(type="teleport", member=""), "bad_field", "member"),
        (event(type="redeem", litres="x"), "bad_field", "litres"),
        (event(type="referral", ref="m1"), "bad_field", "the referred member"),
        (event(type="merge", ref="m1"), "bad_field", "the other record"),
        (event(type="merge", ref="m2"), "", ""),
        (event(product="e85", litres="x"), "bad_field", "litres"),
        (event(product="e85", at="2020-06-19T12:00:00Z"), "unknown_product", "e85"),
    ],
)
def test_one_event(given: Any, reason: str, said: str) -> None:
    got, sentence = answer(given)
    assert got == reason, sentence
    assert said in sentence


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_known(kind: str) -> None:
    names = {
        "ref": "r",
        "item": "i",
        "coupon": "c",
        "order": "o",
        "lines": [{"product": "92", "amount": 1}],
    }
    reason, _ = answer(event(type=kind, litres=None, points=1, **names))
    assert reason == ""


def test_without_a_product_list_any_product_is_known() -> None:
    free = Names(None, frozenset(), NAMES.earliest_us, NAMES.latest_us)
    assert answer(event(product="anything"), free) == ("", "")
    assert answer(event(product=None), free) == ("", "")


def test_values_arrive_in_small_units() -> None:
    assert field("litres_ml", event()) == 35_200
    assert field("amount_fen", event(amount=274.91)) == 27_491
    assert field("at_us", event()) == 1_781_841_600_000_000
    assert field("product", event(product=92.0)) == "92"
    assert field("pay", event(pay="")) is None
    assert field("litres_ml", event(litres=None)) is None
    given = event(type="enrol", attributes={"z": 1.0, "a": "é", "kind": "taxi", "n": None, "e": ""})
    assert field("attributes", given) == '{"a":"é","kind":"taxi","z":1}'
    assert field("attributes", event(attributes={"e": ""})) is None
    assert field("lines", event(lines='[ {"b":1, "a":2} ]')) == '[{"a":2,"b":1}]'


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1", b"nonsense", b"[1] 2", b'{"a":"\xff"}', b"\x00", b"[" * 100_000]
)
def test_a_body_that_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableBody, match="the body is not"):
        decode_json(body, NAMES)


def test_an_array_keeps_the_places_of_its_bad_elements() -> None:
    decoded = decode_json(json.dumps([1, event(), {"event_id": 5}, event(at="x")]).encode(), NAMES)
    assert decoded.place.tolist() == [1]
    assert [(r.place, r.event_id) for r in decoded.refused] == [(0, ""), (2, ""), (3, "till-7-1")]
    assert decode_json(b" [] ", NAMES).received == 0


def test_ndjson_names_the_line_and_counts_blank_ones() -> None:
    good = json.dumps(event()).encode()
    body = b"\n".join(
        [
            b"\xef\xbb\xbf" + good,
            b"",
            good,
            b"junk",
            b"  ",
            b'{"event_id":"\xff"}',
            b'{"event_id":"e","member":1}',
            good,
        ]
    )
    decoded = decode_ndjson(body, NAMES)
    assert decoded.place.tolist() == [0, 1, 5]
    assert [(r.place, r.event_id) for r in decoded.refused] == [(2, ""), (3, ""), (4, "e")]
    assert [r.sentence.split(":")[0].split(" is ")[0] for r in decoded.refused] == [
        "line 4",
        "line 6",
        "line 7",
    ]
    later = decode_ndjson(b"junk\n", NAMES, first_line=101)
    assert later.refused[0].sentence.startswith("line 101 is not JSON")


@pytest.mark.parametrize(
    ("body", "rows", "refused"),
    [
        (b"", 0, 0),
        (b"\n\n", 0, 0),
        (b"%s", 1, 0),
        (b"%s\n", 1, 0),
        (b"%s\r\n%s\r\n", 2, 0),
        (b"%s %s", 0, 1),
        (b"%s %s\n\n", 0, 1),
        (b'{"event_id":\n"x"}', 0, 2),
        (b"%s\n[%s]", 1, 1),
    ],
)
def test_a_line_is_an_event_whatever_surrounds_it(body: bytes, rows: int, refused: int) -> None:
    decoded = decode_ndjson(body.replace(b"%s", json.dumps(event()).encode()), NAMES)
    assert (decoded.columns.num_rows, len(decoded.refused)) == (rows, refused)
