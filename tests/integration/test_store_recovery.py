"""The store's parts together: log, snapshot, manifest, archive, trim."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import redis

from actors.store.archive import Archive
from actors.store.log import Entry, ShardLog
from actors.store.manifest import ManifestRecord
from actors.store.snapshot import SnapshotStore


def payload(number: int) -> bytes:
    batch = pa.record_batch(
        {"event_id": [f"e{number}"], "stamp_us": pa.array([number], pa.int64())}
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def number_of(entry: Entry) -> int:
    number: int = pa.ipc.open_stream(entry.payload).read_all()["stamp_us"][0].as_py()
    return number


def test_archive_snapshot_and_tail_hold_every_entry_after_a_trim(
    client: redis.Redis, tmp_path: Path
) -> None:
    record = ManifestRecord(client, "summer")
    log, archive = ShardLog(client, "summer", 3), Archive(tmp_path / "archive")
    snapshots = SnapshotStore(tmp_path / "snapshots", record)
    log.take_epoch()
    assert record.read(3) is None
    for number in range(1, 31):
        log.append("events", number, payload(number))
        if number % 10 == 0:
            snapshots.save(3, number, {"seen": np.arange(1, number + 1)}, {})
            covered = snapshots.seqs(3)[0]
            archive.write(3, (e for e in log.read(archive.last_seq(3)) if e.seq <= covered))
            log.trim(archive.last_seq(3))
    manifest = record.read(3)
    assert manifest is not None
    assert manifest["seq"] == 30
    loaded = snapshots.load(3)
    assert loaded is not None
    assert loaded.seq == 30
    assert archive.last_seq(3) == 20
    everything = [*archive.read_archive(3), *log.read(archive.last_seq(3))]
    assert [number_of(entry) for entry in everything] == list(range(1, 31))
    assert client.xlen("forecourt:summer:log:{3}") == 10
