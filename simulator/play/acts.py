"""Acts: what members do on a simulated day, as numbers; `batch` writes them as event columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.compiled import TYPE_CODES
from rules.decoding.event_columns import COLUMNS, TYPES, batch_of
from simulator.people.keyed import Ints
from simulator.people.persons import Persons, Profiles
from simulator.people.setting import Setting

NONE: Final = -1
LINES_MAX: Final = 10
NUMBERS_MAX: Final = 100_000
PURCHASE, USE = TYPE_CODES["purchase"], TYPE_CODES["use"]
_SECOND_US: Final = 1_000_000


class Series(IntEnum):
    """Name what an act's number counts; in order of precedence within one second."""

    JOIN = 0
    VISIT = 1
    TASK = 2
    CLAIM = 3


_LETTERS: Final = np.array([b"e", b"v", b"t", b"c"])


class Line(IntEnum):
    """Number the acts of one visit, in the order they happen."""

    TOP_UP = 0
    USE = 1
    FUEL = 2
    SHOP = 3
    REDEEM = 4
    REFUND = 5


@dataclass(slots=True)
class Acts:
    """Hold acts column by column, NONE where a field is absent; all are [n].

    kind is a code of TYPE_CODES; member the member's number; number, series and line the act's
    place in the member's life; station, product and about index the setting's stations and
    fuels-then-shop; more is a row of the day's Details; lasting says that a refund will name the
    act's visit.
    """

    kind: npt.NDArray[np.int8]
    member: Ints
    at_us: Ints
    series: npt.NDArray[np.int8]
    number: Ints
    line: npt.NDArray[np.int8]
    station: npt.NDArray[np.int32]
    product: npt.NDArray[np.int32]
    litres_ml: Ints
    amount_fen: Ints
    by_card: npt.NDArray[np.bool_]
    score: npt.NDArray[np.int8]
    more: npt.NDArray[np.int32]
    lasting: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.member)

    def take(self, places: Ints | npt.NDArray[np.bool_] | slice) -> Acts:
        """Pick acts at int64[m] places, where a mask holds, or a span (as views)."""
        return Acts(*(getattr(self, one.name)[places] for one in fields(self)))

    def in_order(self, from_us: int) -> Acts:
        """Sort by instant, then member, series, number and line.

        from_us lies before every instant, by twelve days at most.
        """
        key = (self.at_us - from_us) // _SECOND_US
        key = (key << 27) + self.member
        key = (key << 2) + self.series
        key = (key << 10) + (self.number & 1023)
        return self.take(np.argsort((key << 4) + self.line))


_DTYPES: Final[dict[str, Any]] = {
    "kind": np.int8, "member": np.int64, "at_us": np.int64, "series": np.int8,
    "number": np.int64, "line": np.int8, "station": np.int32, "product": np.int32,
    "litres_ml": np.int64, "amount_fen": np.int64, "by_card": np.bool_, "score": np.int8,
    "more": np.int32, "lasting": np.bool_,
}  # fmt: skip


def acts_of(
    kind: str, member: Ints, at_us: Ints, series: Series, number: Ints | int,
    line: Ints | int = 0,
    **columns: npt.NDArray[Any],
) -> Acts:  # fmt: skip
    """Make acts of one type; columns not given are absent."""
    given = {"member": member, "at_us": at_us, "number": number, **columns}
    given |= {"kind": TYPE_CODES[kind], "series": series, "line": line}
    absent: dict[str, Any] = dict.fromkeys(_DTYPES, NONE)
    absent |= {"by_card": False, "lasting": False}
    made = {}
    for name, dtype in _DTYPES.items():
        value = given.get(name, absent[name])
        whole = isinstance(value, np.ndarray)
        made[name] = (
            value.astype(dtype, copy=False) if whole else np.full(len(member), value, dtype)
        )
    return Acts(**made)


