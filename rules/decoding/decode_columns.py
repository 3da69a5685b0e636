"""Arrow streams and tables, decoded a column at a time whatever types the columns have."""

import math
import struct
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.arrow_claims import claimed_bytes
from rules.decoding.arrow_text import (
    as_string,
    as_words,
    is_number,
    is_text,
    number_words,
    plain_column,
)
from rules.decoding.canonical_json import NotCanonical, attributes_json, lines_json
from rules.decoding.event_checks import check_events
from rules.decoding.event_columns import ROWS_MAX, Decoded, Names, UnreadableBody
from rules.decoding.event_faults import Faults
from rules.decoding.event_text import tidy_text
from rules.decoding.raw_events import RawEvents
from rules.decoding.text_bytes import Bools, null_rows

_IDS: Final = frozenset({"event_id", "type", "member"})
_TEXTS: Final = frozenset({"station", "product", "pay", "order", "ref", "coupon", "item"})
_WORDS: Final = frozenset({"type", "station", "product", "pay"})
_NUMBERS: Final = frozenset({"litres", "amount", "score", "points"})
_ATTRIBUTES: Final = "attributes"
_PREFIX: Final = "attributes."
FIELDS: Final = (*sorted(_IDS | _TEXTS | _NUMBERS), "at", "lines", _ATTRIBUTES)
_DECOMPRESSED_BYTES_MAX: Final = 512 * 2**20
_BROKEN: Final = (
    pa.ArrowException,
    OSError,
    ValueError,
    TypeError,
    KeyError,
    MemoryError,
    struct.error,
)


def decode_arrow(stream: bytes, names: Names) -> Decoded:
    """Decode an Arrow IPC stream. Raises `UnreadableBody` where it is broken or too long.

    Columns no one named are never read. Every buffer is checked before it is used.
    """
    try:
        buffer = pa.py_buffer(stream)
        claimed = claimed_bytes(buffer)
        if claimed > _DECOMPRESSED_BYTES_MAX:
            raise UnreadableBody(
                f"the stream holds {claimed} bytes once decompressed: more than "
                f"{_DECOMPRESSED_BYTES_MAX}; send fewer rows at a time"
            )
        with pa.ipc.open_stream(buffer) as reader:
            schema = reader.schema
        wanted = [place for place, part in enumerate(schema) if is_field(part.name)]
        # An empty list of fields would mean all of them.
        options = pa.ipc.IpcReadOptions(included_fields=wanted or [0] if len(schema) else [])
        batches, rows = [], 0
        with pa.ipc.open_stream(buffer, options=options) as reader:
            for batch in reader:
                rows += batch.num_rows
                _require_rows(rows)
                batches.append(batch)
            table = pa.Table.from_batches(batches, reader.schema)
    except UnreadableBody:
        raise
    except _BROKEN as problem:
        raise UnreadableBody(
            f"the body is not an Arrow IPC stream ({_first_line(problem)}); "
            "write it with an Arrow stream writer"
        ) from problem
    return decode_table(table, names)


def decode_table(table: pa.Table, names: Names) -> Decoded:
    """Decode a table whose columns bear the fields' names, of any Arrow types that fit them.

    Raises `UnreadableBody` where a name stands twice, the table is too long, or its buffers
    don't hold what they claim.
    """
    _require_rows(table.num_rows)
    chosen = [name for name in table.column_names if is_field(name)]
    twice = sorted({name for name in chosen if chosen.count(name) > 1})
    if twice:
        raise UnreadableBody(f"column {twice[0]} stands twice; send it once")
    try:
        part = table.select(chosen)
        part.validate(full=True)
        columns = {name: plain_column(part.column(name)) for name in chosen}
    except UnreadableBody:
        raise
    except _BROKEN as problem:
        raise UnreadableBody(
            f"the columns are damaged ({_first_line(problem)}); write them anew"
        ) from problem
    faults = Faults(table.num_rows)
    fields: dict[str, pa.Array] = {}
    for name in FIELDS:
        column = columns.get(name)
        if column is not None and name != _ATTRIBUTES and column.null_count < len(column):
            _add_field(name, column, fields, faults)
    _add_attributes(columns, fields, faults)
    place = np.arange(table.num_rows, dtype=np.int64)
    return check_events(RawEvents(table.num_rows, fields, faults, place), names)


def is_field(name: str) -> bool:
    """Tell whether a column of that name is part of an event."""
    return name in FIELDS or (name.startswith(_PREFIX) and len(name) > len(_PREFIX))


def _require_rows(rows: int) -> None:
    if rows > ROWS_MAX:
        raise UnreadableBody(f"{rows} rows or more: send at most {ROWS_MAX} in one body")


def _first_line(problem: BaseException) -> str:
    return (str(problem).splitlines() or ["nothing in it"])[0][:200]


def _add_field(name: str, column: pa.Array, fields: dict[str, pa.Array], faults: Faults) -> None:
    """Add one column in the form the checks take, refusing rows of a type that doesn't fit."""
    kind = column.type
    if name == "lines" and is_text(kind):
        fields[name] = _json_rows(as_string(column).to_pylist(), faults)
    elif name == "at" and is_text(kind):
        fields[name] = tidy_text(name, as_string(column), faults)
    elif name == "at" and pa.types.is_timestamp(kind):
        if kind.tz is None:
            _refuse(
                column, f"at is a {kind} column: without a zone no time is sure; add it", faults
            )
        fields[name] = column
    elif name in _NUMBERS and (is_number(kind) or is_text(kind)):
        plain = as_string(column) if is_text(kind) else column
        fields[name] = tidy_text(name, plain, faults)
    elif name in _IDS | _TEXTS and is_text(kind):
        text = as_words(column) if name in _WORDS else as_string(column)
        fields[name] = tidy_text(name, text, faults)
    elif name in _TEXTS and is_number(kind):
        words = number_words(column)
        text = words if name in _WORDS else as_string(words)
        fields[name] = tidy_text(name, text, faults)
    else:
        _refuse(column, f"{name} is a {kind} column: send {_wanted(name)}", faults)


