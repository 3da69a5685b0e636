"""Commons: whose claim codes a batch uses, and that a shard that is alone asks nobody."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from actors.commons import ALONE, Commons, Neighbours, codes_elsewhere
from rules.coupons.claim_codes import codes_of, read_number
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import running_stamps, stamp
from rules.judging.coding import Events, encode
from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, numbered
from tests.unit.test_claim_codes import NOON_US, batch, claim, with_batches
from tests.unit.test_triggers import event


class FirstCome:
    """Owners of codes on one shard's side of a counter: whoever is named first."""

    def __init__(self, **came_first: str) -> None:
        self.of = {str(read_number(code)): member for member, code in came_first.items()}
        self.asked: list[tuple[str, str]] = []

    def first(self, codes: Sequence[str], members: Sequence[str]) -> list[str]:
        self.asked += zip(codes, members, strict=True)
        return [self.of.setdefault(code, one) for code, one in zip(codes, members, strict=True)]


def coded(table: MemberTable, events: Sequence[Event]) -> Events:
    decoded = decode_json(msgspec.json.encode(numbered(events)), table.rules.names)
    at_us = decoded.columns.column("at_us").to_numpy()
    return encode(table, stamp(decoded.columns, running_stamps(at_us, NOON_US)))


def test_codes_whose_first_member_is_another_one_are_listed_as_written() -> None:
    table = with_batches()
    theirs, ours, new = codes_of(batch(), 0, 3)
    owners = FirstCome(z=theirs, a=ours)
    events = [
        event("enrol", "a", "2026-06-02T08:00:00"),
        claim("a", theirs.lower()),
        claim("a", ours),
        claim("b", new),
        claim("c", new),
        claim("d", "not a code"),
    ]
    assert codes_elsewhere(table, coded(table, events), owners) == [theirs.lower(), new]
    assert [member for _, member in owners.asked] == ["a", "a", "b", "c"]


def test_nobody_is_asked_for_a_batch_without_codes() -> None:
    table = with_batches()
    owners = FirstCome()
    unreadable = [event("enrol", "a", "2026-06-02T08:00:00"), claim("a", "not a code")]
    assert codes_elsewhere(table, coded(table, unreadable), owners) == []
    assert owners.asked == []


def test_codes_are_logged_before_the_batch_only_where_there_are_any() -> None:
    logged: list[list[str]] = []

    def no_lease(change: npt.NDArray[np.int64]) -> None:
        raise AssertionError(change)

    table = with_batches()
    code, other = codes_of(batch(), 0, 2)
    commons = Commons(Neighbours(owners=FirstCome(z=code)), no_lease, logged.append)
    commons.before_batch(table, coded(table, [claim("a", other)]))
    assert logged == []
    commons.before_batch(table, coded(table, [claim("a", code)]))
    assert logged == [[code]]
    alone = Commons(ALONE, no_lease, logged.append)
    alone.before_batch(table, coded(table, [claim("a", code)]))
    for each in (alone.restate, alone.before_order, alone.after_batch, alone.poke):
        each(table)
    assert logged == [[code]], "a shard that is alone asks nobody"