def joined(parts: Sequence[Acts]) -> Acts:
    """Join acts, in order."""
    if not parts:
        return Acts(**{name: np.zeros(0, dtype) for name, dtype in _DTYPES.items()})
    names = [one.name for one in fields(Acts)]
    return Acts(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(slots=True)
class Details:
    """Hold what only few acts of a day have: a row each, None where absent."""

    coupon: list[str | None] = field(default_factory=list)
    item: list[str | None] = field(default_factory=list)
    points: list[int | None] = field(default_factory=list)
    lines: list[str | None] = field(default_factory=list)
    ref: list[str | None] = field(default_factory=list)

    def add(
        self,
        *,
        coupon: str | None = None,
        item: str | None = None,
        points: int | None = None,
        lines: str | None = None,
        ref: str | None = None,
    ) -> int:
        """Add one row and return its number."""
        self.coupon.append(coupon)
        self.item.append(item)
        self.points.append(points)
        self.lines.append(lines)
        self.ref.append(ref)
        return len(self.ref) - 1


class Written:
    """Looks like a batch of COLUMNS, each column written when it is first asked for."""

    def __init__(self, writer: Writer, acts: Acts, details: Details) -> None:
        self._writer, self._acts, self._details = writer, acts, details
        self._columns: dict[str, pa.Array] = {}

    @property
    def num_rows(self) -> int:
        """Count the acts."""
        return len(self._acts)

    def column(self, name: str) -> pa.Array:
        """Give one column."""
        found = self._columns.get(name)
        if found is None:
            found = self._writer.column(name, self._acts, self._details)
            self._columns[name] = found
        return found


class Writer:
    """Writes acts as a batch of the event columns.

    Ids have a fixed width, so their column is filled by whole-array copies.
    """

    def __init__(self, seed: int, setting: Setting, persons: Persons) -> None:
        self._seed = f"s{seed}-".encode()
        self._ids = persons.ids
        self._profiles = Profiles(setting, persons)
        self._types = pa.array(TYPES, pa.utf8())
        self._stations = pa.array(setting.stations, pa.utf8())
        self._products = pa.array([*setting.fuels, *setting.shop], pa.utf8())
        self._four_digits = np.array([f"{n:04d}".encode() for n in range(10_000)])

    @cached_property
    def _members(self) -> pa.Array:
        """Write all members' ids, which nobody may ask for."""
        return pa.array(self._ids, pa.utf8())

    def batch(self, acts: Acts, details: Details) -> pa.RecordBatch:
        """Write acts as one batch of COLUMNS; cost is linear."""
        written = Written(self, acts, details)
        return batch_of({name: written.column(name) for name in COLUMNS.names})

    def column(self, name: str, acts: Acts, details: Details) -> pa.Array:
        """Write one column of COLUMNS."""
        kind = acts.kind
        match name:
            case "event_id":
                return self.event_ids(acts)
            case "type":
                return pa.DictionaryArray.from_arrays(pa.array(kind.astype(np.int32)), self._types)
            case "member":
                return self._members.take(pa.array(acts.member))
            case "station":
                return _words(acts.station, self._stations)
            case "product":
                return _words(acts.product, self._products)
            case "pay":
                return _words(np.where(acts.by_card, 0, NONE), pa.array(["card"]))
            case "order":
                return self._orders(acts, (kind == PURCHASE) | (kind == USE))
            case "ref":
                return self._refs(acts, details)
            case "attributes":
                return self._attributes(acts)
            case "coupon" | "item" | "lines" | "points":
                held = pa.array(getattr(details, name), COLUMNS.field(name).type)
                return held.take(pa.array(acts.more, mask=acts.more == NONE))
        numbers = getattr(acts, name)
        return pa.array(numbers, mask=numbers == NONE)

    def event_ids(self, acts: Acts) -> pa.Array:
        """Write ids as seed-member-act-line: unique, and the same in every file and arm."""
        line = (acts.line + ord("0")).astype(np.uint8).view("S1")
        return _text([*self._parts(acts), (b"-", 1), (line, 1)])

    def _parts(self, acts: Acts) -> list[tuple[npt.NDArray[np.bytes_] | bytes, int]]:
        high, low = np.divmod(acts.member, 10_000)
        ten_thousands, rest = np.divmod(acts.number % NUMBERS_MAX, 10_000)
        return [
            (self._seed, len(self._seed)),
            (self._four_digits[high], 4),
            (self._four_digits[low], 4),
            (b"-", 1),
            (_LETTERS[acts.series], 1),
            ((ten_thousands + ord("0")).astype(np.uint8).view("S1"), 1),
            (self._four_digits[rest], 4),
        ]

    def _orders(self, acts: Acts, present: npt.NDArray[np.bool_]) -> pa.Array:
        return _text(self._parts(acts), present)

    def _refs(self, acts: Acts, details: Details) -> pa.Array:
        """Write what a refund takes back, what a survey is about, and whom a referral names."""
        refunds = np.flatnonzero(acts.kind == TYPE_CODES["refund"])
        taken = acts.take(refunds)
        taken.line[:] = Line.FUEL
        named = pa.array(details.ref, pa.utf8())
        words = pa.concat_arrays([self.event_ids(taken), self._stations, named])
        index = np.full(len(acts), NONE, dtype=np.int64)
        index[refunds] = np.arange(len(refunds))
        about = (acts.kind == TYPE_CODES["survey"]) | (acts.kind == TYPE_CODES["review"])
        index[about] = acts.station[about] + len(refunds)
        if details.ref:
            referring = np.flatnonzero(acts.kind == TYPE_CODES["referral"])
            index[referring] = acts.more[referring] + len(refunds) + len(self._stations)
        return words.take(pa.array(index, mask=index == NONE))

    def _attributes(self, acts: Acts) -> pa.Array:
        kind = acts.kind
        rows = np.flatnonzero((kind == TYPE_CODES["enrol"]) | (kind == TYPE_CODES["update"]))
        if not len(rows):
            return pa.nulls(len(acts), pa.utf8())
        index = np.full(len(acts), NONE, dtype=np.int64)
        index[rows] = np.arange(len(rows))
        told = self._profiles.texts(acts.member[rows])
        return told.take(pa.array(index, mask=index == NONE))


def _words(index: npt.NDArray[np.signedinteger[Any]], words: pa.Array) -> pa.Array:
    """Name int[n] places by words, null where NONE."""
    places = pa.array(index.astype(np.int32), mask=index == NONE)
    return pa.DictionaryArray.from_arrays(places, words)


def _text(
    parts: Sequence[tuple[npt.NDArray[np.bytes_] | bytes, int]],
    present: npt.NDArray[np.bool_] | None = None,
) -> pa.Array:
    """Join parts of fixed width to a text column; null where not present."""
    count = max((len(part) for part, _ in parts if isinstance(part, np.ndarray)), default=0)
    layout = np.dtype([(f"p{place}", f"S{width}") for place, (_, width) in enumerate(parts)])
    text = np.empty(count, dtype=layout)
    for place, (part, _) in enumerate(parts):
        text[f"p{place}"] = part
    offsets = np.arange(count + 1, dtype=np.int32) * layout.itemsize
    valid = None
    if present is not None:
        valid = pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.Array.from_buffers(
        pa.utf8(), count, [valid, pa.py_buffer(offsets), pa.py_buffer(text)]
    )
