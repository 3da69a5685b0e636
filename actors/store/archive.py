"""The archive: the part of a shard's log that snapshots cover, as Parquet files."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from actors.store.columns_on_disk import written_as
from actors.store.errors import LogGap, StoreError
from actors.store.folder import sync_folder
from actors.store.log import Entry
from actors.store.snapshot import folder_of

FORMAT = 1
FILE_ROWS_MAX = 500_000
FILE_ENTRIES_MAX = 20_000
ROW_GROUP_ROWS = 65_536

_INDEX = b"forecourt"
_BARE = pa.schema([("stamp_us", pa.int64())])
_PLACE = [pa.field("seq", pa.int64()), pa.field("shard", pa.int32())]


class ArchiveDamaged(StoreError):  # noqa: N818 - says what happened, as every error of the store
    """An archive file, or an entry on its way there, cannot be read."""


@dataclass(slots=True)
class _Range:
    """Entries that go into one file together."""

    entries: list[Entry] = field(default_factory=list)
    tables: list[pa.Table] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    schema: pa.Schema | None = None

    def takes(self, schema: pa.Schema | None, rows: int) -> bool:
        """Tell whether an entry with these columns and rows still belongs in this file."""
        if not self.entries:
            return True
        if len(self.entries) >= FILE_ENTRIES_MAX or sum(self.rows) + rows > FILE_ROWS_MAX:
            return False
        return schema is None or self.schema is None or schema.equals(self.schema)

    def add(self, entry: Entry, table: pa.Table | None) -> None:
        self.entries.append(entry)
        self.rows.append(0 if table is None else table.num_rows)
        if table is not None:
            self.schema = table.schema
            self.tables.append(table)


class Archive:
    """Parquet files of all shards' logs under one folder.

    Layout: `shard-3/FIRST-LAST.parquet` by seq. The rows are the events in log order with the
    columns they were logged with, `stamp_us` among them, and `seq` and `shard`, so the files
    are themselves a log that replay and analysts read. The file's metadata `forecourt` lists
    its entries, and holds what entries without events carry.

    Args:
        root: the folder, as a path or a `file://` URL.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = folder_of(root)

    def write(self, shard: int, entries: Iterable[Entry]) -> list[Path]:
        """Archive entries durably and return the new files; then the log may be trimmed.

        Entries that are archived already are passed over, so a call after a crash between
        archiving and trimming does no harm.

        Raises:
            LogGap: when an entry is missing between the archive's last and the given ones.
            ArchiveDamaged: when an entry's payload is no Arrow stream.
            OSError: when the disk does not take a file; files before it are complete.
        """
        last = self.last_seq(shard)
        current = _Range()
        written: list[Path] = []
        for entry in entries:
            if entry.seq <= last:
                continue
            if entry.seq != last + 1:
                raise LogGap(
                    f"archive of shard {shard}: entry {last + 1} is missing before "
                    f"{entry.seq}; archive from there on"
                )
            last = entry.seq
            table = _events_of(entry)
            if not current.takes(table.schema if table else None, table.num_rows if table else 0):
                written.append(self._write_file(shard, current))
                current = _Range()
            current.add(entry, table)
        if current.entries:
            written.append(self._write_file(shard, current))
        return written

    def read_archive(self, shard: int, after_seq: int = 0) -> Iterator[Entry]:
        """Yield the archived entries of a shard after a seq, in order, a file in memory at a time.

        An "events" payload equals the logged one in its rows, not always in its bytes.

        Raises:
            LogGap: when a file between others is missing.
            ArchiveDamaged: when a file cannot be read.
        """
        due = after_seq + 1
        for path in self.files(shard):
            first, last = _range_of(path)
            if last < due:
                continue
            if first > due:
                raise LogGap(
                    f"archive of shard {shard}: entries {due} to {first - 1} are missing before "
                    f"{path.name}: restore the file from a backup"
                )
            for entry in _read_file(path):
                if entry.seq >= due:
                    yield entry
            due = last + 1

    def files(self, shard: int) -> list[Path]:
        """List a shard's files in the order of their entries."""
        return sorted((self.root / f"shard-{shard}").glob("[0-9]*-[0-9]*.parquet"))

    def last_seq(self, shard: int) -> int:
        """Give the seq of the last archived entry of a shard; 0 when there is none."""
        files = self.files(shard)
        return _range_of(files[-1])[1] if files else 0

    def _write_file(self, shard: int, entries: _Range) -> Path:
        """Write one file, read back its footer, and make it appear in one step."""
        folder = self.root / f"shard-{shard}"
        folder.mkdir(parents=True, exist_ok=True)
        first, last = entries.entries[0].seq, entries.entries[-1].seq
        final = folder / f"{first:020d}-{last:020d}.parquet"
        partial = folder / f".{final.name}.partial"
        schema = entries.schema or self._last_schema(shard)
        for place in _PLACE:
            schema = schema.append(place)
        try:
            with pq.ParquetWriter(partial, schema, **written_as(schema)) as writer:
                for group in _row_groups(shard, entries, schema):
                    writer.write_table(group)
                writer.add_key_value_metadata({_INDEX: _index(shard, entries)})
            rows = pq.read_metadata(partial).num_rows
            if rows != sum(entries.rows):
                raise ArchiveDamaged(f"{partial}: {rows} rows, {sum(entries.rows)} written")
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.rename(final)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(folder)
        return final

    def _last_schema(self, shard: int) -> pa.Schema:
        """Give the event columns of the file before, so that files without events fit in."""
        files = self.files(shard)
        if not files:
            return _BARE
        schema = pq.read_schema(files[-1]).remove_metadata()
        for place in _PLACE:
            schema = schema.remove(schema.get_field_index(place.name))
        return schema


