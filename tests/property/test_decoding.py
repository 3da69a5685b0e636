"""The columnar decoder against the plain one, and against bytes of every kind."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decoding.events import (
    COLUMNS,
    TYPES,
    Decoded,
    Names,
    UnreadableBody,
    decode_arrow,
    decode_json,
    decode_ndjson,
    decode_table,
)
from tests.property.plain_events import RefusedError, decode_plainly

NAMES = Names(
    products=frozenset({"92", "95", "0", "shop"}),
    kinds=frozenset({"private", "taxi"}),
    earliest_us=1_700_000_000_000_000,
    latest_us=1_800_000_000_000_000,
)
ANY_PRODUCT = Names(None, frozenset({"private"}), -(2**62), 2**62)

words = st.sampled_from(
    ["", "92", "95", "shop", "a", "é", "x\x7fy", "x\x85y", "汽油", "a" * 65, "b" * 129]
)
numbers = st.one_of(
    st.integers(-3, 100),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(0, 20_000, places=3, allow_nan=False).map(float),
    st.decimals(0, 20_000, places=2, allow_nan=False).map(float),
)
decimal_texts = st.one_of(
    st.decimals(0, 20_000, places=3).map(str),
    st.decimals(0, 20_000_000, places=2).map(str),
    st.from_regex(r"[0-9]{0,22}\.?[0-9]{0,22}", fullmatch=True),
    st.sampled_from(
        ["1e3", "-1", "+1", " 1", "1 ", ".5", "5.", "1.2.3", "٣", "NaN", "00012.50", "1.5000"]
    ),
)
instants = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat() + "+08:00"),
    st.from_regex(
        r"20(2[3-7]|00)-(0[1-9]|1[0-3])-([0-2][0-9]|3[0-2])[Tt ]"
        r"([01][0-9]|2[0-4]):[0-6][0-9]:[0-6][0-9](\.[0-9]{0,12})?([Zz]|[+-][0-2][0-9]:[0-6][0-9]|)",
        fullmatch=True,
    ),
    st.sampled_from(
        [
            "2026-06-19T12:00:00+08:00",
            "2024-02-29T23:59:59.9999999Z",
            "2023-02-29T00:00:00Z",
            "2026-06-19T12:00:00." + "1" * 60 + "Z",
            "2026-06-19T12:00:60Z",
            "2026-06-19T12:00:00",
            "2026-06-19T12:00:00+0800",
            "0000-01-01T00:00:00Z",
            "yesterday",
        ]
    ),
)
good_at = st.integers(1_700_000_000, 1_800_000_000).map(
    lambda second: str(np.datetime64(second, "s")) + "Z"
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, words),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(words, inner, max_size=2)),
    max_leaves=4,
)
flat = st.one_of(st.none(), st.booleans(), st.integers(-5, 2**60), st.floats(-1e6, 1e6), words)
attributes = st.one_of(
    st.dictionaries(st.sampled_from(["kind", "plate", "age", 'q"uote', "é"]), flat, max_size=3),
    st.fixed_dictionaries({"kind": st.sampled_from(["private", "taxi", "bus"])}),
)


def mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw the usual four times in five."""
    return st.integers(0, 4).flatmap(lambda die: odd if die == 0 else usual)


events = st.fixed_dictionaries(
    {
        "event_id": mostly(st.text("abc-", min_size=1, max_size=9), anything),
        "type": mostly(st.sampled_from(TYPES), anything),
        "member": mostly(st.sampled_from(["m1", "m2", "会员"]), anything),
        "at": mostly(good_at, instants),
    },
    optional={
        "station": mostly(words, anything),
        "product": mostly(st.sampled_from(["92", 95, 0, 92.0, "shop", "e85"]), anything),
        "litres": mostly(decimal_texts, st.one_of(numbers, anything)),
        "amount": mostly(decimal_texts, st.one_of(numbers, anything)),
        "pay": mostly(st.sampled_from(["card", "cash"]), anything),
        "order": words,
        "ref": mostly(words, anything),
        "score": mostly(st.integers(-1, 11), anything),
        "points": mostly(st.integers(-100, 100), st.one_of(numbers, anything)),
        "lines": st.one_of(st.lists(flat, max_size=2), st.sampled_from(["[1]", "{}", "["])),
        "attributes": mostly(attributes, anything),
        "elsewhere": anything,
    },
)


def whole(decoded: Decoded) -> None:
    """Assert what holds for every decoded body."""
    assert decoded.columns.schema == COLUMNS
    assert decoded.columns.num_rows == len(decoded.place)
    assert decoded.received == len(decoded.place) + len(decoded.refused)
    places = sorted([*decoded.place.tolist(), *(refusal.place for refusal in decoded.refused)])
    assert places == list(range(decoded.received))
    assert np.all(np.diff(decoded.place) > 0)
    assert all(refusal.reason and refusal.sentence for refusal in decoded.refused)
    decoded.columns.validate(full=True)


