"""Activity: what members do with the programme besides buying: coupons, points, referrals.

Purchases come from the traffic model; this adds to each day's table what a till, an app and a
back office would send around them. It knows no balances: some of it is refused, as in life.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rules.season.season_models import Season

STREAM: Final = 0xAC7171
SECOND_US: Final = 1_000_000
BORN_FROM: Final = date(1950, 1, 1)
BORN_DAYS: Final = 55 * 365

TEXT_COLUMNS: Final = ("coupon", "item", "lines")
ATTRIBUTES: Final = ("phone", "plate", "birthday")

Draw = np.random.Generator
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shares:
    """How often something happens, all assumptions.

    use, reserve_first, give_up, points: per purchase with an order, then per use; redeem and
    adjust per purchase; describe, claim and refer per enrolment; merge, erase and bar per known
    member and day.
    """

    use: float = 0.06
    reserve_first: float = 0.3
    give_up: float = 0.1
    points: float = 0.25
    redeem: float = 0.02
    adjust: float = 0.002
    describe: float = 0.5
    claim: float = 0.3
    refer: float = 0.15
    merge: float = 0.00002
    erase: float = 0.00001
    bar: float = 0.00001


def with_activity(season: Season, tables: Iterable[pa.Table], seed: int) -> Iterator[pa.Table]:
    """Add programme activity to daily tables of traffic; the same seed adds the same.

    Memory: the ids of all members seen. Cost: some microseconds for each event added.
    """
    acting = _Acting(season, Shares())
    for day, table in enumerate(tables):
        draw = np.random.default_rng([STREAM, seed, day])
        yield _merged(table, acting.day(day, table, draw))


class _Acting:
    def __init__(self, season: Season, shares: Shares) -> None:
        self._shares = shares
        self._coupons = [coupon.id for coupon in season.coupons]
        self._items = [item.id for item in season.catalogue]
        self._welcome = [one.issue for one in season.triggers if one.on == "enrol"]
        self._step = season.checkout.step if season.checkout else 0
        self._refers = season.referral is not None
        self._known: list[str] = []
        self._day = 0
        self._made = 0

    def day(self, day: int, table: pa.Table, draw: Draw) -> list[Event]:
        """List the day's events, in no order."""
        self._day, self._made = day, 0
        bought = table.filter(pc.equal(table["type"].cast(pa.string()), "purchase"))
        joined = table.filter(pc.equal(table["type"].cast(pa.string()), "enrol"))
        events = [
            *self._at_tills(bought, draw),
            *self._of_newcomers(joined, draw),
            *self._in_the_back_office(table, draw),
        ]
        self._known += sorted(set(joined["member"].to_pylist()))
        return events

    def _event(self, kind: str, member: str, at_us: int, **fields: Any) -> Event:
        self._made += 1
        return {
            "event_id": f"a{self._day:03d}-{self._made:07d}",
            "type": kind,
            "member": member,
            "at": at_us,
            **fields,
        }

    def _at_tills(self, bought: pa.Table, draw: Draw) -> Iterator[Event]:
        shares, count = self._shares, bought.num_rows
        using = draw.random(count) < (shares.use if self._coupons else 0)
        redeeming = draw.random(count) < (shares.redeem if self._items else 0)
        adjusting = draw.random(count) < shares.adjust
        chosen = np.flatnonzero(using | redeeming | adjusting)
        rows = bought.take(pa.array(chosen)).to_pylist()
        for place, row in zip(chosen.tolist(), rows, strict=True):
            at_us = int(row["at"].timestamp()) * SECOND_US
            if using[place]:
                yield from self._use(row, at_us, draw)
            if redeeming[place]:
                item = self._items[draw.integers(len(self._items))]
                yield self._event("redeem", row["member"], at_us + 90 * SECOND_US, item=item)
            if adjusting[place]:
                points = int(draw.integers(-300, 500))
                yield self._event("adjust", row["member"], at_us + 120 * SECOND_US, points=points)

    def _use(self, row: dict[str, Any], at_us: int, draw: Draw) -> Iterator[Event]:
        """Use a coupon, points or both for the order of a purchase, just before it is paid."""
        shares = self._shares
        fields: dict[str, Any] = {
            "order": row["order"],
            "station": row["station"],
            "lines": json.dumps([_line(row)]),
        }
        coupon = self._coupons[draw.integers(len(self._coupons))]
        if draw.random() < shares.reserve_first:
            reserved_us = at_us - 60 * SECOND_US
            yield self._event("reserve", row["member"], reserved_us, coupon=coupon, **fields)
            if draw.random() < shares.give_up:
                given_up_us = at_us - 30 * SECOND_US
                yield self._event("release", row["member"], given_up_us, coupon=coupon)
                return
        points = None
        if self._step and draw.random() < shares.points:
            points = self._step * int(draw.integers(1, 4))
            fields["points"] = points
        if points is None or draw.random() < 0.5:
            fields["coupon"] = coupon
        yield self._event("use", row["member"], at_us - 20 * SECOND_US, **fields)

    def _of_newcomers(self, joined: pa.Table, draw: Draw) -> Iterator[Event]:
        shares = self._shares
        for row in joined.select(["member", "at"]).to_pylist():
            at_us = int(row["at"].timestamp()) * SECOND_US
            described, claims, referred = draw.random(3)
            if described < shares.describe:
                born = BORN_FROM + timedelta(days=int(draw.integers(BORN_DAYS)))
                yield self._event(
                    "update",
                    row["member"],
                    at_us + SECOND_US,
                    **{
                        "attributes.phone": f"139{draw.integers(10**8):08d}",
                        "attributes.plate": f"A{draw.integers(10**5):05d}",
                        "attributes.birthday": born.isoformat(),
                    },
                )
            if self._welcome and claims < shares.claim:
                coupon = self._welcome[draw.integers(len(self._welcome))]
                yield self._event("claim", row["member"], at_us + 30 * SECOND_US, coupon=coupon)
            if self._refers and self._known and referred < shares.refer:
                advocate = self._known[draw.integers(len(self._known))]
                yield self._event("referral", advocate, at_us + SECOND_US, ref=row["member"])

    def _in_the_back_office(self, table: pa.Table, draw: Draw) -> Iterator[Event]:
        """Merge, erase and bar a few members, at the day's last event."""
        if len(self._known) < 2 or not table.num_rows:
            return
        at_us = int(pc.max(table["at"]).as_py().timestamp()) * SECOND_US
        for kind, share in (
            ("merge", self._shares.merge),
            ("erase", self._shares.erase),
            ("disqualify", self._shares.bar),
        ):
            for _ in range(int(draw.poisson(share * len(self._known)))):
                one, other = draw.choice(len(self._known), 2, replace=False)
                fields = {"ref": self._known[other]} if kind == "merge" else {}
                yield self._event(kind, self._known[one], at_us, **fields)


