from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rules.decoding.arrow_claims import claimed_bytes
from rules.decoding.events import (
    ROWS_MAX,
    Decoded,
    Names,
    UnreadableBody,
    decode_arrow,
    decode_table,
)

NAMES = Names(
    products=frozenset({"92"}),
    kinds=frozenset({"private", "taxi"}),
    earliest_us=1_750_000_000_000_000,
    latest_us=1_800_000_000_000_000,
)


def table(rows: int = 1, **columns: pa.Array) -> pa.Table:
    usual = {
        "event_id": pa.array([f"e{row}" for row in range(rows)], pa.string()),
        "type": pa.array(["check_in"] * rows, pa.string()),
        "member": pa.array(["m"] * rows, pa.string()),
        "at": pa.array(["2026-06-19T12:00:00Z"] * rows, pa.string()),
    }
    return pa.table({name: array for name, array in (usual | columns).items() if array is not None})


def stream(given: pa.Table, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, given.schema, options=options) as writer:
        writer.write_table(given)
    return bytes(sink.getvalue().to_pybytes())


def only(decoded: Decoded, name: str) -> Any:
    assert decoded.refused == []
    return decoded.columns.column(name).to_pylist()


def said(decoded: Decoded) -> list[tuple[str, str]]:
    return [(refusal.reason, refusal.sentence) for refusal in decoded.refused]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["92", "", None]),
        pa.array(["92", "", None], pa.large_string()),
        pa.array(["92", "", None], pa.string_view()),
        pa.array(["92", "", None]).dictionary_encode(),
        pa.array([92, None, None]),
        pa.array([92.0, None, None]),
        pa.array([Decimal("92.0"), None, None]),
        pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int64()), pa.array(["92", None, ""])),
    ],
)
@pytest.mark.parametrize("name", ["station", "order"])
def test_texts_of_any_type(name: str, column: pa.Array) -> None:
    assert only(decode_table(table(3, **{name: column}), NAMES), name) == ["92", None, None]


