"""Log files read in bounded parts, whatever their format: rows of the log's own columns."""

import csv
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from rules.decoding.arrow_text import is_text
from rules.decoding.quantities import plain_text
from rules.decoding.text_bytes import Ints
from simulator.log.marked_text import MARK, MarkedText, is_utf8

NDJSON: Final = (".ndjson", ".jsonl")
JSON: Final = ".json"
LINES: Final = (JSON, *NDJSON)
"""Extensions of logs that are read a line an event."""
EXTENSIONS: Final = (".csv", *LINES, ".parquet", ".arrow", ".arrows", ".feather")
_PACKAGE: Final = "package:"
_BLOCK_BYTES: Final = 8 * 2**20
_WORDS: Final = ("type", "station", "product", "pay")
"""Event fields with few distinct texts: read behind a dictionary where the file allows it."""


class LogProblem(ValueError):  # noqa: N818 - named for what the user sees
    """A log can't be read; the text names the file, what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some rows of a log, in order."""

    rows: int
    table: pa.Table
    """The readable rows."""
    row: Ints
    """int64[n]: each readable row's place among ``rows``."""
    broken: dict[int, str] = field(default_factory=dict)
    """Place → why that row can't be read."""
    text: dict[int, str] = field(default_factory=dict)
    """Place → that row as it stands in the file, as far as it is text."""
    line: Ints | None = None
    """int64[rows]: each row's line, where lines are counted; else rows follow one another."""


_Reader = Callable[[Path, Callable[[str], bool], int, str], Iterator[LogPart]]


def find_log(path: str, folder: Path | None = None) -> Path:
    """Return where a log or joined file lies.

    ``package:NAME/…`` lies inside an installed package, any other from ``folder``.

    Raises:
        LogProblem: there is no such file, or its extension is none we read.
    """
    if path.startswith(_PACKAGE):
        package, _, inside = path.removeprefix(_PACKAGE).partition("/")
        spec = importlib.util.find_spec(package) if package.isidentifier() else None
        if spec is None or spec.origin is None:
            raise LogProblem(f"{path}: no package {package!r} is installed; install it")
        found = Path(spec.origin).parent / inside
    else:
        found = (folder or Path()) / path
    if found.suffix.lower() not in EXTENSIONS:
        raise LogProblem(
            f"{path}: extension {found.suffix!r}: must be one of {', '.join(EXTENSIONS)}"
        )
    if found.is_dir():
        raise LogProblem(f"{path}: is a folder; name a file in it")
    if not found.is_file():
        raise LogProblem(f"{path}: no such file; check the path")
    return found


def read_parts(
    path: Path, wanted: Callable[[str], bool], chunk_rows: int, delimiter: str = ","
) -> Iterator[LogPart]:
    """Read a CSV, Parquet or Arrow file in parts of at most ``chunk_rows`` rows.

    Only columns ``wanted`` are read. CSV cells stay text, empty where nothing is given.

    Raises:
        LogProblem: the file is damaged or not what its extension says.
    """
    reader: _Reader = _read_arrow
    if path.suffix.lower() == ".csv":
        reader = _read_csv
    elif path.suffix.lower() == ".parquet":
        reader = _read_parquet
    try:
        yield from reader(path, wanted, chunk_rows, delimiter)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as problem:
        said = (str(problem).splitlines() or ["nothing in it"])[0]
        raise LogProblem(
            f"{path}: can't be read as {path.suffix} ({said}); check the file"
        ) from problem


def _wanted_once(path: Path, names: list[str], wanted: Callable[[str], bool]) -> list[str]:
    """Return the wanted columns. Raises ``LogProblem`` where one of them stands twice."""
    columns = [name for name in names if wanted(name)]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise LogProblem(f"{path}: column {twice[0]!r} stands twice; rename one")
    return columns