def _line(row: dict[str, Any]) -> dict[str, str]:
    """Write a purchase as the line of its order."""
    line = {"product": row["product"], "amount": str(row["amount"])}
    return line if row["litres"] is None else line | {"litres": str(row["litres"])}


def _merged(table: pa.Table, events: list[Event]) -> pa.Table:
    """Put events between the rows of a table by time, those of the same time after them."""
    schema = table.schema
    for name in TEXT_COLUMNS:
        schema = schema.append(pa.field(name, pa.string()))
    schema = schema.append(pa.field("points", pa.int64()))
    for name in ATTRIBUTES:
        schema = schema.append(pa.field(f"attributes.{name}", pa.string()))
    columns = {
        field.name: pa.array([event.get(field.name) for event in events], _plain(field.type))
        for field in schema
    }
    more = pa.table(columns).cast(schema)
    rows = [
        table[field.name] if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    whole = pa.concat_tables([pa.table(rows, schema=schema), more]).unify_dictionaries()
    at_us = whole["at"].cast(pa.int64()).to_numpy()
    late = np.arange(len(whole)) < len(table)
    # The traffic's own order stays as it is: late events stand where they arrive.
    arrival_us = np.where(late, np.maximum.accumulate(np.where(late, at_us, at_us.min())), at_us)
    return whole.take(pa.array(np.argsort(arrival_us, kind="stable")))


def _plain(kind: pa.DataType) -> pa.DataType:
    """Give the type a column is built in before it is cast: text for words, µs for instants."""
    if pa.types.is_dictionary(kind):
        return pa.string()
    return pa.int64() if pa.types.is_timestamp(kind) else kind
