"""Hold synthetic events as numbers, and write them out as the columns of the event format."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator.people.keyed import Ints
from simulator.people.members import NO_COMPANY, Members
from simulator.people.setting import Setting

NONE = -1
MEMBERS_MAX = 100_000_000
_NUMBERS_MAX = 100_000

TYPES = (
    "purchase",
    "top_up",
    "refund",
    "enrol",
    "check_in",
    "browse",
    "share",
    "survey",
    "review",
)
TYPE = {name: code for code, name in enumerate(TYPES)}


class Series(IntEnum):
    """Name what an event's number counts; in order of precedence within one second."""

    ENROL = 0
    VISIT = 1
    TASK = 2


_LETTERS = np.array([b"e", b"v", b"t"])


class Line(IntEnum):
    """Number the events of one visit."""

    TOP_UP = 0
    FUEL = 1
    SHOP = 2
    REFUND = 3


@dataclass
class Rows:
    """Hold events column by column, NONE where a field is absent.

    `arrival_day` is the local day whose table the event comes in, `member` the member's
    number, (`series`, `number`, `line`) the event's place in the member's life; `refunded` is
    the line of the same visit that a refund takes back; `about` and `station` index stations,
    `product` the fuels and then the shop articles.
    """

    arrival_day: Ints
    type: npt.NDArray[np.int8]
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
    refunded: npt.NDArray[np.int8]
    about: npt.NDArray[np.int32]
    score: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.member)

    def take(self, index: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "Rows":
        """Answer the rows at `index: int64[m]`, or where a mask holds."""
        return Rows(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def event_key(self) -> Ints:
        """Answer a number for each row that is unique within its member, int64[n]."""
        return (self.number * 4 + self.series) * 4 + self.line

    def order_key(self, from_us: int) -> Ints:
        """Answer a sort key, int64[n]: `at`, then member, series, number, line.

        `from_us` lies before every `at`, by twelve days at most. Only rows of one member, second
        and series that are 1,024 numbers apart could share a key, and no member is so quick.
        """
        key = (self.at_us - from_us) // 1_000_000
        key = (key << 27) + self.member
        key = (key << 3) + self.series
        key = (key << 10) + (self.number & 1023)
        return (key << 3) + self.line


def rows_of(
    kind: str, *, member: Ints, at_us: Ints, day: int | Ints, series: Series, number: Ints,
    line: int = 0, **columns: npt.NDArray[np.signedinteger[Any]],
) -> Rows:  # fmt: skip
    """Make rows of one event type; columns not given are absent."""
    count = len(member)
    absent: dict[str, npt.NDArray[np.generic]] = {
        "station": np.full(count, NONE, dtype=np.int32),
        "product": np.full(count, NONE, dtype=np.int32),
        "litres_ml": np.full(count, NONE, dtype=np.int64),
        "amount_fen": np.full(count, NONE, dtype=np.int64),
        "by_card": np.zeros(count, dtype=np.bool_),
        "refunded": np.full(count, NONE, dtype=np.int8),
        "about": np.full(count, NONE, dtype=np.int32),
        "score": np.full(count, NONE, dtype=np.int8),
    }
    given = {name: column.astype(absent[name].dtype) for name, column in columns.items()}
    filled: dict[str, npt.NDArray[np.generic]] = {**absent, **given}
    return Rows(
        arrival_day=np.broadcast_to(np.asarray(day, dtype=np.int64), count).copy(),
        type=np.full(count, TYPE[kind], dtype=np.int8),
        member=member,
        at_us=at_us,
        series=np.full(count, series, dtype=np.int8),
        number=number,
        line=np.full(count, line, dtype=np.int8),
        **filled,  # type: ignore[arg-type]  # each is cast to its own dtype just above
    )


def concatenate(parts: Sequence[Rows]) -> Rows:
    """Join rows, in order."""
    return Rows(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Rows)}
    )