def whole_or_unreadable(decode: Callable[[bytes, Names], Decoded], body: bytes) -> str:
    """Decode; return "" where the body can be read, else what is said of it."""
    try:
        decoded = decode(body, NAMES)
    except UnreadableBody as problem:
        said = str(problem)
    else:
        whole(decoded)
        return ""
    assert said.strip()
    return said


def rows_of(decoded: Decoded) -> dict[int, dict[str, Any]]:
    """Return the valid rows by place, JSON fields parsed."""
    rows = decoded.columns.to_pylist()
    for row in rows:
        for name in ("attributes", "lines"):
            if row[name] is not None:
                row[name] = json.loads(row[name])
    return dict(zip(decoded.place.tolist(), rows, strict=True))


def plainly(items: list[Any], names: Names) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    rows, refused = {}, {}
    for place, event in enumerate(items):
        try:
            rows[place] = decode_plainly(event, names) | {}
        except RefusedError as refusal:
            refused[place] = str(refusal)
    return rows, refused


@settings(max_examples=100, deadline=None)
@given(st.lists(mostly(events, anything), max_size=6), st.sampled_from([NAMES, ANY_PRODUCT]))
def test_agrees_with_the_plain_decoder(items: list[Any], names: Names) -> None:
    rows, refused = plainly(items, names)
    for decoded in (
        decode_json(json.dumps(items).encode(), names),
        decode_ndjson("\n".join(json.dumps(item) for item in items).encode(), names),
        decode_ndjson("".join(json.dumps(item) + "\r\n\n" for item in items).encode(), names),
    ):
        whole(decoded)
        assert {refusal.place: refusal.reason for refusal in decoded.refused} == refused
        assert rows_of(decoded) == rows


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_unreadable(body: bytes) -> None:
    whole(decode_ndjson(body, NAMES))
    whole_or_unreadable(decode_json, body)
    whole_or_unreadable(decode_arrow, body)


json_bytes = st.one_of(
    anything.map(lambda item: json.dumps(item).encode()),
    st.lists(events, max_size=3).map(lambda items: json.dumps(items).encode()),
)


@settings(max_examples=100, deadline=None)
@given(json_bytes, st.data())
def test_damaged_json_is_read_or_unreadable(body: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body)))
    damaged = body[:place] + data.draw(st.binary(max_size=3)) + body[place + 1 :]
    whole(decode_ndjson(damaged, NAMES))
    whole_or_unreadable(decode_json, damaged)


field_names = st.sampled_from(
    [*(set(COLUMNS.names) - {"at_us"}), "at", "litres", "amount", "attributes.kind", "attributes.x"]
)
arrow_types = st.sampled_from(
    [
        pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int64(), pa.large_string()), pa.int8(), pa.uint64(), pa.float32(),
        pa.float64(), pa.float16(), pa.decimal128(12, 4), pa.decimal256(40, 1), pa.bool_(),
        pa.null(), pa.timestamp("ns", "UTC"), pa.timestamp("s", "Asia/Tokyo"), pa.timestamp("us"),
        pa.date32(), pa.binary(), pa.list_(pa.string()), pa.time64("us"),
        pa.struct([("kind", pa.string()), ("age", pa.int64())]),
    ]
)  # fmt: skip


def arrow_value(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Return values that fit an Arrow type."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_decimal(kind):
        return st.decimals(-9_999, 9_999_999, places=kind.scale)
    if pa.types.is_float16(kind):
        return st.floats(width=16)
    if pa.types.is_floating(kind):
        return st.floats(width=32 if kind.bit_width == 32 else 64)
    if pa.types.is_integer(kind):
        bits = kind.bit_width
        low = 0 if pa.types.is_unsigned_integer(kind) else -(2 ** (bits - 1))
        return st.integers(low, low + 2**bits - 1)
    if pa.types.is_boolean(kind):
        return st.booleans()
    if pa.types.is_temporal(kind):
        most = 86_399_999_999 if pa.types.is_time(kind) else 2**31 - 1
        return st.integers(0, most)
    if pa.types.is_binary(kind):
        return st.binary(max_size=4)
    if pa.types.is_list(kind):
        return st.lists(words, max_size=2)
    if pa.types.is_struct(kind):
        return st.fixed_dictionaries(
            {"kind": st.sampled_from(["taxi", "bus"]), "age": st.integers(0, 9)}
        )
    if pa.types.is_null(kind):
        return st.none()
    return st.one_of(words, decimal_texts, instants, st.sampled_from(TYPES))


def array_of(kind: pa.DataType, values: list[Any]) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode().cast(kind)
    if pa.types.is_temporal(kind):
        bits = pa.int32() if pa.types.is_date32(kind) else pa.int64()
        return pa.array(values, bits).cast(kind)
    if pa.types.is_float16(kind):
        return pa.array([None if value is None else np.float16(value) for value in values], kind)
    return pa.array(values, kind)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 5))
    names = draw(st.lists(field_names, unique=True, max_size=8))
    columns = {}
    for name in names:
        kind = draw(arrow_types)
        cell = st.one_of(st.none(), arrow_value(kind))
        columns[name] = array_of(kind, draw(st.lists(cell, min_size=rows, max_size=rows)))
    for name, usual in (("event_id", "e"), ("type", "purchase"), ("member", "m")):
        if draw(st.booleans()):
            columns[name] = pa.array([usual] * rows, pa.string())
    if draw(st.booleans()):
        columns["at"] = pa.array(["2026-06-19T12:00:00Z"] * rows, pa.string())
    return pa.table(columns) if columns else pa.table({"other": pa.nulls(rows)})


