"""An attempt: what of a batch goes into the log, and under which stamps."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from actors.attempt import Attempt
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import from_ipc, stamp, to_ipc
from rules.judging.kernel import apply_events
from rules.table.member_table import MemberTable
from tests.unit.played_log import instant_us, table_of
from tests.unit.test_standing_news import SEASON

NOON_US = instant_us("2026-06-02T12:00:00+08:00")


def batch(table: MemberTable, *names: str, stamp_us: int | None = NOON_US) -> bytes:
    events = [
        {"event_id": name, "type": "purchase", "member": f"m-{name}",
         "at": "2026-06-02T12:00:00+08:00", "amount": "10.00"}
        for name in names
    ]  # fmt: skip
    decoded = decode_json(msgspec.json.encode(events), table.rules.names)
    assert not decoded.refused, decoded.refused
    if stamp_us is None:
        return to_ipc(decoded.columns)
    return to_ipc(stamp(decoded.columns, np.full(len(events), stamp_us)))


def logged(attempt: Attempt) -> pa.RecordBatch:
    return from_ipc(attempt.payload)


def test_a_new_batch_is_logged_as_it_came() -> None:
    table = table_of(SEASON)
    received = batch(table, "a", "b")
    attempt = Attempt.of(table, received, None)
    assert attempt.payload is received, "nothing is written anew"
    assert attempt.stamp_us == NOON_US
    assert table.member_ids == ["m-a", "m-b"]


def test_only_rows_that_are_new_are_logged_and_all_are_answered() -> None:
    table = table_of(SEASON)
    apply_events(table, Attempt.of(table, batch(table, "a", "b"), None).events)
    attempt = Attempt.of(table, batch(table, "b", "c", stamp_us=NOON_US + 1), None)
    assert logged(attempt).column("event_id").to_pylist() == ["c"]
    assert len(attempt.events) == 2
    assert Attempt.of(table, batch(table, "a", "b"), None).payload == b""


def test_a_wall_clock_stamps_every_row_and_never_backwards() -> None:
    table = table_of(SEASON)
    attempt = Attempt.of(table, batch(table, "a", "b", stamp_us=None), NOON_US + 7)
    assert logged(attempt).column("stamp_us").to_pylist() == [NOON_US + 7] * 2
    apply_events(table, attempt.events)
    later = Attempt.of(table, batch(table, "c", stamp_us=None), NOON_US)
    assert logged(later).column("stamp_us").to_pylist() == [NOON_US + 7]
