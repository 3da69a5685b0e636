"""Merging shards' histories: stamps never fall, members keep their order, marks come once."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from actors.merged_history import MergedHistory
from actors.store.log import Entry
from rules.decoding.event_columns import batch_of, stamp, to_ipc


def events(seq: int, member: str, numbered: Sequence[tuple[int, int]]) -> Entry:
    """Log events (number, stamp) of a member as one entry."""
    columns = batch_of(
        {
            "event_id": pa.array([f"{member}-{number}" for number, _ in numbered]),
            "type": pa.array(["check_in"] * len(numbered)),
            "member": pa.array([member] * len(numbered)),
        }
    )
    batch = stamp(columns, [stamp_us for _, stamp_us in numbered])  # type: ignore[arg-type]  # as array
    return Entry(seq, "events", numbered[-1][1], to_ipc(batch))


def read(histories: list[list[Entry]]) -> list[tuple[str, int]]:
    """Read a merged history as (event id or kind, stamp)."""
    found: list[tuple[str, int]] = []
    for item in MergedHistory([iter(one) for one in histories]).read():
        if isinstance(item, Entry):
            found.append((item.kind, item.stamp_us))
        else:
            rows = item.select(["event_id", "stamp_us"]).to_pylist()
            found += [(row["event_id"], row["stamp_us"]) for row in rows]
    return found


def test_events_come_by_stamp_and_a_close_once_between() -> None:
    close = Entry(9, "close", 30, b"")
    one = [events(1, "a", [(1, 10), (2, 30)]), close, events(2, "a", [(3, 30), (4, 50)])]
    two = [Entry(1, "advance", 5, b""), events(2, "b", [(1, 20)]), close, events(3, "b", [(2, 40)])]
    assert read([one, two]) == [
        ("a-1", 10), ("b-1", 20), ("a-2", 30), ("close", 30), ("a-3", 30), ("b-2", 40), ("a-4", 50),
    ]  # fmt: skip


def test_a_mark_that_a_shard_never_got_still_comes_once() -> None:
    order = Entry(2, "order", 15, b'{"id": "x"}')
    assert read([[events(1, "a", [(1, 10)]), order], [events(1, "b", [(1, 20)])]]) == [
        ("a-1", 10), ("b-1", 20), ("order", 15),
    ]  # fmt: skip


def test_a_stamp_behind_a_late_mark_does_not_fall() -> None:
    close = Entry(2, "close", 10, b"")
    one = [close, events(3, "a", [(1, 12)])]
    two = [events(1, "b", [(1, 99)]), close]
    assert read([one, two]) == [("b-1", 99), ("close", 10), ("a-1", 99)]


@given(
    st.lists(
        st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_any_histories_merge_in_order(steps: list[list[list[int]]]) -> None:
    histories = []
    expected = 0
    for shard, batches in enumerate(steps):
        clock, number, entries = 0, 0, []
        for seq, rises in enumerate(batches, start=1):
            rows = []
            for rise in rises:
                clock, number = clock + rise, number + 1
                rows.append((number, clock))
            entries.append(events(seq, f"m{shard}", rows))
        expected += number
        histories.append(entries)
    found = read(histories)
    stamps = [stamp_us for _, stamp_us in found]
    assert len(found) == expected
    assert stamps == sorted(stamps)
    for shard in range(len(steps)):
        own = [name for name, _ in found if name.startswith(f"m{shard}-")]
        assert own == [f"m{shard}-{number}" for number in range(1, len(own) + 1)]
