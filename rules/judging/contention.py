"""Contention: where what members share could run out, who takes turns then, and where to cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import TYPE_CODES
from rules.coupons.coupon_codes import read_code
from rules.judging.coding import PURCHASE, Events, types_named
from rules.judging.rounds import ACTS_MAX, NO_TURN
from rules.judging.ticks import due
from rules.table.member_table import MemberTable

MERGE, ENROL, REFUND = (TYPE_CODES[word] for word in ("merge", "enrol", "refund"))
REDEEM, CLAIM, USE = (TYPE_CODES[word] for word in ("redeem", "claim", "use"))
IS_OF_COUPON: Final = types_named("claim", "reserve", "use", "release")
IS_TRIGGERING: Final = types_named("purchase", "enrol", "redeem")
ACT_OF_TYPE: Final = np.arange(len(TYPE_CODES))
ACT_OF_TYPE[CLAIM] = USE
ACT_OF_TYPE[PURCHASE] = REFUND
"""What a round does in the order of its events: it claims and uses coupons in one loop. Refunds,
those that waited for a purchase among them, only give back, in any order."""

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
SPAN_MIN: Final = 1 << 10
"""Events of a span that isn't halved any more."""


class Piece(NamedTuple):
    """A span [start, stop) of a batch to be applied round by round.

    turns int64[stop - start], where anything could run out, are for rounds(); in_order says that
    triggers wait for the end of the piece, to issue in the order their events came.
    """

    start: int
    stop: int
    turns: Int64s | None = None
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class Contention:
    """Which types of event draw from what could run out within a span, or give back to it.

    queue int64[types] is the same for those that share such a pool, and negative for all others;
    alone bool[types] are those that share one with triggers. in_order as in Piece.
    """

    queue: Int64s
    alone: Bools
    in_order: bool


def cuts(table: MemberTable, events: Events, first: int, last: int) -> Iterator[Piece]:
    """Cut the rows [first, last) of a batch so that the order among members is kept if it matters.

    As long as every pool holds enough for all that could draw from it, or too little for any of
    them, the order between members changes nothing. Else those that draw take turns within a
    piece, which costs a few rounds more. Cuts are made where an event depends on more:

    - A merge, which makes two members one, is a piece of its own. What is behind it is looked at
      when it has been applied.
    - So is a claim while claim codes are out, since two members may come with the same, and an
      event that names a coupon by a code which isn't known to be its own member's.
    - Where triggers could find a pool empty, they issue at the end of their piece. An event that
      draws from the same pool is a piece of its own then; and a coupon event that comes after one
      that may set off a trigger for its member begins a piece, to see what was issued.
    """
    begin = first
    for merge in (first + np.flatnonzero(events.type[first:last] == MERGE)).tolist():
        yield from _of_span(table, events, begin, merge)
        yield Piece(merge, merge + 1)
        begin = merge + 1
    yield from _of_span(table, events, begin, last)


def _of_span(table: MemberTable, events: Events, first: int, last: int) -> Iterator[Piece]:
    """Cut a span without merges.

    Where something must be alone a long span is halved first, and its second half looked at when
    the first is applied: mostly a pool runs out in one short span, and before and behind it there
    is enough, or nothing.
    """
    if first == last:
        return
    kind = events.type[first:last]
    found = _contention(table, kind)
    alone = np.zeros(len(kind), dtype=np.bool_)
    turns, after, in_order = None, None, False
    if found is not None:
        alone, in_order = found.alone[kind], found.in_order
        if len(kind) > SPAN_MIN and alone.any():
            middle = (first + last) // 2
            yield from _of_span(table, events, first, middle)
            yield from _of_span(table, events, middle, last)
            return
        turns = _turns(table, events, first, last, found)
        after = _after_triggers(events, first, last) if in_order else None
    if len(table.claim_codes):
        alone |= kind == CLAIM
    if table.rules.coupons:
        alone |= _by_code(table, events, first, last)
    for start, stop in _bounds(alone, after):
        mine = None if turns is None else turns[start:stop]
        yield Piece(first + start, first + stop, mine, in_order)


def _bounds(alone: Bools, after: Int64s | None) -> Iterator[tuple[int, int]]:
    """Give the bounds of pieces: what is alone by itself, no event in one with what it is after.

    after int64[n] is the place of that, or -1.
    """
    start, wanted = 0, alone if after is None else alone | (after >= 0)
    for place in np.flatnonzero(wanted).tolist():
        if start < place and (alone[place] or (after is not None and after[place] >= start)):
            yield start, place
            start = place
        if alone[place]:
            yield place, place + 1
            start = place + 1
    if start < len(alone):
        yield start, len(alone)