def _wanted(name: str) -> str:
    """Return what a field's column may be, for a sentence."""
    if name == "at":
        return "text or timestamps with a zone"
    return "text" if name in _IDS or name == "lines" else "text or numbers"


def _refuse(column: pa.Array, sentence: str, faults: Faults) -> None:
    """Refuse every row that has a value in a column whose type doesn't fit."""
    faults.mark(~null_rows(column), "bad_field", sentence)


def _json_rows(values: Sequence[Any], faults: Faults) -> pa.StringArray:
    """Write each row's lines as canonical JSON."""
    texts: list[str | None] = [None] * len(values)
    for row, value in enumerate(values):
        try:
            texts[row] = lines_json(value)
        except NotCanonical as problem:
            faults.mark_row(row, "bad_field", str(problem))
    return pa.array(texts, pa.utf8())


def _add_attributes(
    columns: dict[str, pa.Array], fields: dict[str, pa.Array], faults: Faults
) -> None:
    """Add the attributes as canonical JSON, and their ``kind`` for its check.

    They come as ``attributes.NAME`` columns, as an ``attributes`` struct, or as JSON text.
    """
    parts = {name[len(_PREFIX) :]: column for name, column in columns.items() if "." in name}
    whole = columns.get(_ATTRIBUTES)
    if whole is not None and pa.types.is_struct(whole.type):
        for part in whole.type:
            parts.setdefault(part.name, pc.struct_field(whole, part.name))
        whole = None
    fitted = {name: _fitted(name, part, faults) for name, part in parts.items()}
    parts = {name: part for name, part in fitted.items() if part is not None}
    rows = len(faults.refused)
    given: Bools = np.zeros(rows, dtype=np.bool_)
    for part in parts.values():
        given |= ~null_rows(part)
    objects: dict[int, dict[str, Any]] = {}
    if given.any():
        chosen = np.flatnonzero(given)
        values = [part.take(pa.array(chosen)).to_pylist() for part in parts.values()]
        only_text = all(is_text(part.type) for part in parts.values())
        alike: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row, cells in zip(chosen.tolist(), zip(*values, strict=True), strict=True):
            # Equal numbers can be of two spellings, equal texts can't.
            found = alike.get(cells) if only_text else None
            if found is None:
                found = {name: _plain_cell(cell) for name, cell in zip(parts, cells, strict=True)}
                if only_text:
                    alike[cells] = found
            objects[row] = found
    if whole is not None and whole.null_count < rows:
        _add_json_objects(whole, objects, faults)
    if objects:
        _write_attributes(objects, fields, faults)


def _fitted(name: str, column: pa.Array, faults: Faults) -> pa.Array | None:
    """Return an attribute's column as text, numbers or booleans; None where it has nothing.

    The rows of another type are refused. Dates become their ISO text.
    """
    kind = column.type
    if column.null_count == len(column):
        return None
    if is_text(kind):
        return as_string(column)
    if pa.types.is_date(kind):
        text = pc.cast(pc.cast(column, pa.date32()), pa.utf8())
        # Arrow writes a date beyond year 9999 as a remark.
        far = np.asarray(pc.starts_with(text, "<").fill_null(False).to_numpy(zero_copy_only=False))
        faults.mark(far, "bad_field", f"attributes.{name} is no date of the years 1 to 9999")
        return text
    if is_number(kind) or pa.types.is_boolean(kind):
        return column
    _refuse(column, f"attributes.{name} is a {kind} column: send text, numbers or booleans", faults)
    return None


def _plain_cell(cell: Any) -> Any:
    """Return an attribute's cell as JSON has it: not-a-number is absent."""
    if isinstance(cell, float) and math.isnan(cell):
        return None
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else float(cell)
    return cell


def _add_json_objects(whole: pa.Array, objects: dict[int, dict[str, Any]], faults: Faults) -> None:
    """Add the rows whose attributes come as the text of one JSON object."""
    if not is_text(whole.type):
        _refuse(whole, f"attributes is a {whole.type} column: send attributes.NAME columns", faults)
        return
    for row, text in enumerate(as_string(whole).to_pylist()):
        if not text:
            continue
        if row in objects:
            faults.mark_row(
                row,
                "bad_field",
                "attributes is given as one object and as attributes.NAME; send one of the two",
            )
            continue
        try:
            found = msgspec.json.decode(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            objects[row] = found
        else:
            faults.mark_row(
                row, "bad_field", "attributes is no JSON object; send one, or attributes.NAME"
            )


def _write_attributes(
    objects: dict[int, dict[str, Any]], fields: dict[str, pa.Array], faults: Faults
) -> None:
    """Write each row's attributes as canonical JSON, those of one object once."""
    rows = len(faults.refused)
    texts: list[str | None] = [None] * rows
    kinds: list[str | None] = [None] * rows
    written: dict[int, str | None] = {}
    for row, given in objects.items():
        if id(given) not in written:
            try:
                written[id(given)] = attributes_json(given)
            except NotCanonical as problem:
                faults.mark_row(row, "bad_field", str(problem))
                continue
        texts[row] = written[id(given)]
        kind = given.get("kind")
        kinds[row] = kind if kind is None or isinstance(kind, str) else str(kind)
    fields["attributes"] = pa.array(texts, pa.utf8())
    if kinds.count(None) < rows:
        fields["kind"] = tidy_text("attributes.kind", pa.array(kinds, pa.utf8()), faults)
