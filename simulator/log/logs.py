"""Logs of events from files: decoded for the rules, or as bodies for a running system."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from rules.decoding.decode_columns import is_field
from rules.decoding.events import Decoded, Names, decode_ndjson, decode_table
from simulator.log.log_files import (
    LINES,
    LogPart,
    LogProblem,
    find_log,
    read_lines,
    read_objects,
    read_parts,
)
from simulator.log.mapping import MissingColumn, check_join, map_events
from simulator.log.mapping_file import NEEDED, Mapping

CHUNK_ROWS: Final = 131_072
ARROW_TYPE: Final = "application/vnd.apache.arrow.stream"
NDJSON_TYPE: Final = "application/x-ndjson"
_JOIN_ROWS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class LinePart:
    """Whole lines of an NDJSON log whose keys are the event fields."""

    body: bytes
    first_line: int

    def decode(self, names: Names) -> Decoded:
        """Decode the lines."""
        return decode_ndjson(self.body, names, self.first_line)

    def to_body(self) -> tuple[str, bytes]:
        """Return the media type and bytes to post."""
        return NDJSON_TYPE, self.body


@dataclass(frozen=True, slots=True)
class TablePart:
    """Rows of a log as event columns; a row that can't be read is there, empty."""

    table: pa.Table
    broken: dict[int, str] = field(default_factory=dict)
    """Row → why it can't be read."""

    def decode(self, names: Names) -> Decoded:
        """Decode the rows; an unreadable one is refused with what is wrong with it."""
        decoded = decode_table(self.table, names)
        if not self.broken:
            return decoded
        refused = [
            replace(refusal, sentence=self.broken[refusal.place])
            if refusal.place in self.broken
            else refusal
            for refusal in decoded.refused
        ]
        return replace(decoded, refused=refused)

    def slice(self, first: int, last: int) -> "TablePart":
        """Return the rows first…last−1 as a part."""
        broken = {row - first: why for row, why in self.broken.items() if first <= row < last}
        return TablePart(self.table.slice(first, last - first), broken)

    def to_body(self) -> tuple[str, bytes]:
        """Return the media type and bytes to post."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.table.schema) as writer:
            writer.write_table(self.table)
        return ARROW_TYPE, sink.getvalue().to_pybytes()


def read_log(
    paths: Sequence[str],
    mapping: Mapping | None,
    names: Names,
    chunk_rows: int = CHUNK_ROWS,
    begins: Callable[[str], None] | None = None,
) -> Iterator[Decoded]:
    """Decode logs one after another, some rows at a time; tells when a file `begins`.

    Places count the events of all logs from 0; rows that the mapping doesn't keep are no
    events, and blank lines aren't either.

    Raises:
        LogProblem: a file is missing, damaged, or of an unknown extension.
        MissingColumn: a log lacks a column that is needed.
        UnreadableBody: a columnar log's buffers are damaged.
    """
    first = 0
    for part in read_log_parts(paths, mapping, chunk_rows, begins):
        decoded = part.decode(names)
        if first:
            refused = [replace(refusal, place=refusal.place + first) for refusal in decoded.refused]
            decoded = replace(decoded, place=decoded.place + first, refused=refused)
        first += decoded.received
        yield decoded


def read_log_parts(
    paths: Sequence[str],
    mapping: Mapping | None,
    chunk_rows: int = CHUNK_ROWS,
    begins: Callable[[str], None] | None = None,
) -> Iterator[LinePart | TablePart]:
    """Read logs as parts that can be decoded or posted, in order; tells when a file `begins`.

    Every file is looked for before the first is read. Raises as `read_log` does.
    """
    files = [find_log(path) for path in paths]
    joined = [] if mapping is None else [read_joined(mapping, n) for n in range(len(mapping.join))]
    for given, path in zip(paths, files, strict=True):
        if begins is not None:
            begins(given)
        if mapping is not None:
            for part in own_parts(path, mapping, chunk_rows):
                yield _mapped(part, mapping, joined, str(path))
        elif path.suffix.lower() in LINES:
            for first_line, body in read_lines(path, chunk_rows):
                yield LinePart(body, first_line)
        else:
            for part in read_parts(path, is_field, chunk_rows):
                yield named(part, str(path))


def regroup(parts: Iterator[LinePart | TablePart], rows: int) -> Iterator[LinePart | TablePart]:
    """Cut and join tables so that each but the last of a run has so many rows.

    A mapping that keeps few rows leaves small parts, and a request each would be slow. Lines
    pass as they are.
    """
    held: list[TablePart] = []
    count = 0
    for part in parts:
        if isinstance(part, LinePart):
            yield from _joined_parts(held)
            held, count = [], 0
            yield part
            continue
        first = 0
        while count + part.table.num_rows - first >= rows:
            last = first + rows - count
            yield from _joined_parts([*held, part.slice(first, last)])
            held, count, first = [], 0, last
        rest = part.slice(first, part.table.num_rows)
        held, count = [*held, rest], count + rest.table.num_rows
    yield from _joined_parts(held)


def _joined_parts(parts: list[TablePart]) -> Iterator[TablePart]:
    """Join parts into one, if there is anything in them."""
    broken: dict[int, str] = {}
    rows = 0
    for part in parts:
        broken |= {row + rows: why for row, why in part.broken.items()}
        rows += part.table.num_rows
    if rows:
        yield TablePart(pa.concat_tables([part.table for part in parts]), broken)


def own_parts(path: Path, mapping: Mapping, chunk_rows: int) -> Iterator[LogPart]:
    """Read a log's own columns, as far as the mapping uses them."""
    if path.suffix.lower() in LINES:
        return read_objects(path, sorted(mapping.columns), chunk_rows)
    columns = mapping.columns
    return read_parts(path, lambda name: name in columns, chunk_rows, mapping.source.delimiter)


