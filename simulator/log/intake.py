"""Intake: rows of logs on their way in, each with where it stands and what it says there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from rules.decoding.arrow_text import plain_column
from rules.decoding.decode_columns import is_field
from rules.decoding.event_columns import Decoded, Names
from rules.decoding.text_bytes import Ints
from simulator.log.log_files import LINES, LogPart, find_log, read_lines, read_objects, read_parts
from simulator.log.logs import LinePart, TablePart, named, read_joined, with_broken
from simulator.log.mapping import map_events, text_column
from simulator.log.mapping_file import Mapping

CHUNK_ROWS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Original:
    """A row as it stands in its file: its cells where it has any, else its text."""

    line: int
    cells: dict[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Intake:
    """Some rows of one file that are to be events, in order."""

    path: str
    part: LinePart | TablePart
    line: Ints
    """int64[n]: each row's line; a CSV header is line 1, a row of a table file counts as one."""
    own: pa.Table | None
    """The file's own columns, row by row; None for lines."""
    text: dict[int, str]
    """Row → its text, where it is text or can't be put in columns."""
    passed_over: int
    """Rows that the mapping doesn't keep."""

    def __len__(self) -> int:
        return len(self.line)

    def decode(self, names: Names) -> Decoded:
        """Decode the rows; places count from 0."""
        return self.part.decode(names)

    def to_body(self, rows: Ints) -> tuple[str, bytes]:
        """Return the media type and bytes to post of some rows, int64[k] ascending."""
        if isinstance(self.part, TablePart):
            return TablePart(self.part.table.take(pa.array(rows))).to_body()
        body = "\n".join(self.text[row] for row in rows.tolist()).encode()
        return LinePart(body, 1).to_body()

    def originals(self, rows: Ints) -> list[Original]:
        """Give rows, int64[k], as they stand in their file."""
        cells: list[dict[str, str]] = [{} for _ in rows]
        if self.own is not None:
            taken = self.own.take(pa.array(rows))
            for name in taken.column_names:
                for place, cell in enumerate(_shown(plain_column(taken.column(name)))):
                    if cell is not None:
                        cells[place][name] = cell
        return [
            Original(int(self.line[row]), own, self.text.get(row, ""))
            for row, own in zip(rows.tolist(), cells, strict=True)
        ]


def read_intake(paths: Sequence[str], mapping: Mapping | None) -> Iterator[Intake]:
    """Read logs with every column they have, one after another.

    Raises:
        LogProblem: a file is missing, damaged, or of an unknown extension.
        MissingColumn: a log lacks a column that is needed.
    """
    files = [find_log(path) for path in paths]
    joined = [] if mapping is None else [read_joined(mapping, n) for n in range(len(mapping.join))]
    for given, path in zip(paths, files, strict=True):
        if mapping is None and path.suffix.lower() in LINES:
            for first_line, body in read_lines(path, CHUNK_ROWS):
                yield _of_lines(given, body, first_line)
            continue
        done = 2 if path.suffix.lower() == ".csv" else 1
        for part in _parts(path, mapping):
            yield _of_part(given, part, mapping, joined, done)
            done += part.rows


def own_columns(path: str, mapping: Mapping | None) -> list[str]:
    """Name a log's own columns in order; none for lines, which have no header."""
    found = find_log(path)
    if found.suffix.lower() in LINES:
        return []
    first = next(iter(_parts(found, mapping)), None)
    return [] if first is None else list(first.table.column_names)


def _parts(path: Path, mapping: Mapping | None) -> Iterator[LogPart]:
    if path.suffix.lower() in LINES:
        columns = [] if mapping is None else sorted(mapping.columns)
        return read_objects(path, columns, CHUNK_ROWS)
    delimiter = "," if mapping is None else mapping.source.delimiter
    return read_parts(path, lambda _: True, CHUNK_ROWS, delimiter)


def _shown(column: pa.Array) -> list[str | None]:
    """Write any column's cells as text, lists and objects as JSON."""
    try:
        texts: list[str | None] = text_column(column).to_pylist()
    except pa.ArrowException:
        values = column.to_pylist()
        texts = [None if one is None else json.dumps(one, default=str) for one in values]
    return texts