def _parts_of(batch: pa.RecordBatch | pa.Table, chunk_rows: int) -> Iterator[LogPart]:
    """Cut whole rows into parts."""
    for first in range(0, batch.num_rows, chunk_rows):
        piece = batch.slice(first, chunk_rows)
        table = piece if isinstance(piece, pa.Table) else pa.Table.from_batches([piece])
        yield LogPart(table.num_rows, table, np.arange(table.num_rows, dtype=np.int64))


def _read_parquet(
    path: Path, wanted: Callable[[str], bool], chunk_rows: int, _delimiter: str
) -> Iterator[LogPart]:
    schema = pa.parquet.read_schema(path)
    columns = _wanted_once(path, schema.names, wanted)
    words = [name for name in _WORDS if name in columns and is_text(schema.field(name).type)]
    with pa.parquet.ParquetFile(path, read_dictionary=words, memory_map=True) as file:
        for batch in file.iter_batches(batch_size=chunk_rows, columns=columns):
            yield from _parts_of(batch, chunk_rows)
        if file.metadata.num_rows == 0:
            yield LogPart(0, schema.empty_table().select(columns), np.zeros(0, dtype=np.int64))


def _read_arrow(
    path: Path, wanted: Callable[[str], bool], chunk_rows: int, _delimiter: str
) -> Iterator[LogPart]:
    with pa.memory_map(str(path)) as file:
        magic = file.read(6)
        file.seek(0)
        is_file = magic == b"ARROW1"
        with pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file) as reader:
            columns = _wanted_once(path, reader.schema.names, wanted)
            batches = (
                (reader.get_batch(place) for place in range(reader.num_record_batches))
                if is_file
                else iter(reader)
            )
            seen = False
            for batch in batches:
                batch.validate(full=True)
                seen = seen or batch.num_rows > 0
                yield from _parts_of(batch.select(columns), chunk_rows)
            if not seen:
                empty = reader.schema.empty_table().select(columns)
                yield LogPart(0, empty, np.zeros(0, dtype=np.int64))


def _csv_header(path: Path, delimiter: str) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        names = next(csv.reader(file, delimiter=delimiter), [])
    if not names:
        raise LogProblem(f"{path}: is empty; its first line must name the columns")
    return names


def _read_csv(
    path: Path, wanted: Callable[[str], bool], chunk_rows: int, delimiter: str
) -> Iterator[LogPart]:
    """Read CSV as text; in a file that isn't all UTF-8 the rows that aren't are broken."""
    names = _csv_header(path, delimiter)
    columns = _wanted_once(path, names, wanted)
    uneven: dict[int, tuple[str, str]] = {}
    marked = not is_utf8(path)

    def note(row: Any) -> str:
        # The header is row 1; rows are counted from 0 behind it.
        why = (
            f"row {row.number} has {row.actual_columns} cells, the header {row.expected_columns}; "
            "give every row the same"
        )
        uneven[row.number - 2] = why, str(row.text).rstrip("\r\n")
        return "skip"

    source = pa.PythonFile(MarkedText(path), "r") if marked else pa.OSFile(str(path))
    with (
        source,
        pa.csv.open_csv(
            source,
            pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            pa.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            pa.csv.ConvertOptions(
                include_columns=columns,
                column_types=dict.fromkeys(columns, pa.utf8()),
                strings_can_be_null=False,
            ),
        ) as reader,
    ):
        done = 0
        for batch in reader:
            for first in range(0, max(batch.num_rows, 1), chunk_rows):
                part = _csv_part(batch.slice(first, chunk_rows), done, uneven, marked)
                done += part.rows
                yield part
        late = [uneven[row] for row in sorted(uneven) if row >= done]
        if late:
            empty = reader.schema.empty_table()
            row = np.zeros(0, dtype=np.int64)
            whys, texts = zip(*late, strict=True)
            yield LogPart(len(late), empty, row, dict(enumerate(whys)), dict(enumerate(texts)))


