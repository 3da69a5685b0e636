"""A stamped batch with every name replaced by its number, ready for the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.calendar import DAY_US, MINUTE_US, months_of_days
from rules.compiling.compiled import TYPE_CODES, Rules
from rules.decoding.batch_cells import BatchCells
from rules.decoding.identity import Hashes, hash_strings, hashes_of
from rules.decoding.text_cells import TextCells
from rules.table.ledger import identity_keys
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

ALL_LEFT, NAMED_FEN, NAMED_ML = range(3)
PURCHASE: Final = TYPE_CODES["purchase"]
TOP_UP: Final = TYPE_CODES["top_up"]
FEW: Final = 32
NO_ORDER: Final = hash_strings(pa.array([""]))[0][0]


@dataclass(slots=True)
class Events:
    """One batch in numbers, n rows in arrival order.

    Times µs UTC; day and month are the event's local ones; named says which quantity a
    refund names. earning_bits and factor_bits are what matches apart from the member. own_row
    is the row of the id as sent, row the one that effects go to: they differ once merged.
    sale is filled as sales are recorded: the row in Sales, or -1. lasting marks what another event
    may still name; where a caller gives it, no event repeats another one, and of all others neither
    identity nor sale is kept.
    """

    batch: pa.RecordBatch
    own_row: Int64s
    row: Int64s
    type: npt.NDArray[np.int64]
    at_us: Int64s
    stamp_us: Int64s
    day: Int64s
    month: Int64s
    cell: Int64s  # the tallies' cell: day, product and station
    in_season: Bools
    quantity_ml: Int64s
    amount_fen: Int64s
    fuel: Bools
    named: npt.NDArray[np.int8]
    points: Int64s
    score: Int64s  # of a survey; -1 for none
    earning_bits: UInt64s
    factor_bits: UInt64s
    key_a: UInt64s
    key_b: UInt64s
    ref_a: UInt64s
    ref_b: UInt64s
    fingerprint: UInt64s
    order: UInt64s  # hash of the order's id
    sale: npt.NDArray[np.int32]
    lasting: Bools | None = None
    _columns: dict[str, pa.Array] = field(default_factory=dict)
    _cells: dict[str, TextCells] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row)

    def text(self, column: str, place: int) -> str:
        """Read one text cell, "" when absent."""
        cells = self._cells.get(column)
        if cells is None:
            cells = self._cells[column] = TextCells(self._column(column))
        return cells[place]

    def texts(self, column: str, places: Int64s) -> list[Any]:
        """Read the cells of a text column at int64[k] rows, None where absent."""
        if len(places) <= FEW:
            held = self._column(column)
            return [held[place].as_py() for place in places.tolist()]
        cells: list[Any] = self._column(column).take(places).to_numpy(zero_copy_only=False).tolist()
        return cells

    def distinct_texts(self, column: str, places: Int64s) -> tuple[list[str], Int64s]:
        """Give the distinct cells of a text column at int64[k] rows, and which each of them has.

        int64[k] is the place among the cells, −1 where absent.
        """
        cells = self._column(column).take(pa.array(places)).dictionary_encode()
        which = cells.indices.fill_null(-1).to_numpy().astype(np.int64)
        return cells.dictionary.to_pylist(), which

    def _column(self, name: str) -> pa.Array:
        """Give a column; a batch makes a new object of it at every look."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self.batch.column(name)
        return column


def types_named(*words: str) -> Bools:
    """Mark event types by their code, bool[types]."""
    marked = np.zeros(len(TYPE_CODES), dtype=np.bool_)
    marked[[TYPE_CODES[word] for word in words]] = True
    return marked