def _contention(table: MemberTable, kind: Int64s) -> Contention | None:
    """Tell who contends for what could run out among events of some types, int64[n].

    A pool with too little left for anything refuses everyone, in any order, unless something
    comes back to it.
    """
    rules, left = table.rules.pool_rules, table.pools.lease - table.pools.used
    if not len(left):
        return None
    refunding = bool((kind == REFUND).any()) or len(table.ledger.waiting) > 0
    comes_back = table.rules.reinstates and refunding
    of_use = rules.most_at_use > 0
    contended: Bools = left >= rules.least
    contended |= of_use & comes_back
    contended &= left < demand(table, kind)
    if not contended.any():
        return None
    drawing = _most_by_type(table) > 0
    if comes_back:
        drawing[[REFUND, PURCHASE]] |= of_use
    triggered = contended & (rules.by_enrol + rules.by_rise > 0)
    alone: Bools = np.logical_or.reduce(drawing[:, triggered], axis=1)
    queue = np.full(len(TYPE_CODES), NO_TURN)
    for pool in np.flatnonzero(contended & ~triggered).tolist():
        mine: Bools = drawing[:, pool]
        queue[mine | (queue >= 0) & np.isin(queue, queue[mine])] = pool
    return Contention(queue, alone, bool(triggered.any()))


def _turns(
    table: MemberTable, events: Events, first: int, last: int, found: Contention
) -> Int64s | None:
    """Give the events of [first, last) their turns, int64[n]; None where nobody has one."""
    kind = events.type[first:last]
    queue = found.queue[kind]
    if found.queue[REFUND] >= 0:
        queue[_gives_nothing_back(table, events, first, last)] = NO_TURN
    if not (queue >= 0).any():
        return None
    turns: Int64s = np.where(queue >= 0, queue * ACTS_MAX + ACT_OF_TYPE[kind], NO_TURN)
    return turns


def _gives_nothing_back(table: MemberTable, events: Events, first: int, last: int) -> Bools:
    """Find the purchases of [first, last) that no refund can have waited for, bool[n]."""
    kind, row = events.type[first:last], events.row[first:last]
    waited = (table.members.waiting[row] > 0) | np.isin(row, row[kind == REFUND])
    nothing: Bools = (kind == PURCHASE) & ~waited
    return nothing


def _by_code(table: MemberTable, events: Events, first: int, last: int) -> Bools:
    """Find the events of [first, last) whose coupon's code could be another member's, bool[n].

    What they are answered depends on what others did just before.
    """
    kind = events.type[first:last]
    found = np.zeros(len(kind), dtype=np.bool_)
    for place in np.flatnonzero(IS_OF_COUPON[kind]).tolist():
        code = read_code(events.text("coupon", first + place))
        if code is not None:
            coupon = table.coupon_book.find(code)
            mine = coupon >= 0 and table.coupon_book.member[coupon] == events.row[first + place]
            found[place] = not mine or table.rules.season.coupon_rules.transferable
    return found


def _after_triggers(events: Events, first: int, last: int) -> Int64s:
    """Find what may have set off a trigger for its member before a coupon event, int64[n].

    The place of the latest within [first, last), -1 where there is none, or no coupon event.
    """
    kind, row = events.type[first:last], events.row[first:last]
    order = np.argsort(row, kind="stable")
    places = np.arange(len(order))
    latest = np.maximum.accumulate(np.where(IS_TRIGGERING[kind[order]], places, -1))
    ours = (latest >= 0) & (row[order[latest]] == row[order]) & IS_OF_COUPON[kind[order]]
    after = np.full(len(order), -1)
    after[order[ours]] = order[latest[ours]]
    return after


def demand(table: MemberTable, types: Int64s) -> Int64s:
    """Bound what events of some types, int64[n], could draw from each pool: int64[pools]."""
    rules = table.rules.pool_rules
    counts = np.bincount(types, minlength=len(TYPE_CODES))
    most: Int64s = (
        counts @ _most_by_type(table)
        + rules.by_enrol * counts[ENROL]
        + rules.by_rise * (counts[PURCHASE] + counts[REDEEM])
    )
    return most


def _most_by_type(table: MemberTable) -> Int64s:
    """Bound what one event of each type draws by itself, int64[types, pools]."""
    rules = table.rules.pool_rules
    most = np.zeros((len(TYPE_CODES), len(rules.pools)), dtype=np.int64)
    most[REDEEM] = rules.most_at_redeem
    most[CLAIM] = rules.most_at_issue if len(table.claim_codes) else rules.most_at_claim
    most[USE] = rules.most_at_use
    return most


def demand_with_ticks(table: MemberTable, events: Events) -> Int64s:
    """Bound what a batch could draw, the triggers of the ticks that fall due in it included."""
    ticks = len(due(table, int(events.stamp_us[-1])))
    return demand(table, events.type) + demand_of_ticks(table, ticks)


def demand_of_ticks(table: MemberTable, ticks: int) -> Int64s:
    """Bound what the triggers of some ticks could draw from each pool: int64[pools]."""
    return table.rules.pool_rules.by_ticks * (ticks * len(table))


def demand_of_campaign(table: MemberTable) -> Int64s:
    """Bound what a campaign to every member could draw from each pool: int64[pools]."""
    return table.rules.pool_rules.most_at_issue * len(table)
