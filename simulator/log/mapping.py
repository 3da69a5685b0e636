"""Apply a mapping: turn a log's own columns into an event's columns."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.arrow_text import as_string, is_number, is_text, number_words, plain_column
from simulator.log.log_files import LogProblem
from simulator.log.made_fields import completed
from simulator.log.mapping_file import (
    QUANTITY_PLACES,
    FieldSource,
    Join,
    Keep,
    Mapping,
    Source,
)

Bools = npt.NDArray[np.bool_]
_QUANTITY_MOST: Final = 10**15
_QUANTITY_PLACES_MOST: Final = 40
"""Decimal places of the finest number that is scaled."""
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of local times, before their zone is known


class MissingColumn(ValueError):  # noqa: N818 - named for what the user sees
    """The log lacks a column that the mapping or the event format names."""


def map_events(
    table: pa.Table, mapping: Mapping, joined: list[pa.Table], where: str
) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Return the kept rows as event columns, and their rows in ``table``, int64[n].

    ``joined`` holds one table for each ``[[join]]``; ``where`` names the log in errors.

    Raises:
        MissingColumn: the table lacks a column that is read.
    """
    _require(table, sorted(mapping.columns), where)
    columns = {name: plain_column(table.column(name)) for name in table.column_names}
    for join, other in zip(mapping.join, joined, strict=True):
        columns |= _partners(columns[join.keys.log], join, other)
    kept: Bools = np.ones(table.num_rows, dtype=np.bool_)
    for keep in mapping.keep:
        kept &= _holds(columns[keep.column], keep)
    rows = np.flatnonzero(kept)
    if len(rows) < table.num_rows:
        columns = {name: column.take(pa.array(rows)) for name, column in columns.items()}
    fields = {
        name: _field(name, source, columns, mapping.source, len(rows))
        for name, source in mapping.fields.items()
    }
    if mapping.rows != "events":
        fields = completed(
            fields, {name: text_column(one) for name, one in fields.items()}, mapping
        )
    return pa.table(fields), rows


def _require(table: pa.Table, names: list[str], where: str) -> None:
    """Raise where the table lacks one of the columns."""
    missing = [name for name in names if name not in table.column_names]
    if missing:
        raise MissingColumn(
            f"{where}: no column {', '.join(missing)}; it has {', '.join(table.column_names)}: "
            "correct the mapping file"
        )


def text_column(column: pa.Array) -> pa.StringArray:
    """Return any column as text: numbers in plain decimals, times in RFC 3339 digits."""
    if is_text(column.type):
        return as_string(column)
    if is_number(column.type):
        return as_string(number_words(column))
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), pa.utf8())
    return pc.cast(column, pa.utf8())


def _partners(key: pa.Array, join: Join, other: pa.Table) -> dict[str, pa.Array]:
    """Return the join's columns for each row of the log; null without a partner."""
    names = text_column(plain_column(other.column(join.keys.file)))
    found = pc.index_in(text_column(key), value_set=names, skip_nulls=True)
    return {name: plain_column(other.column(name)).take(found) for name in join.columns}


def check_join(join: Join, other: pa.Table, where: str) -> None:
    """Raise `MissingColumn` or `LogProblem` where the file can't be joined."""
    _require(other, [join.keys.file, *join.columns], where)
    names = text_column(plain_column(other.column(join.keys.file)))
    if pc.count_distinct(names, mode="only_valid").as_py() < len(names) - names.null_count:
        raise LogProblem(
            f"{where}: {join.keys.file} is not unique; join a file with one row for each"
        )


def _holds(column: pa.Array, keep: Keep) -> Bools:
    """Return bool[n], true where a row passes the test."""
    tests = []
    if keep.contains is not None:
        parts = keep.contains if isinstance(keep.contains, list) else [keep.contains]
        text = text_column(column)
        tests.append([pc.match_substring(text, part) for part in parts])
    if keep.equals is not None:
        values = keep.equals if isinstance(keep.equals, list) else [keep.equals]
        words = [value if isinstance(value, str) else _number_text(value) for value in values]
        tests.append([pc.is_in(text_column(column), value_set=pa.array(words))])
    passed: Bools = np.ones(len(column), dtype=np.bool_)
    for alternatives in tests:
        any_of: Bools = np.zeros(len(column), dtype=np.bool_)
        for result in alternatives:
            any_of |= np.asarray(pc.fill_null(result, False).to_numpy(zero_copy_only=False))
        passed &= any_of
    if keep.min is not None or keep.max is not None:
        passed &= _within(column, keep)
    return passed


def _within(column: pa.Array, keep: Keep) -> Bools:
    """Return bool[n], true where the number lies in the bounds; one that is none doesn't."""
    low = None if keep.min is None else Decimal(repr(keep.min))
    high = None if keep.max is None else Decimal(repr(keep.max))

    def inside(cell: Any) -> bool:
        number = _decimal(cell)
        if number is None:
            return False
        return (low is None or number >= low) and (high is None or number <= high)

    return np.asarray(_by_value(column, inside, False, np.dtype(np.bool_)), dtype=np.bool_)


def _decimal(cell: Any) -> Decimal | None:
    """Return a cell as an exact number, or None where it isn't a finite one."""
    if cell is None or isinstance(cell, bool):
        return None
    try:
        number = Decimal(repr(cell) if isinstance(cell, float) else cell)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return number if number.is_finite() else None


def _number_text(value: float) -> str:
    return str(number_words(pa.array([value]))[0].as_py())


