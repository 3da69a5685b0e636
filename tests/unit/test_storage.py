"""Long columns in files: the same numbers as in memory, whatever the disk says."""

import errno
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.table.columns import Columns, Field
from rules.table.identity_map import IdentityMap
from rules.table.narrow import NarrowColumn
from rules.table.storage import MEMORY, Array, Memory, ScratchFiles
from tests.unnamed_files import files_from, unnamed_file

FROM_ROWS = 1_500
OPEN_FILES = Path("/proc/self/fd")


class Held:
    """Holds one array that grows."""

    def __init__(self, storage: Memory, rows: int) -> None:
        self.numbers: Array = storage.zeros((rows, 2), np.int32)


class Kept(Columns):
    """Columns of every sort."""

    at_us: Array
    points: NarrowColumn
    seen: Array

    def __init__(self, storage: Memory) -> None:
        fields: dict[str, Field] = {
            "at_us": (np.int64, None),
            "points": (np.int64, None),
            "seen": (np.bool_, None),
        }
        super().__init__(fields, {"points": np.int8}, storage)


def test_a_short_array_lies_in_memory_and_a_long_one_in_a_file() -> None:
    files = files_from(10)
    short, long = files.zeros((9, 2), np.int64), files.zeros((10, 2), np.int64)
    assert files.file_bytes == long.nbytes == 160
    assert short.flags.owndata
    assert not long.any()
    assert files.zeros((10, 0), np.int64).shape == (10, 0)
    del long
    assert files.file_bytes == 0


def test_growing_copies_nothing_and_leaves_views_as_they_are() -> None:
    files = files_from(10)
    held = Held(files, 4)
    held.numbers[:] = 7
    files.grow(held, "numbers", (8, 2))
    assert files.file_bytes == 0
    files.grow(held, "numbers", (12, 2))
    view = held.numbers[:4]
    files.grow(held, "numbers", (100_000, 2))
    assert files.file_bytes == held.numbers.nbytes
    assert held.numbers[:4].tolist() == [[7, 7]] * 4
    assert not held.numbers[4:].any()
    held.numbers[0] = 1
    assert view[0].tolist() == [1, 1]  # the same file
    held.numbers = np.zeros((0, 2), dtype=np.int32)
    assert view[3].tolist() == [7, 7]


def test_a_file_has_no_name_and_its_descriptor_goes_with_it(tmp_path: Path) -> None:
    opened = len(list(OPEN_FILES.iterdir()))
    held = Held(files_from(1, tmp_path), 50)
    assert list(tmp_path.iterdir()) == []
    assert len(list(OPEN_FILES.iterdir())) > opened
    del held
    assert len(list(OPEN_FILES.iterdir())) == opened


def test_where_the_disk_takes_no_more_an_array_stays_in_memory() -> None:
    refused: list[int | None] = []
    files = ScratchFiles(unnamed_file, lambda error: refused.append(error.errno), from_rows=10)
    held = Held(files, 20)
    held.numbers[:] = 3
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        files.grow(held, "numbers", (10_000, 2))
        another = files.zeros((10_000,), np.int64)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused == [errno.EFBIG]  # told once
    assert files.file_bytes == 0
    assert held.numbers.shape == (10_000, 2)
    assert held.numbers[:20].tolist() == [[3, 3]] * 20
    assert not held.numbers[20:].any()
    assert not another.any()
    files.grow(held, "numbers", (20_000, 2))  # there is room again
    assert files.file_bytes == held.numbers.nbytes
    assert held.numbers[:20].tolist() == [[3, 3]] * 20


def test_without_a_folder_everything_stays_in_memory() -> None:
    def no_folder() -> int:
        raise FileNotFoundError(errno.ENOENT, "no such folder")

    columns = Kept(ScratchFiles(no_folder, from_rows=1))
    columns.extend(5_000)
    columns.points[4_999] = 300
    assert columns.points[4_999] == 300


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2_000), st.sampled_from([1, 100, 300, 70_000, 2**40])),
        max_size=8,
    )
)
def test_columns_in_files_hold_what_columns_in_memory_do(steps: list[tuple[int, int]]) -> None:
    files = files_from(FROM_ROWS)
    both = Kept(MEMORY), Kept(files)
    for count, number in steps:
        for columns in both:
            first = columns.extend(count)
            new = slice(first, first + count)
            columns.at_us[new] = np.arange(count) + number
            columns.points[new] = number
            columns.points.add(slice(0, first), 1, 1)
            columns.seen[new] = np.arange(count) % 2
    plain, filed = (columns.state() for columns in both)
    assert (files.file_bytes > 0) == (both[1].capacity >= FROM_ROWS)
    again = Kept(files)
    again.restore(filed)
    for name, column in plain.items():
        assert column.dtype == filed[name].dtype
        assert np.array_equal(column, filed[name])
        assert np.array_equal(column, again.state()[name])


@pytest.mark.parametrize("seed", range(3))
def test_a_map_whose_entries_lie_in_a_file_finds_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plain, filed = IdentityMap(), IdentityMap(files_from(FROM_ROWS))
    for _ in range(25):
        count = int(rng.choice([1, 5, 400]))
        a, b = rng.integers(0, 2**64, size=(2, count), dtype=np.uint64)
        if seed == 2:
            a &= np.uint64(2**56 + 63)  # few tags, few first slots
        assert filed.find(a, b).tolist() == plain.find(a, b).tolist()
        numbers = np.arange(len(plain), len(plain) + count, dtype=np.int32) * (seed + 1)
        for known in (plain, filed):
            known.insert(a, b, numbers)
        assert filed.find(a, b).tolist() == numbers.tolist()
    filed._check()
    IdentityMap.from_state(filed.state(), files_from(1))._check()
