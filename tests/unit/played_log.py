"""Play events, written as a till sends them, into a member table, cut wherever a test likes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import running_stamps, stamp
from rules.judging.kernel import advance, apply
from rules.judging.results import REASONS, STATUSES
from rules.season.season_file import load_season
from rules.table.member_table import NO_CLOCK_US, MemberTable

Event = dict[str, Any]


def instant_us(text: str) -> int:
    """Read an instant with its offset, µs UTC."""
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def rules_of(season: str) -> Rules:
    return compile_rules(load_season(season))


def table_of(season: str) -> MemberTable:
    return MemberTable(rules_of(season))


def numbered(events: Iterable[Event]) -> list[Event]:
    """Give each event an id of its own where it has none."""
    return [{"event_id": f"e{place}", **event} for place, event in enumerate(events)]


def play(
    table: MemberTable, events: Sequence[Event], cuts: Iterable[int] = (), until: str | None = None
) -> list[tuple[str, str]]:
    """Apply events under their own clock, in batches cut at some places; tell every answer."""
    events = numbered(events)
    answers: list[tuple[str, str]] = []
    places = [0, *sorted(cuts), len(events)]
    for first, last in pairwise(places):
        if first == last:
            continue
        decoded = decode_json(msgspec.json.encode(events[first:last]), table.rules.names)
        assert not decoded.refused, decoded.refused
        at_us = decoded.columns.column("at_us").to_numpy()
        outcome = apply(table, stamp(decoded.columns, running_stamps(at_us, table.clock_us)))
        answers += [
            (STATUSES[status], REASONS[reason])
            for status, reason in zip(outcome.status, outcome.reason, strict=True)
        ]
    if until is not None:
        advance(table, instant_us(until))
    assert table.clock_us > NO_CLOCK_US
    return answers


def restored(table: MemberTable) -> MemberTable:
    """Write a table to its state and read it back."""
    return MemberTable.from_state(table.rules, table.state())


def coupons_of(table: MemberTable) -> list[tuple[str, str, int]]:
    """List member, template and instant of every coupon, by instant, member and template."""
    book, coupons = table.coupon_book, table.rules.season.coupons
    return sorted(
        (
            (
                table.member_ids[int(book.member[row])],
                coupons[int(book.template[row])].id,
                int(book.issued_us[row]),
            )
            for row in range(book.size)
        ),
        key=lambda each: (each[2], each[0], each[1]),
    )


def days_of(table: MemberTable, member: str, template: str) -> list[str]:
    """List the local dates on which a member was issued coupons of a template."""
    return [
        str(np.datetime64(table.rules.calendar.day(at_us), "D"))
        for name, coupon, at_us in coupons_of(table)
        if (name, coupon) == (member, template)
    ]
