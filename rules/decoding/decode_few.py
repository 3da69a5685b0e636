"""Few events decoded one by one: what the column-wise way gives, without its fixed cost.

A till sends one event a request, so batches of a few dozen are what a gateway mostly decodes;
there the column-wise checks take a millisecond whatever they check. Only plain events are taken
here: everyday types, everyday fields as text, nothing wrong with them. All else is left to the
column-wise way, which alone knows how to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa

from rules.decoding.event_columns import (
    AMOUNT_FEN_MAX,
    COLUMNS,
    EVENT_ID_BYTES_MAX,
    LITRES_ML_MAX,
    MEMBER_BYTES_MAX,
    Decoded,
    Names,
    nulls,
)

FEW: Final = 192
"""Up to so many events this way is the quicker one."""
SALES: Final = frozenset({"purchase", "top_up"})
PLAIN: Final = SALES | {"check_in", "browse", "share"}
WORD_CHARACTERS_MAX: Final = 64

_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]0\d:[0-5]\d)", re.ASCII)
_LITRES: Final = re.compile(r"(0|[1-9]\d{0,4})(?:\.(\d{1,3}))?", re.ASCII)
_AMOUNT: Final = re.compile(r"(0|[1-9]\d{0,7})(?:\.(\d{1,2}))?", re.ASCII)
_WORD: Final = re.compile(r"[!-~]+", re.ASCII)
"""Printable ASCII without spaces: what no check and no tidying changes."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_OTHERS: Final = ("order", "ref", "score", "coupon", "item", "points", "lines", "attributes")
FILLED: Final = (
    "event_id", "type", "member", "at_us", "station", "product", "pay", "litres_ml", "amount_fen",
)  # fmt: skip
"""The columns a plain event fills; all others are null."""
_DICTIONARIES: Final = ("type", "station", "product", "pay")


class PlainEvent(Protocol):
    """An event as it is sent; other fields than these are None in a plain one."""

    @property
    def event_id(self) -> str | None:
        """Give its id."""

    @property
    def type(self) -> str | None:
        """Give its type."""

    @property
    def member(self) -> str | None:
        """Give its member."""

    @property
    def at(self) -> str | None:
        """Give its time."""

    @property
    def station(self) -> str | int | float | None:
        """Give its station."""

    @property
    def product(self) -> str | int | float | None:
        """Give its product."""

    @property
    def litres(self) -> str | int | float | None:
        """Give its litres."""

    @property
    def amount(self) -> str | int | float | None:
        """Give its amount."""

    @property
    def pay(self) -> str | int | float | None:
        """Give its way of payment."""


def decode_few(events: Sequence[PlainEvent], names: Names) -> Decoded | None:
    """Decode events that are all plain and valid; None where any isn't, or they are many."""
    if not 0 < len(events) <= FEW:
        return None
    columns: dict[str, list[Any]] = {name: [] for name in FILLED}
    put = [column.append for column in columns.values()]
    for event in events:
        cells = _cells(event, names)
        if cells is None:
            return None
        for append, cell in zip(put, cells, strict=True):
            append(cell)
    return Decoded(_batch(columns), np.arange(len(events)), [], len(events))


def _cells(event: PlainEvent, names: Names) -> tuple[Any, ...] | None:
    """Check one event; gives its cells in the order of the columns, None where it isn't plain."""
    for name in _OTHERS:
        if getattr(event, name) is not None:
            return None
    kind, product, amount = event.type, event.product, event.amount
    if kind not in PLAIN or (kind in SALES and amount is None):
        return None
    if not (
        _is_word(event.event_id, EVENT_ID_BYTES_MAX)
        and _is_word(event.member, MEMBER_BYTES_MAX)
        and (event.station is None or _is_word(event.station, WORD_CHARACTERS_MAX))
        and (event.pay is None or _is_word(event.pay, WORD_CHARACTERS_MAX))
        and (product is None or _is_word(product, WORD_CHARACTERS_MAX))
    ):
        return None
    if kind == "purchase" and names.products is not None and product not in names.products:
        return None
    at_us = _instant_us(event.at)
    if at_us is None or not names.earliest_us <= at_us <= names.latest_us:
        return None
    litres_ml = _quantity(event.litres, _LITRES, 3, LITRES_ML_MAX)
    amount_fen = _quantity(amount, _AMOUNT, 2, AMOUNT_FEN_MAX)
    if litres_ml == -1 or amount_fen == -1:
        return None
    return (
        event.event_id,
        kind,
        event.member,
        at_us,
        event.station,
        product,
        event.pay,
        litres_ml,
        amount_fen,
    )


def _is_word(text: Any, characters_max: int) -> bool:
    return (
        isinstance(text, str) and len(text) <= characters_max and _WORD.fullmatch(text) is not None
    )


def _instant_us(text: str | None) -> int | None:
    """Read an RFC 3339 time of the common form in µs UTC, None for any other.

    >>> _instant_us("1970-01-01T08:00:00.5+08:00"), _instant_us("soon")
    (500000, None)
    """
    if text is None or _AT.fullmatch(text) is None:
        return None
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
    except ValueError:
        return None


def _quantity(value: Any, form: re.Pattern[str], places: int, most: int) -> int | None:
    """Read a decimal in units of 10^-places: None where absent, -1 where it isn't plain.

    >>> _quantity("35.2", _LITRES, 3, LITRES_ML_MAX), _quantity(35.2, _LITRES, 3, LITRES_ML_MAX)
    (35200, -1)
    """
    if value is None:
        return None
    found = form.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return -1
    whole, decimals = found.groups()
    units = int(whole) * 10**places + int((decimals or "").ljust(places, "0"))
    return units if units <= most else -1


def _batch(columns: Mapping[str, list[Any]]) -> pa.RecordBatch:
    rows = len(columns["event_id"])
    arrays = []
    for field in COLUMNS:
        cells = columns.get(field.name)
        if cells is None or (cells[0] is None and cells.count(None) == rows):
            arrays.append(_nulls(field.name, rows))
        elif field.name in _DICTIONARIES:
            arrays.append(pa.array(cells, pa.utf8()).dictionary_encode())
        else:
            arrays.append(pa.array(cells, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=COLUMNS)


@lru_cache(maxsize=FEW)
def _all_nulls(rows: int) -> dict[str, pa.Array]:
    return {field.name: nulls(rows, field.type) for field in COLUMNS}


def _nulls(name: str, rows: int) -> pa.Array:
    return _all_nulls(rows)[name]
