"""A season with every kind of coupon, and events at its till with their whole answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec

from rules.coupons.coupon_codes import write_code
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import running_stamps, stamp
from rules.judging.kernel import apply
from rules.judging.results import REASONS, STATUSES
from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, table_of

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
accept_late = "400d"
[products.92]
category = "fuel"
[products.coffee]
category = "shop"
[products.tea]
category = "shop"
[products.wash]
category = "service"
[stations.S1]
region = "east"
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "1.00" }
[tiers]
[[tiers.levels]]
id = "silver"
[[tiers.levels]]
id = "gold"
entry = { any = { amount = "10000.00" } }
discount = { category = "fuel", per_litre = "0.105" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-12-01T00:00:00
[[coupons]]
id = "fuel-10"
kind = "amount_off"
off = "10.00"
min_spend = "100.00"
where = { category = ["fuel"] }
valid = "30d"
claim = { times = 3, per = "season" }
[[coupons]]
id = "shop-80"
kind = "percent"
pay = "0.80"
max_off = "3.00"
where = { category = ["shop"] }
claim = { times = 3, per = "season" }
[[coupons]]
id = "any-5"
kind = "amount_off"
off = "5.00"
claim = { times = 3, per = "day" }
[[coupons]]
id = "wash"
kind = "gift"
product = "wash"
unit_cost = "15.00"
claim = { times = 3, per = "season" }
[[coupons]]
id = "closed"
kind = "amount_off"
off = "1.00"
[[catalogue]]
id = "five-for-100"
points = 100
coupon = "any-5"
[checkout]
points = 100
amount = "1.00"
step = 100
max_share = "0.30"
"""


@dataclass(frozen=True)
class Answer:
    """All that one event is answered."""

    status: str
    reason: str
    points: int
    details: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def season(*sections: str) -> str:
    return "\n".join([SEASON, *sections])


def shop(*sections: str) -> MemberTable:
    """Make the table of the season with more sections."""
    return table_of(season(*sections))


def answers(table: MemberTable, events: Sequence[Event], cuts: Iterable[int] = ()) -> list[Answer]:
    """Apply events in batches cut at some places."""
    known = table.ledger.identities.size
    events = [{"event_id": f"e{known + place}", **sent} for place, sent in enumerate(events)]
    told: list[Answer] = []
    for first, last in pairwise([0, *sorted(cuts), len(events)]):
        if first == last:
            continue
        decoded = decode_json(msgspec.json.encode(events[first:last]), table.rules.names)
        assert not decoded.refused, decoded.refused
        at_us = decoded.columns.column("at_us").to_numpy()
        outcome = apply(table, stamp(decoded.columns, running_stamps(at_us, table.clock_us)))
        told += [
            Answer(
                STATUSES[outcome.status[place]],
                REASONS[outcome.reason[place]],
                int(outcome.points[place]),
                outcome.details.get(place, {}),
                outcome.notes.get(place, ""),
            )
            for place in range(last - first)
        ]
    return told


def event(kind: str, member: str, at: str, **fields: Any) -> Event:
    """Write an event; `at` is a local time such as 06-19T12:00."""
    return {"type": kind, "member": member, "at": f"2026-{at}:00+08:00", **fields}


def line(product: str, amount: str, litres: str | None = None) -> dict[str, Any]:
    return {"product": product, "amount": amount} | ({"litres": litres} if litres else {})


FUEL = [line("92", "120.00", "16.000")]


def claim(member: str, at: str, coupon: str, **fields: Any) -> Event:
    return event("claim", member, at, coupon=coupon, **fields)


def reserve(member: str, at: str, coupon: str, order: str, lines: Any = None) -> Event:
    return event("reserve", member, at, coupon=coupon, order=order, lines=lines or FUEL)


def use(
    member: str, at: str, coupon: str | None, order: str, lines: Any = None, **more: Any
) -> Event:
    named = {"coupon": coupon} if coupon else {}
    return event("use", member, at, order=order, lines=lines or FUEL, **named, **more)


def release(member: str, at: str, coupon: str, **fields: Any) -> Event:
    return event("release", member, at, coupon=coupon, **fields)


def code_of(table: MemberTable, coupon: int) -> str:
    return write_code(int(table.coupon_book.code[coupon]))


def stand(table: MemberTable) -> list[tuple[str, str, str, int]]:
    """List every coupon's code, member, status as of the clock, and what it took off (fen)."""
    book = table.coupon_book
    statuses = book.status_as_of(table.clock_us)
    return sorted(
        (
            code_of(table, one),
            table.member_ids[int(book.member[one])],
            statuses[one],
            int(book.off_fen[one]),
        )
        for one in range(book.size)
    )