def read_joined(mapping: Mapping, number: int) -> pa.Table:
    """Read one joined file's columns whole."""
    join = mapping.join[number]
    path = find_log(join.file, mapping.folder)
    columns = {join.keys.file, *join.columns}
    if path.suffix.lower() in LINES:
        parts = read_objects(path, sorted(columns), _JOIN_ROWS)
    else:
        parts = read_parts(path, columns.__contains__, _JOIN_ROWS, mapping.source.delimiter)
    tables = []
    for part in parts:
        if part.broken:
            raise LogProblem(f"{path}: {next(iter(part.broken.values()))}")
        tables.append(part.table)
    if not tables:
        raise LogProblem(f"{path}: is empty; join a file with rows")
    table = pa.concat_tables(tables)
    check_join(join, table, str(path))
    return table


def _mapped(part: LogPart, mapping: Mapping, joined: list[pa.Table], where: str) -> TablePart:
    """Return the kept rows as event columns, with the unreadable ones in their places."""
    table, kept = map_events(part.table, mapping, joined, where)
    return with_broken(table, part.row[kept], part.broken)


def named(part: LogPart, where: str) -> TablePart:
    """Return a log whose columns are the event fields already."""
    missing = [name for name in NEEDED if name not in part.table.column_names]
    if missing:
        has = ", ".join(part.table.column_names) or "none of the event fields"
        raise MissingColumn(
            f"{where}: no column {', '.join(missing)} (it has {has}); "
            "say with --mapping FILE which columns hold them"
        )
    return with_broken(part.table, part.row, part.broken)


def with_broken(table: pa.Table, row: np.ndarray, broken: dict[int, str]) -> TablePart:
    """Put an empty row where one can't be read."""
    if not broken:
        return TablePart(table)
    places = np.concatenate([row, np.array(sorted(broken), dtype=np.int64)])
    order = np.argsort(places, kind="stable")
    is_broken = order >= len(row)
    indices = pa.array(np.where(is_broken, 0, order), mask=is_broken)
    if table.num_rows == 0:
        arrays = [pa.nulls(len(order), part.type) for part in table.schema]
        whole = pa.Table.from_arrays(arrays, schema=table.schema)
    else:
        whole = table.take(indices)
    sentences = [broken[place] for place in sorted(broken)]
    return TablePart(whole, dict(zip(np.flatnonzero(is_broken).tolist(), sentences, strict=True)))
