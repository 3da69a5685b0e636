"""Gather from a log what a population can be fitted to: members, fills, and what else they did."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rules.compiling.calendar import DAY_US, Calendar
from rules.decoding.event_columns import Decoded, Names, text_of
from rules.season.season_models import YEAR_MAX, YEAR_MIN
from rules.wording.both_languages import SaidInBoth
from simulator.people.keyed import Floats, Ints

NEVER: Final = -1
FEN: Final = 100
ML: Final = 1000
HOUR_US: Final = DAY_US // 24
_FIELDS: Final = (
    "event_id", "type", "member", "at_us", "station", "product", "litres_ml", "amount_fen",
    "pay", "order", "ref", "score", "coupon", "attributes",
)  # fmt: skip
_YEAR_US: Final = 366 * DAY_US


class AnyText(frozenset[str]):
    """Know every word: a log that is fitted may name kinds that no season file lists."""

    def __contains__(self, _: object) -> bool:
        """Answer yes."""
        return True


class NothingToFit(SaidInBoth):
    """The log holds too little to fit a population to; the text says what is missing."""


def any_names() -> Names:
    """Accept events of any product and kind, at any time a season may be at."""
    return Names(None, AnyText(), (YEAR_MIN - 1970) * _YEAR_US, (YEAR_MAX - 1970) * _YEAR_US)


@dataclass(frozen=True)
class Fills:
    """Hold one row a fill, ordered by member and time.

    `day` counts local days from the log's first fill; `visit` numbers what was one stop: fills
    of one order are one visit. `litres` and `amount` are in litres and currency.
    """

    member: Ints
    at_us: Ints
    day: Ints
    hour: Ints
    visit: Ints
    station: Ints
    product: Ints
    litres: Floats
    amount: Floats
    by_card: Ints
    event_id: pa.Array


@dataclass(frozen=True)
class Observed:
    """Hold a log as arrays; `kind`, `enrol_day` and `company` have one entry a member.

    `days` is the number of local days from `first_day` (days since 1970) on. A member who
    sent no enrol event has `enrol_day` NEVER, one without a company `company` NEVER.
    """

    first_day: int
    days: int
    kinds: tuple[str, ...]
    kind: Ints
    enrol_day: Ints
    company: Ints
    products: tuple[str, ...]
    stations: tuple[str, ...]
    fills: Fills
    others: pa.Table
    duplicates: int
    events: int

    @property
    def members(self) -> int:
        """Count the members."""
        return len(self.kind)

    def visits(self) -> tuple[Ints, Ints]:
        """Give (member, day) of each visit, ordered by member and time."""
        first = np.flatnonzero(np.diff(self.fills.visit, prepend=-1))
        return self.fills.member[first], self.fills.day[first]

    def day_number(self, at_us: Ints, calendar: Calendar) -> Ints:
        """Count instants in local days of the log."""
        return calendar.days(at_us) - self.first_day

    def before(self, day: int) -> Observed:
        """Cut the log off at a day; members not known by then are left out."""
        fills = self.fills
        rows = np.flatnonzero(fills.day < day)
        seen = np.zeros(self.members, dtype=np.bool_)
        seen[fills.member[rows]] = True
        seen |= (self.enrol_day != NEVER) & (self.enrol_day < day)
        number = np.cumsum(seen) - 1
        kept = {name: getattr(fills, name)[rows] for name in _KEPT}
        event_id = fills.event_id.take(pa.array(rows))
        cut = Fills(member=number[fills.member[rows]], event_id=event_id, **kept)
        others = self.others.filter(pc.less(self.others["day"], day))
        mapped = np.where(seen, number, NEVER)[others["member"].to_numpy()]
        others = others.set_column(others.column_names.index("member"), "member", pa.array(mapped))
        enrol = self.enrol_day[seen]
        return Observed(
            self.first_day, min(day, self.days), self.kinds, self.kind[seen],
            np.where(enrol < day, enrol, NEVER), self.company[seen], self.products, self.stations,
            cut, others.filter(pc.not_equal(others["member"], NEVER)), 0, len(rows) + len(others),
        )  # fmt: skip


_KEPT: Final = (
    "at_us", "day", "hour", "visit", "station", "product", "litres", "amount", "by_card",
)  # fmt: skip


def observe(batches: Iterable[Decoded], time_zone: str) -> Observed:
    """Gather a log; an event sent twice counts once.

    Raises:
        NothingToFit: no fill is in it.
    """
    parts = [pa.Table.from_batches([batch.columns.select(list(_FIELDS))]) for batch in batches]
    parts = [_plain(part) for part in parts if part.num_rows]
    if not parts:
        raise NothingToFit(
            "the log has no events: name one with purchases of fuel",
            "日志里没有事件：请用含加油消费的日志",
        )
    whole = pa.concat_tables(parts)
    member = _codes(whole["member"])
    identity = pc.binary_join_element_wise(whole["member"], whole["event_id"], "\x1f")
    first = np.unique(_codes(identity)[0], return_index=True)[1]
    order = first[np.lexsort((whole["at_us"].to_numpy()[first], member[0][first]))]
    duplicates = whole.num_rows - len(order)
    table = whole.take(pa.array(order)).set_column(2, "member", pa.array(member[0][order]))
    calendar = Calendar(time_zone, YEAR_MIN, YEAR_MAX)
    return _observed(table, calendar, len(member[1]), duplicates, whole.num_rows)


def _plain(part: pa.Table) -> pa.Table:
    """Write dictionaries as text, so that parts fit together."""
    for index, field in enumerate(part.schema):
        if pa.types.is_dictionary(field.type):
            part = part.set_column(index, field.name, text_of(part, field.name))
    return part


def _codes(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Number the words of a column in the order they come, NEVER for none."""
    coded = column.combine_chunks().dictionary_encode()
    numbers = pc.fill_null(coded.indices, NEVER).to_numpy(zero_copy_only=False)
    return numbers.astype(np.int64), coded.dictionary.to_pylist()


