"""Decimal quantities, as text or numbers, read a column at a time into whole small units."""

import re
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.text_bytes import PAD_BYTES, Bools, Ints, TextBytes, null_rows

_WIDTH: Final = 18
"""Longest text read by columns; 18 digits still fit 64 bits. A longer one is read alone."""

_DECIMAL: Final = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)
_INTEGER: Final = re.compile(r"-?\d+", re.ASCII)
_ALONE_DIGITS_MAX: Final = 400
"""Digits of the longest number looked at; a longer one is no quantity."""
_INTEGER_BITS_MAX: Final = 8_192


def read_decimal(text: str, places: int, most: int) -> int | None:
    """Return one decimal text in units of 10^-places, or None where it isn't one in 0..most.

    >>> read_decimal("35.2", 3, 10_000_000)
    35200
    >>> read_decimal("0.0001", 3, 10_000_000) is None
    True
    """
    if len(text) > _ALONE_DIGITS_MAX:
        return None
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    whole, fraction = match.group(1), (match.group(2) or "").rstrip("0")
    if len(fraction) > places:
        return None
    value = int(whole + fraction.ljust(places, "0"))
    return value if value <= most else None


def read_decimals(text: TextBytes, places: int, most: int) -> tuple[Ints, Bools]:
    """Read a column of decimals: (units of 10^-places int64[n], readable bool[n]).

    The shape is ``digits[.digits]``: no sign, exponent or blank. Digits beyond ``places`` must
    be zeros. Nulls and unreadable texts give 0 and false.
    """
    value = np.zeros(len(text.start), dtype=np.int64)
    good = (text.length > 0) & (text.length <= _WIDTH)
    if good.any():
        value, good = _read_short(text, good, places)
        good &= value <= most
    for row in np.flatnonzero(text.length > _WIDTH).tolist():
        begin = int(text.start[row])
        raw = text.data[begin : begin + int(text.length[row])].tobytes()
        alone = read_decimal(raw.decode("utf-8", "replace"), places, most)
        if alone is not None:
            value[row], good[row] = alone, True
    return np.where(good, value, 0), good


def _read_short(text: TextBytes, good: Bools, places: int) -> tuple[Ints, Bools]:
    """Read texts of 1…18 bytes position by position."""
    rows = len(text.start)
    value = np.zeros(rows, dtype=np.int64)
    dots = np.zeros(rows, dtype=np.int8)
    decimals = np.zeros(rows, dtype=np.int8)
    good = good.copy()
    at = np.ascontiguousarray(text.rows_of_width(_WIDTH).T)
    longest = int(np.where(good, text.length, 0).max())
    for position in range(longest):
        inside = position < text.length
        dot = inside & (at[position] == 46)
        digit = at[position] - np.uint8(48)
        plain = inside & (digit <= 9)
        good &= plain | dot | ~inside
        beyond = plain & (decimals >= places)
        good &= ~(beyond & (digit != 0))
        used = plain & ~beyond
        value = np.where(used, value * 10 + digit, value)
        decimals += used & (dots > 0)
        dots += dot
    last = text.at(np.maximum(text.length - 1, 0))
    good &= (dots <= 1) & (at[0] != 46) & (last != 46)
    scale = 10 ** np.arange(places, -1, -1, dtype=np.int64)
    return value * scale[np.clip(decimals, 0, places)], good


def read_floats(number: npt.NDArray[Any], places: int, most: int) -> tuple[Ints, Bools]:
    """Read doubles (or shorter floats): (units of 10^-places int64[n], exact bool[n]).

    A float is taken where it is the nearest one to a decimal of that many places in 0..most:
    the quotient of two exact integers is correctly rounded, so dividing back is the test.
    """
    scale = 10**places
    double = number.astype(np.float64)
    within = (double >= 0) & (double <= most / scale)
    units = np.rint(np.where(within, double, 0) * scale)
    good: Bools = np.asarray(within & ((units / scale).astype(number.dtype) == number))
    return np.where(good, units, 0).astype(np.int64), good


def _read_plain(
    column: pa.StringArray, text: TextBytes, places: int, most: int
) -> tuple[Ints, Bools] | None:
    """Read decimals by way of doubles where all are short and plain; None where some aren't.

    A decimal of at most 15 digits and its nearest double name each other, so nothing is lost;
    it takes a third of the time of reading digit by digit.
    """
    used = text.data[: len(text.data) - PAD_BYTES]
    plain = ((used - np.uint8(48)) <= 9) | (used == 46)
    if not plain.all() or len(text.length) == 0:
        return None
    if int(text.length.max()) > 15 or (column.null_count == 0 and int(text.length.min()) == 0):
        return None
    first, last = text.at(np.zeros(1, dtype=np.int64)), text.at(np.maximum(text.length - 1, 0))
    if ((first == 46) | (last == 46))[text.length > 0].any():
        return None
    try:
        double = pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        return None
    return read_floats(_numbers(double), places, most)


