import gc
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from actors.store.errors import StoreUnavailable
from actors.store.snapshot import Array, SnapshotDamaged, SnapshotStore

ARRAYS: dict[str, Array] = {
    "score": np.arange(5, dtype=np.int64) * 2**40,
    "flags": np.array([[True, False], [False, True]]),
    "grid": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
    "clock_us": np.array(7),
    "none": np.empty((0, 3), np.uint8),
    "records": np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8")]),
    "member_ids": pa.array(["王", "b", None, ""]),
    "slices": pa.array(["x", "y", "z"]).slice(1),
    "chunks": pa.chunked_array([["a"], ["b", "c"]]),
    "products": pa.array(["92", "95", "92"]).dictionary_encode(),
}


def saved(root: Path, *seqs: int) -> SnapshotStore:
    store = SnapshotStore(root)
    for seq in seqs:
        store.save(0, seq, {"score": np.full(1000, seq)}, {"clock_us": seq})
    return store


def test_what_was_saved_comes_back_with_dtype_and_shape(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    meta = {"clock_us": 1_790_000_000_000_000, "rules_hash": "ab", "names": ["油"]}
    store.save(3, 42, ARRAYS, meta)
    loaded = store.load(3)
    assert loaded is not None
    seq, arrays, found = loaded
    assert (seq, found) == (42, meta)
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        back = arrays[name]
        if isinstance(array, np.ndarray):
            assert isinstance(back, np.ndarray)
            assert (back.dtype, back.shape) == (array.dtype, array.shape), name
            assert np.array_equal(back, array), name
            assert back.flags.writeable, name
        else:
            assert not isinstance(back, np.ndarray)
            assert back.to_pylist() == array.to_pylist(), name
    assert store.load(0) is None


@pytest.fixture
def python_in_between() -> Iterator[None]:
    """Let other threads in wherever memory is made: each collection runs some Python."""

    def collected(*_: object) -> None:
        pass

    interval_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    gc.callbacks.append(collected)
    sys.setswitchinterval(1e-6)
    gc.set_threshold(1)
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval_s)
    gc.callbacks.remove(collected)


@pytest.mark.usefixtures("python_in_between")
def test_files_read_at_a_time_do_not_trip_over_one_another(tmp_path: Path) -> None:
    """Python 3.11 fails where a thread's parsing of a header is broken into by another's."""
    arrays: dict[str, Array] = {f"a{number}": np.arange(number) for number in range(100)}
    store = SnapshotStore(tmp_path)
    store.save(0, 7, arrays, {})
    for _ in range(10):
        found = store.load(0)
        assert found is not None
        assert found.arrays.keys() == arrays.keys()


def test_the_last_two_are_kept_and_the_newest_is_loaded(tmp_path: Path) -> None:
    store = saved(tmp_path, 5, 1_000_000_000_000, 70)
    assert store.seqs(0) == [70, 1_000_000_000_000]
    store = saved(tmp_path, 1_000_000_000_001)
    assert store.seqs(0) == [1_000_000_000_000, 1_000_000_000_001]
    loaded = store.load(0)
    assert loaded is not None
    assert (loaded.seq, loaded.meta["clock_us"]) == (1_000_000_000_001,) * 2


def test_saving_the_same_seq_again_takes_the_newer(tmp_path: Path) -> None:
    store = saved(tmp_path, 5)
    store.save(0, 5, {"score": np.zeros(1)}, {"again": True})
    loaded = store.load(0)
    assert loaded is not None
    assert loaded.meta == {"again": True}
    assert store.seqs(0) == [5, 5]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) * 3 // 4] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def drop(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("damage", [flip, cut, drop])
