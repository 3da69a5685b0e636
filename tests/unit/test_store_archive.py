from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.store import archive as archive_module
from actors.store.archive import Archive, ArchiveDamaged
from actors.store.errors import LogGap
from actors.store.log import Entry

SCHEMA = pa.schema(
    [
        ("event_id", pa.string()),
        ("type", pa.dictionary(pa.int32(), pa.string())),
        ("amount_fen", pa.int64()),
        ("stamp_us", pa.int64()),
    ]
)


def rows(payload: bytes) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pa.ipc.open_stream(payload).read_all().to_pylist()
    return found


def events(seq: int, count: int, words: tuple[str, ...] = ("purchase", "refund")) -> Entry:
    batch = pa.record_batch(
        [
            pa.array([f"e{seq}-{place}" for place in range(count)]),
            pa.array([words[place % len(words)] for place in range(count)]).dictionary_encode(),
            pa.array([None if place % 3 == 0 else place for place in range(count)], pa.int64()),
            pa.array([seq * 1000 + place for place in range(count)], pa.int64()),
        ],
        schema=SCHEMA,
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return Entry(seq, "events", seq * 1000 + count, sink.getvalue().to_pybytes())


def same(left: Entry, right: Entry) -> bool:
    if (left.seq, left.kind, left.stamp_us) != (right.seq, right.kind, right.stamp_us):
        return False
    if left.kind != "events":
        return left.payload == right.payload
    schemas = [pa.ipc.open_stream(entry.payload).schema for entry in (left, right)]
    return schemas[0].equals(schemas[1]) and rows(left.payload) == rows(right.payload)


def log_of_seven() -> list[Entry]:
    return [
        Entry(1, "advance", 5, b""),
        events(2, 4),
        events(3, 0),
        events(4, 3, ("check_in", "purchase")),
        Entry(5, "advance", 4500, b"\x00\xff"),
        events(6, 2, ("browse",)),
        Entry(7, "close", 9000, b"{}"),
    ]


def test_every_entry_comes_back_from_any_seq_on(tmp_path: Path) -> None:
    archive, entries = Archive(tmp_path), log_of_seven()
    [path] = archive.write(2, entries)
    assert path.name == f"{1:020d}-{7:020d}.parquet"
    assert archive.last_seq(2) == 7
    assert (archive.last_seq(0), list(archive.read_archive(0))) == (0, [])
    for after_seq in range(8):
        back = list(archive.read_archive(2, after_seq))
        assert len(back) == 7 - after_seq
        assert all(map(same, back, entries[after_seq:]))


def test_the_files_are_a_parquet_log_in_stamp_order(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.write(2, log_of_seven())
    archive.write(2, [Entry(8, "advance", 9001, b""), events(9, 1)])
    table = ds.dataset(archive.files(2)).to_table()
    assert table.column_names == [*SCHEMA.names, "seq", "shard"]
    assert table.num_rows == 4 + 3 + 2 + 1
    assert table["stamp_us"].to_pylist() == sorted(table["stamp_us"].to_pylist())
    assert table["seq"].to_pylist() == [2] * 4 + [4] * 3 + [6] * 2 + [9]
    assert set(table["shard"].to_pylist()) == {2}
    assert table["type"].to_pylist()[4:7] == ["check_in", "purchase", "check_in"]


def test_archiving_again_after_a_crash_before_the_trim_adds_only_what_is_new(
    tmp_path: Path,
) -> None:
    archive, entries = Archive(tmp_path), log_of_seven()
    archive.write(0, entries[:4])
    assert archive.write(0, entries[1:4]) == []
    archive.write(0, entries)
    assert [path.stem[-1] for path in archive.files(0)] == ["4", "7"]
    assert all(map(same, archive.read_archive(0), entries))


def test_a_hole_is_refused_when_writing_and_when_reading(tmp_path: Path) -> None:
    archive, entries = Archive(tmp_path), log_of_seven()
    with pytest.raises(LogGap, match="entry 1 is missing before 2"):
        archive.write(0, entries[1:])
    for start in (0, 2, 4):
        archive.write(0, entries[start : start + 2])
    archive.files(0)[1].unlink()
    with pytest.raises(LogGap, match="entries 3 to 4 are missing"):
        list(archive.read_archive(0))
    assert [entry.seq for entry in archive.read_archive(0, after_seq=4)] == [5, 6]


def test_an_unreadable_payload_or_file_is_told(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(ArchiveDamaged, match="entry 1 is no Arrow stream"):
        archive.write(0, [Entry(1, "events", 1, b"nonsense")])
    assert list(tmp_path.rglob("*.p*")) == []
    [path] = archive.write(0, [events(1, 10)])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArchiveDamaged, match="cannot be read"):
        list(archive.read_archive(0))


def test_a_log_without_events_is_archived_too(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.write(0, [Entry(1, "advance", 5, b"")])
    archive.write(0, [events(2, 1)])
    archive.write(0, [Entry(3, "advance", 6, b"")])
    assert [entry.kind for entry in archive.read_archive(0)] == ["advance", "events", "advance"]
    assert pq.read_schema(archive.files(0)[2]).names == [*SCHEMA.names, "seq", "shard"]


def test_columns_that_change_start_a_new_file(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    wider = pa.ipc.open_stream(events(2, 2).payload).read_all()
    wider = wider.append_column("litres_ml", pa.array([1, 2], pa.int64()))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, wider.schema) as writer:
        writer.write_table(wider)
    entries = [events(1, 2), Entry(2, "events", 7, sink.getvalue().to_pybytes()), events(3, 1)]
    assert len(archive.write(0, entries)) == 3
    assert all(map(same, archive.read_archive(0), entries))


def test_files_are_cut_at_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "FILE_ROWS_MAX", 100)
    monkeypatch.setattr(archive_module, "FILE_ENTRIES_MAX", 7)
    monkeypatch.setattr(archive_module, "ROW_GROUP_ROWS", 16)
    archive = Archive(tmp_path)

    def entries() -> Iterator[Entry]:
        for seq in range(1, 31):
            yield events(seq, 20 if seq % 5 else 1, ("a", f"w{seq}"))

    paths = archive.write(0, entries())
    assert len(paths) > 4
    assert all(pq.read_metadata(path).num_rows <= 100 for path in paths)
    assert all(map(same, archive.read_archive(0), entries()))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=12), st.data())
def test_any_log_cut_anywhere_comes_back(
    tmp_path_factory: pytest.TempPathFactory, shape: list[tuple[bool, int]], data: st.DataObject
) -> None:
    entries = [
        events(seq, count) if is_events else Entry(seq, "advance", seq, b"x" * count)
        for seq, (is_events, count) in enumerate(shape, 1)
    ]
    cut = data.draw(st.integers(0, len(entries)))
    archive = Archive(tmp_path_factory.mktemp("archive"))
    archive.write(0, entries[:cut])
    archive.write(0, entries)
    back = list(archive.read_archive(0))
    assert len(back) == len(entries)
    assert all(map(same, back, entries))
