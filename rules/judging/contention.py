"""Contention: how much a batch could draw from what members share, and where to cut it then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import TYPE_CODES
from rules.coupons.coupon_codes import read_code
from rules.judging.coding import Events, types_named
from rules.judging.ticks import due
from rules.table.member_table import MemberTable

MERGE: Final = TYPE_CODES["merge"]
REDEEM, CLAIM, USE, GIVING = (TYPE_CODES[word] for word in ("redeem", "claim", "use", "refund"))
IS_OF_COUPON: Final = types_named("claim", "reserve", "use", "release")
IS_TRIGGERING: Final = types_named("purchase", "enrol", "redeem")

Int64s = npt.NDArray[np.int64]
SPAN_MIN: Final = 1 << 10
"""Events of a span that isn't halved any more."""


def cuts(
    table: MemberTable, events: Events, first: int, last: int
) -> Iterator[tuple[int, int, bool]]:
    """Cut the rows [first, last) of a batch: (start, stop, whether triggers must wait).

    As long as every pool holds enough for all that could draw from it, the order between
    members changes nothing and there is one piece. Where only uses draw, a piece ends before one
    that isn't its member's first event in it: all its uses are in its first round then, which
    takes them in the order they came. Else each event that draws by itself is a
    piece of its own, and what triggers issue waits for the end of its piece, where arrival
    order is known. A long span is halved first then, and its second half looked at when the first
    is applied: mostly a pool runs out in one short span, and before and behind it there is enough,
    or nothing. A coupon event of a member whom such a trigger may concern is a piece of its
    own then, to see what was issued. A merge, which makes two members one, always is a piece of
    its own, and so is a claim while claim codes are out, since two members may come with the
    same; and so is an event that names a coupon by a code which isn't known to be its own
    member's.
    """
    kind = events.type[first:last]
    drawing, in_order = _contending(table, kind)
    in_one_round = drawing == [USE] and not in_order
    if last - first > SPAN_MIN and (drawing or in_order) and not in_one_round:
        middle = (first + last) // 2
        yield from cuts(table, events, first, middle)
        yield from cuts(table, events, middle, last)
        return
    alone = kind == MERGE
    if len(table.claim_codes):
        alone |= kind == CLAIM
    if table.rules.coupons:
        alone |= _by_code(table, events, first, last)
    before = np.full(last - first, -1)
    if in_one_round:
        before = _one_before(events.row[first:last], kind == USE)
    elif drawing:
        alone |= np.isin(kind, drawing)
    if in_order:
        alone |= _after_triggers(events, first, last)
    start = first
    for place in np.flatnonzero(alone | (before >= 0)).tolist():
        at = first + place
        if start < at and (alone[place] or first + before[place] >= start):
            yield start, at, in_order
            start = at
        if alone[place]:
            yield at, at + 1, in_order
            start = at + 1
    if start < last:
        yield start, last, in_order


def _one_before(row: Int64s, wanted: npt.NDArray[np.bool_]) -> Int64s:
    """Find the place of each wanted event's one before of the same member, int64[n], else -1."""
    order = np.argsort(row, kind="stable")
    again = row[order[1:]] == row[order[:-1]]
    before = np.full(len(row), -1)
    before[order[1:][again]] = order[:-1][again]
    before[~wanted] = -1
    return before


def _by_code(table: MemberTable, events: Events, first: int, last: int) -> npt.NDArray[np.bool_]:
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


def _after_triggers(events: Events, first: int, last: int) -> npt.NDArray[np.bool_]:
    """Find the coupon events of [first, last) whose member may just be issued one, bool[n].

    Where triggers wait for the end of their piece, such an event must not be in the same one.
    """
    kind, row = events.type[first:last], events.row[first:last]
    found: npt.NDArray[np.bool_] = IS_OF_COUPON[kind]
    found &= np.isin(row, row[IS_TRIGGERING[kind]])
    return found


def _contending(table: MemberTable, kind: Int64s) -> tuple[list[int], bool]:
    """List the types whose order among members matters now, and whether triggers' does.

    A pool with nothing left refuses everyone, in any order, unless something comes back to it.
    """
    rules, left = table.rules.pool_rules, table.pools.lease - table.pools.used
    if not len(left):
        return [], False
    comes_back = table.rules.reinstates & bool((kind == GIVING).any())
    open_ = (left > 0) | (comes_back & (rules.most_at_use > 0))
    contended = open_ & (left < demand(table, kind))
    if not contended.any():
        return [], False
    drawing = []
    if rules.most_at_issue[contended].any():
        drawing += [REDEEM, CLAIM]
    if rules.most_of_stock[contended].any():
        drawing += [REDEEM]
    if rules.most_at_use[contended].any():
        drawing += [USE, GIVING] if comes_back else [USE]
    return drawing, bool(rules.by_triggers[contended].any())


def demand(table: MemberTable, types: Int64s) -> Int64s:
    """Bound what events of some types, int64[n], could draw from each pool: int64[pools]."""
    rules = table.rules.pool_rules
    counts = np.bincount(types, minlength=len(TYPE_CODES))
    most: Int64s = (
        rules.most_at_issue * (counts[CLAIM] + counts[REDEEM])
        + rules.most_of_stock * counts[REDEEM]
        + rules.most_at_use * counts[USE]
        + rules.by_triggers * counts[IS_TRIGGERING].sum()
    )
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