def _observed(
    table: pa.Table, calendar: Calendar, members: int, duplicates: int, events: int
) -> Observed:
    of_fuel = pc.and_(
        pc.equal(table["type"], "purchase"), pc.greater(pc.fill_null(table["litres_ml"], 0), 0)
    )
    rows = table.filter(of_fuel)
    if rows.num_rows == 0:
        raise NothingToFit(
            "the log has no purchase with litres: fills are what is fitted",
            "日志里没有带升数的消费：拟合依据的正是每次加油的升数",
        )
    at_us = rows["at_us"].to_numpy()
    wall_us = calendar.wall(at_us)
    day = wall_us // DAY_US
    first_day = int(day.min())
    product, products = _codes(rows["product"])
    station, stations = _codes(rows["station"])
    fills = Fills(
        member=rows["member"].to_numpy(),
        at_us=at_us,
        day=day - first_day,
        hour=wall_us % DAY_US // HOUR_US,
        visit=_visits(rows),
        station=station,
        product=product,
        litres=rows["litres_ml"].to_numpy() / ML,
        amount=pc.fill_null(rows["amount_fen"], 0).to_numpy() / FEN,
        by_card=pc.fill_null(pc.equal(rows["pay"], "card"), False).to_numpy().astype(np.int64),
        event_id=rows["event_id"].combine_chunks(),
    )
    others = table.filter(pc.invert(of_fuel))
    others = others.append_column(
        "day", pa.array(calendar.days(others["at_us"].to_numpy()) - first_day)
    )
    kind, kinds, company = _attributes(others, members)
    return Observed(
        first_day, int(fills.day.max()) + 1, kinds, kind, _enrol_days(others, fills, members),
        company, tuple(products), tuple(stations), fills, others, duplicates, events,
    )  # fmt: skip


def _visits(rows: pa.Table) -> Ints:
    """Number the visits: lines of one member's order are one, others stand for themselves."""
    member = rows["member"].to_numpy()
    order, _ = _codes(rows["order"])
    same = (np.diff(member, prepend=-1) == 0) & (np.diff(order, prepend=-2) == 0) & (order >= 0)
    return np.cumsum(~same) - 1


def _attributes(others: pa.Table, members: int) -> tuple[Ints, tuple[str, ...], Ints]:
    """Read each member's latest kind and company from enrol and update events."""
    kind: dict[int, str] = {}
    company: dict[int, str] = {}
    given = others.filter(pc.is_valid(others["attributes"]))
    for who, text in zip(given["member"].to_pylist(), given["attributes"].to_pylist(), strict=True):
        attributes = json.loads(text)
        if attributes.get("kind"):
            kind[who] = str(attributes["kind"])
        if attributes.get("company"):
            company[who] = str(attributes["company"])
    kinds = tuple(dict.fromkeys(kind.values()))
    return (
        _numbered(kind, kinds, members),
        kinds,
        _numbered(company, tuple(dict.fromkeys(company.values())), members),
    )


def _numbered(words: dict[int, str], known: tuple[str, ...], members: int) -> Ints:
    code = {word: number for number, word in enumerate(known)}
    found = np.full(members, NEVER, dtype=np.int64)
    for who, word in words.items():
        found[who] = code[word]
    return found


def _enrol_days(others: pa.Table, fills: Fills, members: int) -> Ints:
    """Find the day each member enrolled, the first fill's at the latest; NEVER without enrol."""
    enrols = others.filter(pc.equal(others["type"], "enrol"))
    found = np.full(members, np.iinfo(np.int64).max)
    np.minimum.at(found, enrols["member"].to_numpy(), np.maximum(enrols["day"].to_numpy(), 0))
    first_fill = np.full(members, np.iinfo(np.int64).max)
    np.minimum.at(first_fill, fills.member, fills.day)
    known = found < np.iinfo(np.int64).max
    return np.where(known, np.minimum(found, first_fill), NEVER)