def _csv_part(
    batch: pa.RecordBatch, done: int, uneven: dict[int, tuple[str, str]], marked: bool
) -> LogPart:
    """Give a batch its rows' places: uneven rows were left out of it and lie between."""
    row = np.arange(batch.num_rows, dtype=np.int64)
    broken, text = {}, {}
    for number in sorted(uneven):
        place = number - done
        if 0 <= place <= (int(row[-1]) if len(row) else -1):
            row[row >= place] += 1
            broken[place], text[place] = uneven[number]
    rows = int(row[-1]) + 1 if len(row) else 0
    table = pa.Table.from_batches([batch])
    if marked:
        bad = np.zeros(len(row), dtype=np.bool_)
        for column in batch.columns:
            bad |= pc.match_substring(column, MARK).to_numpy(zero_copy_only=False)
        for place, cells in zip(row[bad].tolist(), _cells(table, np.flatnonzero(bad)), strict=True):
            broken[place] = f"row {done + place + 2} is not UTF-8; save the file as UTF-8"
            text[place] = ",".join(cells).replace(MARK, "\ufffd")
        table, row = table.filter(pa.array(~bad)), row[~bad]
    return LogPart(rows, table, row, broken, text)


def _cells(table: pa.Table, rows: Ints) -> list[tuple[str, ...]]:
    """Give the cells of some rows."""
    columns = [column.take(pa.array(rows)).to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True))


def read_lines(path: Path, chunk_rows: int) -> Iterator[tuple[int, bytes]]:
    """Read a file of lines in blocks of whole lines: (number of the first line, bytes).

    A block has about 8 MiB, or ``chunk_rows`` lines, or one line that is longer. A JSON array
    counts as one line an element, and is read whole.
    """
    number, lines, size = 1, [], 0
    try:
        with path.open("rb") as file:
            for line in _elements(path, file.read()) if path.suffix.lower() == JSON else file:
                lines.append(line)
                size += len(line)
                if len(lines) >= chunk_rows or size >= _BLOCK_BYTES:
                    yield number, b"".join(lines)
                    number, lines, size = number + len(lines), [], 0
    except OSError as problem:
        raise LogProblem(f"{path}: can't be read ({problem.strerror}); check the file") from problem
    if lines:
        yield number, b"".join(lines)


def _elements(path: Path, text: bytes) -> Iterator[bytes]:
    """Write each element of a JSON array, or the one object there is, on a line of its own."""
    try:
        found = msgspec.json.decode(text, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise LogProblem(f"{path}: is no JSON array of events ({problem}); check it") from problem
    for element in [text] if isinstance(found, dict) else found:
        # Inside JSON a line break can only stand between tokens.
        yield bytes(element).replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"


def read_objects(path: Path, columns: Sequence[str], chunk_rows: int) -> Iterator[LogPart]:
    """Read NDJSON of any shape: the named columns, each a key or a path of keys, as text.

    Each row's own line is kept beside, for what has to be shown of it.
    """
    for number, block in read_lines(path, chunk_rows):
        objects: list[dict[str, Any]] = []
        places: list[int] = []
        broken: dict[int, str] = {}
        texts: dict[int, str] = {}
        lines: list[int] = []
        rows = 0
        for line_number, line in enumerate(block.split(b"\n"), start=number):
            if not line or line.isspace():
                continue
            lines.append(line_number)
            texts[rows] = line.decode(errors="replace").rstrip("\r")
            try:
                found = msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                objects.append(found)
                places.append(rows)
            else:
                broken[rows] = f"line {line_number} is not a JSON object; send one a line"
            rows += 1
        cells = {name: [_cell(item, name) for item in objects] for name in columns}
        table = pa.table({name: pa.array(column, pa.utf8()) for name, column in cells.items()})
        row, line_of = np.array(places, dtype=np.int64), np.array(lines, dtype=np.int64)
        yield LogPart(rows, table, row, broken, texts, line_of)


def _cell(item: dict[str, Any], name: str) -> str | None:
    """Return a key's value, or that of a path of keys, as text."""
    value: Any = item
    if name in item:
        value = item[name]
    else:
        for key in name.split("."):
            value = value.get(key) if isinstance(value, dict) else None
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return plain_text(value)
    return msgspec.json.encode(value, order="sorted").decode()