@pytest.mark.parametrize(
    ("name", "column", "sentence"),
    [
        ("event_id", pa.array([5]), "event_id is a int64 column: send text"),
        ("member", pa.array([5]), "member is a int64 column: send text"),
        ("type", pa.array([True]), "type is a bool column: send text"),
        ("at", pa.array([5]), "at is a int64 column: send text or timestamps with a zone"),
        ("at", pa.array([5], pa.timestamp("us")), "without a zone no time is sure"),
        ("station", pa.array([b"x"]), "station is a binary column: send text or numbers"),
        ("litres", pa.array([True]), "litres is a bool column: send text or numbers"),
        ("litres", pa.array([0.1 + 0.2]), "litres = 0.30000000000000004: not a decimal"),
        ("amount", pa.array([Decimal("1.001")]), "amount = 1.001: not a decimal"),
        ("score", pa.array([11]), "score = 11: not a whole number from 0 to 10"),
        ("lines", pa.array([1]), "lines is a int64 column: send text"),
        ("attributes", pa.array([1]), "send attributes.NAME columns"),
        ("attributes", pa.array(["[1]"]), "attributes is no JSON object"),
        ("attributes", pa.array(['{"a":[1]}']), "attributes.a is no text, number or boolean"),
        ("attributes.x", pa.array([[1]]), "attributes.x is a list<item: int64> column"),
        ("attributes.x", pa.array([float("inf")]), "attributes.x is not finite"),
        ("attributes.kind", pa.array(["bus"]), "attributes.kind = 'bus': not a kind"),
        ("attributes.d", pa.array([2**31 - 1], pa.date32()), "attributes.d is no date"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, column: pa.Array, sentence: str) -> None:
    ((reason, text),) = said(decode_table(table(**{name: column}), NAMES))
    assert reason == "bad_field"
    assert sentence in text


def test_a_missing_column_refuses_every_row() -> None:
    decoded = decode_table(table(2).drop_columns(["member"]), NAMES)
    assert [text for _, text in said(decoded)] == ["member is missing: every event needs one"] * 2
    assert [refusal.event_id for refusal in decoded.refused] == ["e0", "e1"]
    assert decode_arrow(stream(pa.table({"other": [1, 2, 3]})), NAMES).received == 3


def test_attributes_come_as_columns_struct_or_json() -> None:
    expected = ['{"age":30,"born":"1990-02-03","kind":"taxi","ok":true}', None]
    parts = {
        "kind": pa.array(["taxi", ""]),
        "age": pa.array([30.0, float("nan")]),
        "born": pa.array([date(1990, 2, 3), None]),
        "ok": pa.array([True, None]),
    }
    named = {f"attributes.{name}": column for name, column in parts.items()}
    whole = pa.StructArray.from_arrays(list(parts.values()), list(parts))
    text = pa.array(['{"ok":true,"kind":"taxi","age":30,"born":"1990-02-03"}', ""])
    for columns in (named, {"attributes": whole}, {"attributes": text}):
        assert only(decode_table(table(2, **columns), NAMES), "attributes") == expected
    both = decode_table(table(2, **named, attributes=text), NAMES)
    assert [(r.place, "send one of the two" in r.sentence) for r in both.refused] == [(0, True)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_with_a_zone(unit: str) -> None:
    moment = (
        pa.array(["2026-06-19T12:00:00"]).cast(pa.timestamp(unit)).cast(pa.timestamp(unit, "UTC"))
    )
    decoded = decode_table(table(at=moment.cast(pa.timestamp(unit, "Asia/Shanghai"))), NAMES)
    assert only(decoded, "at_us") == [1_781_870_400_000_000]


def test_chunks_and_their_dictionaries_are_joined() -> None:
    products = pa.chunked_array(
        [pa.array(["92"]).dictionary_encode(), pa.array(["x"]).dictionary_encode()]
    )
    decoded = decode_table(table(2, product=products), NAMES)
    assert only(decoded, "product") == ["92", "x"]


def test_broken_streams_are_unreadable() -> None:
    good = stream(table(3))
    for body in (
        b"",
        b"nonsense",
        good[:20],
        good[: len(good) // 2],
        good.replace(b"check_in", b"\xff" * 8),
    ):
        with pytest.raises(UnreadableBody):
            decode_arrow(body, NAMES)
    with pytest.raises(UnreadableBody, match="column at stands twice"):
        decode_table(pa.table([pa.array(["x"])] * 2, names=["at", "at"]), NAMES)


def test_a_small_body_cannot_claim_a_large_one() -> None:
    nothing = pa.table({"event_id": pa.nulls(ROWS_MAX + 1)})
    with pytest.raises(UnreadableBody, match=f"send at most {ROWS_MAX}"):
        decode_arrow(stream(nothing), NAMES)
    rows = 600_000
    long = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(rows, dtype=np.int8)), pa.array(["x" * 1_000])
    )
    with pytest.raises(UnreadableBody, match="600000000 bytes once decoded"):
        decode_arrow(stream(pa.table({"order": long})), NAMES)


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_compressed_streams_are_read_up_to_a_size(
    compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = table(2_000, order=pa.array(["o" * 200] * 2_000).dictionary_encode())
    assert decode_arrow(stream(given, compression), NAMES).columns.num_rows == 2_000
    assert claimed_bytes(pa.py_buffer(stream(given))) == 0
    assert claimed_bytes(pa.py_buffer(stream(given, compression))) > 2_000 * 30
    large = stream(pa.table({"order": pa.array(["x" * 2**20] * 9)}), compression)
    assert len(large) < 2**17
    assert 9 * 2**20 <= claimed_bytes(pa.py_buffer(large)) < 10 * 2**20
    monkeypatch.setattr("rules.decoding.decode_columns._DECOMPRESSED_BYTES_MAX", 2**23)
    with pytest.raises(UnreadableBody, match="once decompressed: more than 8388608"):
        decode_arrow(large, NAMES)
