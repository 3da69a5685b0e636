"""Journal files: the postings that snapshots cover, as Parquet files sorted by member.

One member's postings are found through an index in each file's footer: the first member of
every row group. A read touches one or two row groups a file, whatever the files hold.
"""

from __future__ import annotations

import json
import os
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from actors.store.columns_on_disk import written_as
from actors.store.errors import StoreError
from actors.store.folder import sync_folder
from actors.store.snapshot import folder_of
from rules.accounts.journal_part import POSTINGS

FORMAT: Final = 1
ROW_GROUP_ROWS: Final = 16_384
SMALL_FILES_MAX: Final = 8
JOINED_ROWS_MAX: Final = 400_000
"""Files are joined up to this many postings, so that restarts don't leave many small ones."""

_INDEX: Final = b"forecourt"


class JournalDamaged(StoreError):  # noqa: N818 - says what happened, as every error of the store
    """A journal file cannot be read."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file's footer and the first member of each of its row groups."""

    metadata: pq.FileMetaData
    groups: list[str]


class JournalFiles:
    """The journal files of one shard: `shard-3/FIRST-LAST.parquet` by the log's seq.

    The rows have the columns of rules.journal_part.POSTINGS; those of one member stand together
    in the order of their movements. One thread may write while others read: whoever reads files
    together with what is not in them yet holds `still`, in which files neither come nor go.

    Args:
        root: the folder of all shards, as a path or a `file://` URL.
        shard: whose files these are.
    """

    def __init__(self, root: str | Path, shard: int) -> None:
        self.shard = shard
        self.folder = folder_of(root) / f"shard-{shard}"
        self.still = threading.RLock()
        self._opened: dict[Path, _Opened] = {}

    def files(self) -> list[Path]:
        """List the files in the order of their postings.

        Those that another one covers are left out: joining was interrupted before they went.
        """
        found: list[Path] = []
        covered = 0
        by_range = sorted(self.folder.glob("[0-9]*-[0-9]*.parquet"), key=_begin_and_width)
        for path in by_range:
            if _range_of(path)[1] > covered:
                found.append(path)
                covered = _range_of(path)[1]
        return found

    def last_seq(self) -> int:
        """Give the seq up to which postings are on disk; 0 when none are."""
        files = self.files()
        return _range_of(files[-1])[1] if files else 0

    def write(
        self, last_seq: int, postings: pa.Table, written: Callable[[], None] = lambda: None
    ) -> None:
        """Write the postings since the last file, up to a seq, durably.

        None make a file too, which says that nothing is missing up to there. `written` is called
        at the moment the file is there, before anybody reads it. Raises OSError when the disk
        doesn't take them.
        """
        self._write_file(self.last_seq() + 1, last_seq, postings, written)
        self._join_small()

    def clear(self) -> None:
        """Remove all files, to begin again from the first entry of the log."""
        for path in sorted(self.folder.glob("[0-9]*-[0-9]*.parquet"), reverse=True):
            path.unlink()
        self._opened.clear()

    def read(self, members: list[str]) -> list[pa.Table]:
        """Read members' postings: tables in the order of the files and of the members.

        Raises JournalDamaged for a file that can't be read.
        """
        found = []
        with self.still:
            for path in self.files():
                for member in members:
                    part = self._read_member(path, member)
                    if part is not None:
                        found.append(part)
        return found

    def columns(self, names: Sequence[str], up_to_seq: int) -> Iterator[pa.Table]:
        """Yield some columns of every file's postings up to a seq, file by file.

        Raises JournalDamaged for a file that can't be read, and FileNotFoundError for one that
        was joined with others meanwhile.
        """
        for path in self.files():
            if _range_of(path)[0] <= up_to_seq:
                try:
                    yield pq.read_table(path, columns=list(names))
                except FileNotFoundError:
                    raise
                except (pa.ArrowException, OSError, ValueError) as error:
                    raise JournalDamaged(
                        f"journal file {path} cannot be read: {error}: restore it from a backup"
                    ) from error

    def _read_member(self, path: Path, member: str) -> pa.Table | None:
        try:
            opened = self._open(path)
            groups = opened.groups
            # A member may begin at the end of the group before the first that names them.
            first = max(0, bisect_left(groups, member) - 1)
            last = bisect_right(groups, member)
            if first >= last:
                return None
            with pq.ParquetFile(path, metadata=opened.metadata) as file:
                rows = file.read_row_groups(list(range(first, last)))
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise JournalDamaged(
                f"journal file {path} cannot be read: {error}: restore it from a backup"
            ) from error
        mine = rows.filter(pc.equal(rows.column("member"), member))
        return mine if mine.num_rows else None

    def _open(self, path: Path) -> _Opened:
        opened = self._opened.get(path)
        if opened is None:
            metadata = pq.read_metadata(path)
            index: dict[str, Any] = json.loads((metadata.metadata or {})[_INDEX])
            if index["format"] > FORMAT:
                raise ValueError(f"format {index['format']} is newer than {FORMAT}")
            opened = self._opened[path] = _Opened(metadata, index["groups"])
        return opened

    def _write_file(
        self,
        first_seq: int,
        last_seq: int,
        postings: pa.Table,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        """Write one file and make it appear in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        final = self.folder / f"{first_seq:020d}-{last_seq:020d}.parquet"
        partial = self.folder / f".{final.name}.partial"
        rows = postings.take(pa.array(_order_by_member(postings)))
        starts = pa.array(np.arange(0, rows.num_rows, ROW_GROUP_ROWS))
        groups = rows.column("member").take(starts).to_pylist()
        index = {"format": FORMAT, "shard": self.shard, "groups": groups}
        try:
            with pq.ParquetWriter(partial, POSTINGS, **written_as(POSTINGS)) as writer:
                writer.write_table(rows, row_group_size=ROW_GROUP_ROWS)
                writer.add_key_value_metadata({_INDEX: json.dumps(index).encode()})
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            with self.still:
                partial.rename(final)
                written()
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(self.folder)

    def _join_small(self) -> None:
        """Join the newest files once there are many that together are still small."""
        tail: list[Path] = []
        rows = 0
        for path in reversed(self.files()):
            rows += self._open(path).metadata.num_rows
            if rows > JOINED_ROWS_MAX:
                break
            tail.insert(0, path)
        if len(tail) < SMALL_FILES_MAX:
            return
        tables = [pq.read_table(path).cast(POSTINGS) for path in tail]
        joined = pa.concat_tables(tables).unify_dictionaries()
        self._write_file(_range_of(tail[0])[0], _range_of(tail[-1])[1], joined)
        with self.still:
            for path in tail:
                path.unlink()
                self._opened.pop(path, None)
        sync_folder(self.folder)


def _order_by_member(postings: pa.Table) -> npt.NDArray[np.int64]:
    """Order rows by member id, each member's as they came: int64[n]."""
    if not postings.num_rows:
        return np.zeros(0, dtype=np.int64)
    coded = postings.column("member").combine_chunks().dictionary_encode()
    by_id = pc.sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(by_id), dtype=np.int32)
    rank[by_id] = np.arange(len(by_id), dtype=np.int32)
    # Ranks of integers sort several times faster than the ids themselves.
    return np.argsort(rank[coded.indices.to_numpy()], kind="stable")


def _range_of(path: Path) -> tuple[int, int]:
    first, last = path.stem.split("-")
    return int(first), int(last)


def _begin_and_width(path: Path) -> tuple[int, int]:
    """Order files by their first seq, the widest of equal ones first."""
    first, last = _range_of(path)
    return first, -last