def encode(table: MemberTable, batch: pa.RecordBatch, hashes: Hashes | None = None) -> Events:
    """Number a stamped batch; members not seen before are added to the table.

    hashes are the batch's, where somebody has worked them out already.
    """
    rules = table.rules
    read = BatchCells(batch)
    at_us = read.numbers("at_us")
    wall_us = rules.calendar.wall(at_us)
    day = wall_us // DAY_US
    kind = _codes(read, "type", TYPE_CODES)
    product = _codes(read, "product", rules.products)
    pay = _codes(read, "pay", rules.pays)
    quantity_ml = read.numbers("litres_ml")
    amount_fen = read.numbers("amount_fen")
    known = hashes if hashes is not None else hashes_of(batch, read)
    hashed = known.lanes
    own_row = _member_rows(table, read.columns["member"], hashed["member"])
    key_a, key_b = identity_keys(own_row, *hashed["event_id"])
    none = np.zeros(len(own_row), dtype=np.uint64)
    ref_a, ref_b = identity_keys(own_row, *hashed["ref"]) if "ref" in hashed else (none, none)
    minute = (wall_us - day * DAY_US) // MINUTE_US
    # An event of another season's file may lie days outside of this one's: late by any measure.
    known_day = np.clip(day, rules.first_day, rules.last_day) - rules.first_day
    codes = (product, _codes(read, "station", rules.stations), pay, known_day, minute)
    return Events(
        batch=batch,
        own_row=own_row,
        row=table.resolve(own_row),
        type=kind,
        at_us=at_us,
        stamp_us=read.numbers("stamp_us"),
        day=day,
        month=months_of_days(day),
        cell=table.tallies.cells_of(read, kind, day),
        in_season=in_season_of(table, at_us),
        quantity_ml=quantity_ml,
        amount_fen=amount_fen,
        fuel=rules.fuel[product],
        named=_named(read),
        points=read.numbers("points"),
        score=read.numbers("score", absent=-1).astype(np.int64),
        earning_bits=rules.earning_events.match(*codes) & may_earn(rules, kind, pay),
        factor_bits=rules.factor_events.match(*codes),
        key_a=key_a,
        key_b=key_b,
        ref_a=ref_a,
        ref_b=ref_b,
        fingerprint=known.fingerprint,
        order=hashed["order"][0] if "order" in hashed else np.full_like(none, NO_ORDER),
        sale=np.full(len(own_row), -1, dtype=np.int32),
    )


def in_season_of(table: MemberTable, at_us: Int64s) -> Bools:
    """Tell which instants lie in the running season, or in the one before that is still held."""
    inside: Bools = (at_us >= table.rules.starts_us) & (at_us < table.rules.ends_us)
    return inside if table.older is None else inside | table.older.covers(at_us)


def _member_rows(
    table: MemberTable, member: pa.StringArray, hashed: tuple[UInt64s, UInt64s]
) -> Int64s:
    hash_a, hash_b = hashed
    rows = table.find_rows(hash_a, hash_b)
    absent = np.flatnonzero(rows < 0)
    if len(absent):
        # np.unique sorts by hash; rows are numbered by first appearance, so sort the places.
        _, first = np.unique(hash_a[absent], return_index=True)
        new = absent[np.sort(first)]
        table.add_members(hash_a[new], hash_b[new], member.take(pa.array(new)).to_pylist())
        rows[absent] = table.find_rows(hash_a[absent], hash_b[absent])
    return rows


def may_earn(rules: Rules, kind: Int64s, pay: Int64s) -> UInt64s:
    """Mask the earning rules by the event type they are on, uint64[n]."""
    by_type = np.zeros(len(TYPE_CODES), dtype=np.uint64)
    by_type[PURCHASE], by_type[TOP_UP] = rules.purchase_earning, rules.top_up_earning
    bits = by_type[kind]
    if not rules.card_earns:
        bits[(kind == PURCHASE) & (pay == rules.pays["card"])] = 0
    return bits


def _named(read: BatchCells) -> npt.NDArray[np.int8]:
    given_fen, given_ml = ~read.null("amount_fen"), ~read.null("litres_ml")
    named = np.where(given_fen, NAMED_FEN, np.where(given_ml, NAMED_ML, ALL_LEFT))
    return named.astype(np.int8)


def _codes(read: BatchCells, column: str, codes: dict[str, int]) -> Int64s:
    """Number a dictionary column, int64[n]; absent and unnamed words are 0."""
    words, places = read.words(column)
    lookup = np.array([codes.get(word, 0) for word in words] + [0], dtype=np.int64)
    numbers: Int64s = lookup[places]
    return numbers
