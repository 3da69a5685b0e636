"""Write event tables to a log file: Parquet, NDJSON or CSV, chosen by the file's extension."""

import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

FORMATS = (".parquet", ".ndjson", ".csv")
_ATTRIBUTE = "attributes."
# Text offsets are 32 bits: so many lines stay far below 2 GiB.
_LINES_AT_ONCE = 1_000_000
_UNIQUE_TEXTS = ("event_id", "order", "ref")
_JSON_TEXT = "lines"
_TO_ESCAPE = r'["\\\x00-\x1f]'


class UnknownLogFormat(ValueError):  # noqa: N818 - named for what the user sees
    """The file's extension is none of .parquet, .ndjson and .csv: choose one of them."""


class LogWriter:
    """Write tables of the event format to one file, one after another.

    The file is written beside its place under a partial name and moved there when all is
    well, so a broken run leaves no half log that looks whole.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix not in FORMATS:
            raise UnknownLogFormat(
                f"{path.name}: extension {path.suffix!r}: must be one of {', '.join(FORMATS)}"
            )
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        self._write: Callable[[pa.Table], None] | None = None
        self._close: Callable[[], None] = lambda: None
        self.events = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()
        if kind is None and self._write is not None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)

    def write(self, table: pa.Table) -> None:
        """Append one table; the first one decides the columns.

        Raises:
            OSError: the file can't be written.
        """
        if self._write is None:
            self._write = self._open(table)
        self._write(table)
        self.events += table.num_rows

    def _open(self, first: pa.Table) -> Callable[[pa.Table], None]:
        if self._path.suffix == ".parquet":
            words = [
                field.name
                for field in first.schema
                if not field.name.startswith(_UNIQUE_TEXTS) and not pa.types.is_temporal(field.type)
            ]
            parquet = pa.parquet.ParquetWriter(
                self._partial, first.schema, compression="zstd", use_dictionary=words
            )
            self._close = parquet.close
            return parquet.write_table  # type: ignore[no-any-return]  # pyarrow has no types
        if self._path.suffix == ".csv":
            texts = texts_of(first)
            lines = pa.csv.CSVWriter(self._partial, texts.schema)
            self._close = lines.close
            return lambda table: lines.write_table(texts_of(table))
        stream = self._partial.open("wb")
        self._close = stream.close

        def write_lines(table: pa.Table) -> None:
            stream.write(ndjson_of(table))

        return write_lines


def texts_of(table: pa.Table) -> pa.Table:
    """Write every column as text: times in RFC 3339 UTC, decimals in full."""
    return pa.table({name: _text(table.column(name)) for name in table.column_names})


def _text(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Write one column as text, null where it is null."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s", tz="UTC")), format="%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.utf8())


def ndjson_of(table: pa.Table) -> bytes:
    """Write a table as NDJSON: one object a line, absent fields left out.

    Columns `attributes.NAME` become one object, `lines` is JSON already and stands as it is. The
    work is done by whole columns. Texts are escaped by way of their dictionary, those without
    one only where a column holds something to escape.
    """
    return b"".join(
        _lines(pa.RecordBatch.from_arrays(batch.columns, names=table.column_names))
        for batch in table.to_batches(max_chunksize=_LINES_AT_ONCE)
        if batch.num_rows
    )


def _lines(batch: pa.RecordBatch) -> bytes:
    """Write one batch as NDJSON."""
    names = batch.schema.names
    parts = [
        _member_of_object(batch.column(name), name)
        for name in names
        if not name.startswith(_ATTRIBUTE)
    ]
    inner = [
        _member_of_object(batch.column(name), name.removeprefix(_ATTRIBUTE))
        for name in names
        if name.startswith(_ATTRIBUTE)
    ]
    if inner:
        joined = _join(inner)
        whole = pc.binary_join_element_wise(',"attributes":', _object(joined, "}"), "")
        parts.append(pc.if_else(pc.equal(joined, ""), "", whole))
    lines = _object(_join(parts), "}\n")
    begin, end = lines.buffers()[1], int(pc.sum(pc.binary_length(lines)).as_py())
    first = int.from_bytes(begin[:4].to_pybytes(), "little")
    text: bytes = lines.buffers()[2][first : first + end].to_pybytes()
    return text


def _join(parts: list[pa.Array]) -> pa.Array:
    """Put object members one after another; each brings its own comma, absent ones are empty.

    Arrow's own skipping of nulls isn't used: it loses the rows in which every part is null.
    """
    return pc.binary_join_element_wise(*(pc.fill_null(part, "") for part in parts), "")


def _object(joined: pa.Array, end: str) -> pa.Array:
    """Put members in braces, without the comma that the first one brought."""
    braced = pc.binary_join_element_wise("{", joined, end, "")
    return pc.replace_substring(braced, pattern="{,", replacement="{", max_replacements=1)


def _member_of_object(column: pa.Array, name: str) -> pa.Array:
    """Write `,"name":value` for one column, null where it is null."""
    key = "," + json.dumps(name, ensure_ascii=False) + ":"
    if pa.types.is_integer(column.type) or name == _JSON_TEXT:
        return pc.binary_join_element_wise(key, column.cast(pa.utf8()), "")
    if pa.types.is_string(column.type):
        column = _escapable(column)
    if pa.types.is_dictionary(column.type):
        known = column.dictionary.to_pylist()
        words = [key + json.dumps(word, ensure_ascii=False) for word in known]
        return pa.array(words, pa.utf8()).take(column.indices)
    return pc.binary_join_element_wise(key + '"', _text(column), '"', "")


def _escapable(column: pa.Array) -> pa.Array:
    """Give texts a dictionary where one of them holds what JSON escapes."""
    found = pc.any(pc.match_substring_regex(column, _TO_ESCAPE)).as_py()
    return column.dictionary_encode() if found else column