def _numbers(column: pa.Array) -> npt.NDArray[Any]:
    """Return a numeric Arrow column as NumPy, nulls as 0."""
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(0).cast(column.type))
    return np.asarray(column.to_numpy(zero_copy_only=False))


def read_quantities(column: pa.Array, places: int, most: int) -> tuple[Ints, Bools, Bools]:
    """Read text, integers, floats or decimals: (units int64[n], readable, absent bool[n]).

    Null and empty text are absent (and not readable). Another Arrow type is unreadable.
    """
    kind = column.type
    absent = null_rows(column)
    if pa.types.is_string(kind):
        text = TextBytes.of(column)
        read = _read_plain(column, text, places, most)
        value, good = read_decimals(text, places, most) if read is None else read
        return value, good & ~absent, text.length == 0
    if pa.types.is_floating(kind):
        value, good = read_floats(_numbers(column), places, most)
    elif pa.types.is_integer(kind):
        value, good = _read_integers(column, places, most)
    elif pa.types.is_decimal(kind):
        value, good = _read_arrow_decimals(column, places, most)
    else:
        value, good = np.zeros(len(column), dtype=np.int64), np.zeros(len(column), dtype=np.bool_)
    return value, good & ~absent, absent


def _read_integers(column: pa.Array, places: int, most: int) -> tuple[Ints, Bools]:
    """Read integers of any width without overflow."""
    scale = 10**places
    whole = _numbers(column)
    good = np.asarray((whole >= 0) & (whole <= most // scale), dtype=np.bool_)
    return np.where(good, whole, 0).astype(np.int64) * scale, good


def _read_arrow_decimals(column: pa.Array, places: int, most: int) -> tuple[Ints, Bools]:
    """Read decimals by Arrow's own exact cast; where it refuses any row, row by row."""
    digits = len(str(most)) + 1
    try:
        exact = pc.cast(column, pa.decimal128(digits, places))
    except pa.ArrowInvalid:
        return _read_each(column, places, most)
    # A decimal128 is two little-endian 64-bit halves; so few digits fit the lower one.
    buffer = pc.fill_null(exact, Decimal(0)).buffers()[1]
    halves = np.frombuffer(buffer, dtype=np.int64)
    if len(exact) * 2 > len(halves):
        return _read_each(column, places, most)
    value = halves[: 2 * len(exact) : 2].copy()
    good: Bools = np.asarray((value >= 0) & (value <= most))
    return np.where(good, value, 0), good


def _read_each(column: pa.Array, places: int, most: int) -> tuple[Ints, Bools]:
    """Read rows one by one through their shortest decimal text."""
    value = np.zeros(len(column), dtype=np.int64)
    good = np.zeros(len(column), dtype=np.bool_)
    for row, cell in enumerate(column.to_pylist()):
        number = None if cell is None else read_decimal(plain_text(cell), places, most)
        if number is not None:
            value[row], good[row] = number, True
    return value, good


def plain_text(number: Decimal | float) -> str:
    """Write a number as plain decimal digits, shortest that reads back the same.

    >>> plain_text(92.0), plain_text(1e-05), plain_text(98)
    ('92', '0.00001', '98')
    """
    if isinstance(number, int):
        # Python refuses to write huge integers in decimal; none of those is of use here.
        return str(number) if number.bit_length() < _INTEGER_BITS_MAX else hex(number)
    text = format(Decimal(repr(number)) if isinstance(number, float) else number, "f")
    return text.removesuffix(".0")


def read_integers(column: pa.Array, least: int, most: int) -> tuple[Ints, Bools, Bools]:
    """Read whole numbers, as text or numbers: (value int64[n], readable, absent bool[n])."""
    rows = len(column)
    absent = null_rows(column)
    value, good = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.bool_)
    if pa.types.is_string(column.type):
        absent = TextBytes.of(column).length == 0
    if bool(absent.all()):
        return value, good, absent
    if pa.types.is_integer(column.type):
        whole = _numbers(column)
        good = np.asarray((whole >= least) & (whole <= most) & ~absent, dtype=np.bool_)
        return np.where(good, whole, 0).astype(np.int64), good, absent
    if pa.types.is_floating(column.type):
        double = _numbers(column).astype(np.float64)
        good = (double >= least) & (double <= most) & ~absent
        good &= np.rint(np.where(good, double, 0)) == double
        return np.where(good, double, 0).astype(np.int64), good, absent
    for row in np.flatnonzero(~absent).tolist():
        number = _whole(column[row].as_py())
        if number is not None and least <= number <= most:
            value[row], good[row] = number, True
    return value, good, absent


def _whole(cell: object) -> int | None:
    """Return one cell as a whole number, or None where it isn't one."""
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else None
    if isinstance(cell, str) and len(cell) <= _ALONE_DIGITS_MAX and _INTEGER.fullmatch(cell):
        return int(cell)
    return None