def _by_value(
    column: pa.Array, read: Callable[[Any], Any], absent: Any, kind: np.dtype[Any]
) -> npt.NDArray[Any]:
    """Return ``read`` of each cell, asked once per distinct value; ``absent`` for null."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = [absent if cell is None else read(cell) for cell in column.dictionary.to_pylist()]
    table = np.array([*values, absent], dtype=kind)
    return np.asarray(table[pc.fill_null(column.indices, len(values)).to_numpy()])


def _field(
    name: str, source: FieldSource, columns: dict[str, pa.Array], log: Source, rows: int
) -> pa.Array:
    """Return one field of the event."""
    if source.value is not None:
        one = pa.array([str(source.value)])
        one = _times(one, log) if name == "at" else one
        return one.take(pa.array(np.zeros(rows, dtype=np.int64)))
    if source.columns is not None:
        texts = [_given(text_column(columns[part])) for part in source.columns]
        return _worded(pc.binary_join_element_wise(*texts, source.between), source)
    column = columns[source.sources[0]]
    if source.factor is not None:
        return _scaled(column, source.factor, QUANTITY_PLACES[name])
    if name == "at":
        return _times(column, log)
    if source.prefix or source.map or source.default:
        return _worded(_given(text_column(column)), source)
    if name in {"event_id", "member", "type"}:
        return text_column(column)
    return column


def _given(text: pa.StringArray) -> pa.StringArray:
    """Return text with the empty ones null."""
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.utf8()), text)


def _worded(text: pa.StringArray, source: FieldSource) -> pa.StringArray:
    """Return text mapped, prefixed and with its default."""
    if source.map:
        encoded = text.dictionary_encode()
        words = [
            source.map.get(word, source.default or word) for word in encoded.dictionary.to_pylist()
        ]
        text = pa.array(words, pa.utf8()).take(encoded.indices)
    if source.prefix:
        text = pc.binary_join_element_wise(pa.scalar(source.prefix), text, "")
    if source.default:
        text = pc.fill_null(text, source.default)
    return text


def _scaled(column: pa.Array, factor: Fraction, places: int) -> pa.Array:
    """Return numbers times an exact factor, rounded half up (away from 0) to ``places``.

    Written as decimal text; what is no number stays as it is, for the decoder to refuse.
    """
    return pa.array(
        _by_value(
            column,
            functools.partial(_scaled_text, factor=factor, places=places),
            None,
            np.dtype(object),
        ),
        pa.utf8(),
    )


def _scaled_text(cell: Any, factor: Fraction, places: int) -> str:
    number = _decimal(cell.strip() if isinstance(cell, str) else cell)
    if number is None or abs(number) > _QUANTITY_MOST or _too_fine(number):
        return str(cell)
    exact = Fraction(number) * factor * 10**places
    units = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    sign = "-" if exact < 0 and units else ""
    whole, fraction = divmod(units, 10**places)
    return f"{sign}{whole}.{fraction:0{places}d}" if places else f"{sign}{whole}"


def _too_fine(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return not isinstance(exponent, int) or exponent < -_QUANTITY_PLACES_MOST


def _times(column: pa.Array, log: Source) -> pa.Array:
    """Return times as the decoder takes them: RFC 3339 text, or timestamps in UTC."""
    if pa.types.is_timestamp(column.type):
        return _zoned(column, log)
    text = text_column(column)
    if log.time_format is not None:
        read = functools.partial(_read_time, log=log)
        return pa.array(_by_value(text, read, None, np.dtype(object)), pa.utf8())
    if log.time_zone is None:
        return text
    bare = pc.match_substring_regex(text, r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?$")
    if not pc.any(bare).as_py():
        return text
    return pa.array(
        _by_value(text, functools.partial(_add_offset, log=log), None, np.dtype(object)), pa.utf8()
    )


def _zoned(column: pa.Array, log: Source) -> pa.Array:
    """Return timestamps in UTC; those without a zone are of the log's."""
    if column.type.tz is not None or log.time_zone is None:
        return column
    fine = pc.cast(column, pa.timestamp("us"), safe=False)
    if log.time_zone == "UTC":
        return pc.cast(fine, pa.timestamp("us", "UTC"))
    # A skipped time reads as the one an offset later: what datetime's fold = 0 gives.
    moments = _by_value(
        pc.cast(fine, pa.int64()),
        functools.partial(_local_to_utc_us, zone=log.time_zone),
        0,
        np.dtype(np.int64),
    )
    return pa.array(moments, mask=np.asarray(fine.is_null())).cast(pa.timestamp("us", "UTC"))


def _local_to_utc_us(local_us: int, zone: str) -> int:
    """Return local µs of a zone as µs UTC; a time that occurs twice is the first of the two."""
    try:
        local = _EPOCH + timedelta(microseconds=local_us)
        offset = local.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta()
    except OverflowError:
        return local_us
    return local_us - (offset.days * 86_400 + offset.seconds) * 1_000_000


def _read_time(text: str, log: Source) -> str:
    """Return a time of the log's own format in RFC 3339; as it is where it has another."""
    try:
        moment = datetime.strptime(text, log.time_format or "")  # noqa: DTZ007 - the zone follows
        if moment.tzinfo is None:
            if log.time_zone is None:
                return text
            moment = moment.replace(tzinfo=ZoneInfo(log.time_zone))
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return text


def _add_offset(text: str, log: Source) -> str:
    """Return a time without offset as UTC; as it is where it has one, or is no time."""
    whole, dot, fraction = text.partition(".")
    try:
        local = datetime.strptime(whole.upper().replace("T", " "), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the zone follows
    except ValueError:
        return text
    moment = local.replace(tzinfo=ZoneInfo(log.time_zone or "UTC"))
    try:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + dot + fraction + "Z"
    except OverflowError:
        return text