def stream_of(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


@settings(max_examples=150, deadline=None)
@given(tables(), st.data())
def test_tables_of_any_type_are_decoded(table: pa.Table, data: st.DataObject) -> None:
    decoded = decode_table(table, NAMES)
    whole(decoded)
    assert decoded.received == table.num_rows
    stream = stream_of(table)
    again = decode_arrow(stream, NAMES)
    assert again.columns.to_pylist() == decoded.columns.to_pylist()
    assert again.refused == decoded.refused
    place = data.draw(st.integers(0, len(stream) - 1))
    damaged = stream[:place] + data.draw(st.binary(min_size=1, max_size=9)) + stream[place + 1 :]
    whole_or_unreadable(decode_arrow, damaged)


plain_event = st.fixed_dictionaries(
    {
        "event_id": st.text("abc-é", min_size=1, max_size=9),
        "type": st.sampled_from(["purchase", "survey", "enrol", "top_up", "adjust", "teleport"]),
        "member": st.sampled_from(["m1", "会员"]),
        "at": good_at,
        "product": st.sampled_from(["92", "shop", "e85", None]),
        "station": st.sampled_from(["s1", None, ""]),
        "litres": st.one_of(st.none(), st.decimals(0, 99, places=3).map(str)),
        "amount": st.one_of(st.none(), st.decimals(0, 999, places=2).map(str)),
        "score": st.one_of(st.none(), st.integers(0, 12)),
        "points": st.one_of(st.none(), st.integers(-9, 9)),
        "attributes": st.fixed_dictionaries(
            {},
            optional={
                "kind": st.sampled_from(["taxi", "bus"]),
                "plate": st.sampled_from(['a"b', "ü"]),
            },
        ),
    }
)


def as_table(items: list[dict[str, Any]], *, typed: bool) -> pa.Table:
    """Lay events out as columns, as text or in the types that fit them."""
    names = ["event_id", "type", "member", "at", "product", "station", "litres", "amount"]
    columns: dict[str, pa.Array] = {
        name: pa.array([item[name] for item in items], pa.string()) for name in names
    }
    for name in ("score", "points"):
        values = [item[name] for item in items]
        columns[name] = (
            pa.array(values, pa.int16())
            if typed
            else pa.array([None if value is None else str(value) for value in values], pa.string())
        )
    for name in ("kind", "plate"):
        values = [item["attributes"].get(name) for item in items]
        columns[f"attributes.{name}"] = pa.array(values, pa.string())
    if typed:
        columns["at"] = columns["at"].cast(pa.timestamp("ms", "UTC"))
        columns["litres"] = columns["litres"].cast(pa.decimal128(20, 5))
        columns["amount"] = columns["amount"].cast(pa.float64())
        for name in ("type", "product", "event_id", "attributes.kind"):
            columns[name] = columns[name].dictionary_encode()
    return pa.table(columns)


@settings(max_examples=60, deadline=None)
@given(st.lists(plain_event, min_size=1, max_size=6))
def test_all_formats_of_one_log_decode_alike(items: list[dict[str, Any]]) -> None:
    lines = "\n".join(json.dumps(item) for item in items).encode()
    first = decode_ndjson(lines, NAMES)
    for other in (
        decode_json(json.dumps(items).encode(), NAMES),
        decode_table(as_table(items, typed=False), NAMES),
        decode_table(as_table(items, typed=True), NAMES),
        decode_arrow(stream_of(as_table(items, typed=True)), NAMES),
    ):
        assert other.columns.to_pylist() == first.columns.to_pylist()
        assert [(r.place, r.event_id, r.reason) for r in other.refused] == [
            (r.place, r.event_id, r.reason) for r in first.refused
        ]


@pytest.mark.parametrize("depth", [10, 100_000])
def test_deep_nesting_is_no_error(depth: int) -> None:
    nested = b'{"event_id":"e","x":' + b"[" * depth + b"]" * depth + b"}"
    whole(decode_ndjson(nested + b"\n" + nested, NAMES))
    assert whole_or_unreadable(decode_json, nested) in {
        "",
        "the body is not JSON (nested too deeply); send one event or an array of events",
    }