def _range_of(path: Path) -> tuple[int, int]:
    first, last = path.stem.split("-")
    return int(first), int(last)


def _events_of(entry: Entry) -> pa.Table | None:
    """Read an entry's events; None for an entry that is not about events."""
    if entry.kind != "events":
        return None
    try:
        return pa.ipc.open_stream(entry.payload).read_all().replace_schema_metadata()
    except (pa.ArrowException, OSError) as error:
        raise ArchiveDamaged(f"log entry {entry.seq} is no Arrow stream: {error}") from error


def _row_groups(shard: int, entries: _Range, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of the entries, in order, in tables of about a row group's size."""
    seqs = [entry.seq for entry in entries.entries if entry.kind == "events"]
    waiting: list[pa.Table] = []
    rows = 0
    for seq, table in zip(seqs, entries.tables, strict=True):
        place = (
            pa.array(np.full(table.num_rows, seq, np.int64)),
            pa.array(np.full(table.num_rows, shard, np.int32)),
        )
        for column, values in zip(_PLACE, place, strict=True):
            table = table.append_column(column, values)  # noqa: PLW2901 - the same rows, placed
        waiting.append(table.cast(schema))
        rows += table.num_rows
        if rows >= ROW_GROUP_ROWS:
            yield pa.concat_tables(waiting).unify_dictionaries()
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting).unify_dictionaries()


def _index(shard: int, entries: _Range) -> bytes:
    """List a file's entries: seq, kind, stamp, rows, and the payload of those without events."""
    lines: list[list[Any]] = []
    for entry, rows in zip(entries.entries, entries.rows, strict=True):
        payload = "" if entry.kind == "events" else base64.b64encode(entry.payload).decode()
        lines.append([entry.seq, entry.kind, entry.stamp_us, rows, payload])
    return json.dumps({"format": FORMAT, "shard": shard, "entries": lines}).encode()


def _read_file(path: Path) -> Iterator[Entry]:
    """Yield the entries of one file."""
    try:
        with pq.ParquetFile(path) as file:
            index = json.loads((file.metadata.metadata or {})[_INDEX])
            table = file.read()
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise ArchiveDamaged(
            f"archive file {path} cannot be read: {error}: restore it from a backup"
        ) from error
    if index["format"] > FORMAT:
        raise ArchiveDamaged(f"archive file {path} has format {index['format']}, not ≤ {FORMAT}")
    events = table.drop_columns([place.name for place in _PLACE]).replace_schema_metadata()
    start = 0
    for seq, kind, stamp_us, rows, payload in index["entries"]:
        if kind == "events":
            content = _stream_of(events.slice(start, rows))
            start += rows
        else:
            content = base64.b64decode(payload)
        yield Entry(seq, kind, stamp_us, content)


def _stream_of(events: pa.Table) -> bytes:
    """Write events as an Arrow stream of one batch."""
    arrays = [
        column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        for column in events.columns
    ]
    batch = pa.record_batch(arrays, schema=events.schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content