def _of_lines(path: str, body: bytes, first_line: int) -> Intake:
    lines = enumerate(body.split(b"\n"), start=first_line)
    there = [(number, line) for number, line in lines if line and not line.isspace()]
    text = {row: line.decode(errors="replace") for row, (_, line) in enumerate(there)}
    line = np.array([number for number, _ in there], dtype=np.int64)
    return Intake(path, LinePart(body, first_line), line, None, text, 0)


def _of_part(
    path: str, part: LogPart, mapping: Mapping | None, joined: list[pa.Table], first_line: int
) -> Intake:
    """Put rows of the file's own columns beside the events they are to be."""
    kept = np.arange(len(part.row), dtype=np.int64)
    events = part.table
    if mapping is not None:
        events, kept = map_events(part.table, mapping, joined, path)
        whole = with_broken(events, part.row[kept], part.broken)
    else:
        fields = [name for name in part.table.column_names if is_field(name)]
        whole = named(replace(part, table=part.table.select(fields)), path)
    places = np.sort(np.concatenate([part.row[kept], np.array(sorted(part.broken), np.int64)]))
    places = places.astype(np.int64)
    own: pa.Table | None = None
    if part.line is None:
        cells = part.table.take(pa.array(kept))
        own = with_broken(cells, part.row[kept], part.broken).table
    line = places + first_line if part.line is None else part.line[places]
    row_of = {int(place): row for row, place in enumerate(places.tolist())}
    text = {row_of[place]: text for place, text in part.text.items() if place in row_of}
    return Intake(path, whole, line, own, text, len(part.row) - len(kept))


class BadRows:
    """Writes rows that were not taken to a CSV or NDJSON file that can be imported again.

    Their own columns come first, as they were, then `import_file`, `import_line`,
    `import_reason`, `import_sentence` and `import_text` (what could not be put in columns).
    The file appears with its first row.
    """

    FACTS: Final = (
        "import_file",
        "import_line",
        "import_reason",
        "import_sentence",
        "import_text",
    )

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str, size: int) -> None:
        """Go on after `size` bytes; what an interrupted run wrote behind them is dropped."""
        self.path = path
        self.rows = 0
        self._own = list(dict.fromkeys(name for name in columns if name not in self.FACTS))
        self._delimiter = delimiter
        self._is_csv = path.suffix.lower() == ".csv"
        if path.exists():
            with path.open("r+b") as file:
                file.truncate(size)

    @property
    def size(self) -> int:
        """Tell the file's length in bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def add(self, path: str, rows: Sequence[tuple[Original, str, str]]) -> None:
        """Write rows of a file, each with its reason and sentence."""
        if not rows:
            return
        lines = [self._line(path, *row) for row in rows]
        header = [self._joined([*self._own, *self.FACTS])] if self._is_csv and not self.size else []
        with self.path.open("ab") as file:
            file.write("".join([*header, *lines]).encode())
        self.rows += len(rows)

    def _line(self, path: str, row: Original, reason: str, sentence: str) -> str:
        facts = (path, str(row.line), reason, sentence)
        if self._is_csv:
            own = [row.cells.get(name, "") for name in self._own]
            return self._joined([*own, *facts, row.text])
        told: dict[str, Any] = dict(zip(self.FACTS, facts, strict=False))
        try:
            found = json.loads(row.text) if row.text else row.cells
        except ValueError:
            found = None
        # An object stays as it was, and can be corrected in place; other text is only quoted.
        own_object = found if isinstance(found, dict) else {"import_text": row.text}
        kept = {name: value for name, value in own_object.items() if name not in told}
        return json.dumps(kept | told, ensure_ascii=False) + "\n"

    def _joined(self, cells: Sequence[str]) -> str:
        sink = io.StringIO()
        csv.writer(sink, delimiter=self._delimiter, lineterminator="\n").writerow(cells)
        return sink.getvalue()