@pytest.mark.parametrize("file", ["score.npy", "member_ids.arrow", "manifest.json"])
def test_a_damaged_snapshot_falls_back_to_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Any, file: str
) -> None:
    store = SnapshotStore(tmp_path)
    for seq in (1, 2):
        arrays = {"score": np.full(1000, seq), "member_ids": pa.array(["m"] * 1000)}
        store.save(0, seq, arrays, {})
    [path] = (tmp_path / "shard-0").glob(f"seq-*2.000/{file}")
    damage(path)
    with caplog.at_level(logging.WARNING):
        loaded = store.load(0)
    assert loaded is not None
    assert loaded.seq == 1
    assert "is damaged, taking the one before" in caplog.text


def test_nothing_but_damaged_snapshots_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    store = saved(tmp_path, 1)
    [path] = tmp_path.glob("shard-0/*/score.npy")
    flip(path)
    with pytest.raises(SnapshotDamaged, match=r"no snapshot of shard 0 is whole.*score.npy"):
        store.load(0)


def test_a_swapped_array_is_noticed(tmp_path: Path) -> None:
    store = saved(tmp_path, 1, 2)
    old, new = sorted(tmp_path.glob("shard-0/*/score.npy"))
    new.write_bytes(old.read_bytes())
    loaded = store.load(0)
    assert loaded is not None
    assert loaded.seq == 1


def test_python_objects_and_odd_names_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    store = saved(tmp_path, 1)
    with pytest.raises(ValueError, match="array names has dtype object"):
        store.save(0, 2, {"names": np.array(["a", None], dtype=object)}, {})
    with pytest.raises(ValueError, match=r"array name '\.\./x'"):
        store.save(0, 2, {"../x": np.zeros(1)}, {})
    with pytest.raises(TypeError, match="array list is a list"):
        store.save(0, 2, {"list": [1, 2]}, {})
    with pytest.raises(TypeError):
        store.save(0, 2, {}, {"meta": object()})
    assert [path.name[:4] for path in (tmp_path / "shard-0").iterdir()] == ["seq-"]
    assert store.seqs(0) == [1]


def test_the_manifest_is_told_to_the_record_and_its_failure_is_no_loss(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[tuple[int, dict[str, Any]]] = []

    def record(shard: int, manifest: dict[str, Any]) -> None:
        told.append((shard, json.loads(json.dumps(manifest))))
        raise StoreUnavailable("gone")

    manifest = SnapshotStore(tmp_path, record).save(7, 9, {"a": np.zeros(3)}, {"m": 1})
    assert told == [(7, manifest)]
    assert (manifest["shard"], manifest["seq"], manifest["arrays"]["a"]["rows"]) == (7, 9, 3)
    assert "saved but not recorded: gone" in caplog.text
    assert SnapshotStore(tmp_path).seqs(7) == [9]


def test_other_storage_than_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only folders"):
        SnapshotStore("s3://bucket/forecourt")
    assert SnapshotStore(f"file://{tmp_path}/a%20b").root == tmp_path / "a b"


SAVER = """
import sys
import numpy as np
from actors.store.snapshot import SnapshotStore
store = SnapshotStore(sys.argv[1])
seq = 0
while True:
    seq += 1
    store.save(0, seq, {f"a{n}": np.full(20_000, seq) for n in range(8)}, {"seq": seq})
    print(seq, flush=True)
"""


def test_killing_a_saver_leaves_a_whole_snapshot_not_older_than_what_was_told(
    tmp_path: Path,
) -> None:
    told = 0
    for round_ in range(4):
        saver = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert saver.stdout is not None
        lines = [int(saver.stdout.readline()) for _ in range(2 + round_)]
        os.kill(saver.pid, signal.SIGKILL)
        rest = saver.communicate()[0].split()
        told = int(rest[-1]) if rest else lines[-1]
        # Each round counts from 1, so only this round's snapshots may be looked at.
        loaded = SnapshotStore(tmp_path).load(0)
        assert loaded is not None
        assert loaded.seq >= told
        assert loaded.meta == {"seq": loaded.seq}
        assert all(np.all(array == loaded.seq) for array in loaded.arrays.values())
        for folder in (tmp_path / "shard-0").glob("seq-*"):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