class EventTable:
    """Turn rows into tables of the event format.

    The texts of a run have a fixed width, so columns are filled by whole-array copies: about
    0.2 microseconds an event in all.
    """

    def __init__(self, seed: int, setting: Setting, members: Members) -> None:
        self._seed = f"{seed}-".encode()
        self._members = members
        self._types = pa.array(TYPES, pa.utf8())
        self._stations = pa.array(setting.stations, pa.utf8())
        self._products = pa.array([*setting.fuels, *setting.shop], pa.utf8())
        self._kinds = pa.array(setting.kinds, pa.utf8())
        companies = int(members.company.max(initial=NO_COMPANY)) + 1
        self._companies = pa.array([f"C{number + 1:06d}" for number in range(companies)], pa.utf8())
        self._timezone = setting.timezone
        self._four_digits = np.array([f"{n:04d}".encode() for n in range(10_000)])

    def table(self, rows: Rows) -> pa.Table:
        """Write `rows` as one table; cost is linear."""
        visits = rows.series == Series.VISIT
        purchase = rows.type == TYPE["purchase"]
        enrol = rows.type == TYPE["enrol"]
        kind = np.where(enrol, self._members.kind[rows.member], NONE)
        company = np.where(enrol, self._members.company[rows.member], NONE)
        fuel = np.where(enrol, self._members.fuel[rows.member], NONE)
        return pa.table(
            {
                "event_id": self._event_ids(rows, rows.line),
                "type": _dictionary(rows.type, self._types),
                "member": self._text([(b"m", 1), *self._eight(rows.member)]),
                "at": pa.array(rows.at_us, type=pa.timestamp("us", tz=self._timezone)),
                "station": _dictionary(rows.station, self._stations),
                "product": _dictionary(rows.product, self._products),
                "litres": _decimal(rows.litres_ml, 3),
                "amount": _decimal(rows.amount_fen, 2),
                "pay": _dictionary(np.where(rows.by_card, 0, NONE), pa.array(["card"])),
                "order": self._orders(rows, visits & purchase),
                "ref": self._refs(rows),
                "score": pa.array(rows.score, mask=rows.score == NONE),
                "attributes.kind": _dictionary(kind, self._kinds),
                "attributes.company": _dictionary(company, self._companies),
                "attributes.fuel": _dictionary(fuel, self._products),
            }
        )

    def _eight(self, number: Ints) -> list[tuple[npt.NDArray[np.bytes_], int]]:
        """Write numbers below 10^8 with eight digits."""
        high, low = np.divmod(number, 10_000)
        return [(self._four_digits[high], 4), (self._four_digits[low], 4)]

    def _visit_parts(self, rows: Rows) -> list[tuple[npt.NDArray[np.bytes_] | bytes, int]]:
        """Write seed, member and (series, number), the common part of event and order ids."""
        high, low = np.divmod(rows.number % _NUMBERS_MAX, 10_000)
        digit = (high + ord("0")).astype(np.uint8).view("S1")
        return [
            (self._seed, len(self._seed)),
            *self._eight(rows.member),
            (b"-", 1),
            (_LETTERS[rows.series], 1),
            (digit, 1),
            (self._four_digits[low], 4),
        ]

    def _event_ids(self, rows: Rows, line: npt.NDArray[np.int8]) -> pa.Array:
        """Write event ids as seed-member-visit-line: unique and the same in every run."""
        last = (line + ord("0")).astype(np.uint8).view("S1")
        return self._text([*self._visit_parts(rows), (b"-", 1), (last, 1)])

    def _orders(self, rows: Rows, present: npt.NDArray[np.bool_]) -> pa.Array:
        """Write the visit's id for its purchase lines, null elsewhere."""
        return self._text(self._visit_parts(rows), present)

    def _refs(self, rows: Rows) -> pa.Array:
        """Write what a refund takes back, and the station a survey or review is about."""
        refunds = np.flatnonzero(rows.refunded != NONE)
        refunded = rows.take(refunds)
        words = pa.concat_arrays([self._event_ids(refunded, refunded.refunded), self._stations])
        index = np.where(rows.about == NONE, NONE, rows.about.astype(np.int64) + len(refunds))
        index[refunds] = np.arange(len(refunds))
        return words.take(pa.array(index, mask=index == NONE))

    def _text(
        self,
        parts: Sequence[tuple[npt.NDArray[np.bytes_] | bytes, int]],
        present: npt.NDArray[np.bool_] | None = None,
    ) -> pa.Array:
        """Join parts of fixed width to a text column; null where not `present`."""
        count = max((len(part) for part, _ in parts if isinstance(part, np.ndarray)), default=0)
        layout = np.dtype([(f"p{place}", f"S{width}") for place, (_, width) in enumerate(parts)])
        text = np.empty(count, dtype=layout)
        for place, (part, _) in enumerate(parts):
            text[f"p{place}"] = part
        offsets = np.arange(count + 1, dtype=np.int32) * layout.itemsize
        valid = None if present is None else _validity(present)
        return pa.Array.from_buffers(
            pa.utf8(), count, [valid, pa.py_buffer(offsets), pa.py_buffer(text)]
        )


def _validity(present: npt.NDArray[np.bool_]) -> pa.Buffer:
    """Pack a mask into Arrow's validity bits."""
    return pa.py_buffer(np.packbits(present, bitorder="little"))


def _dictionary(index: npt.NDArray[np.signedinteger[Any]], words: pa.Array) -> pa.Array:
    """Name `index: int[n]` by `words`, null where NONE."""
    places = pa.array(index.astype(np.int32), mask=index == NONE)
    return pa.DictionaryArray.from_arrays(places, words)


def _decimal(units: Ints, scale: int) -> pa.Array:
    """Write whole units of 10^-scale as decimals, null where NONE."""
    words = np.zeros((len(units), 2), dtype=np.int64)
    words[:, 0] = units
    return pa.Array.from_buffers(
        pa.decimal128(18, scale), len(units), [_validity(units != NONE), pa.py_buffer(words)]
    )
