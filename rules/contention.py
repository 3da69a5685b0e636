"""Contention: how much a batch could draw from what members share, and where to cut it then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.coding import Events
from rules.compiled import TYPE_CODES
from rules.coupon_codes import read_code
from rules.member_table import MemberTable
from rules.ticks import due

MERGE: Final = TYPE_CODES["merge"]
DRAWING: Final = np.array([TYPE_CODES[word] for word in ("redeem", "claim", "reserve", "use")])
COUPON_TYPES: Final = np.array(
    [TYPE_CODES[word] for word in ("claim", "reserve", "use", "release")]
)
GIVING: Final = TYPE_CODES["refund"]
CLAIM: Final = TYPE_CODES["claim"]
ISSUING: Final = np.array([TYPE_CODES[word] for word in ("purchase", "enrol", "redeem")])

Int64s = npt.NDArray[np.int64]


def cuts(
    table: MemberTable, events: Events, first: int, last: int
) -> Iterator[tuple[int, int, bool]]:
    """Cut the rows [first, last) of a batch: (start, stop, whether triggers must wait).

    As long as every pool holds enough for all that could draw from it, the order between
    members changes nothing and there is one piece. Else each event that draws by itself is a
    piece of its own, and what triggers issue waits for the end of its piece, where arrival
    order is known. A merge, which makes two members one, always is a piece of its own, and so
    is a claim while claim codes are out, since two members may come with the same; and so is
    an event that names a coupon by a code which isn't known to be its own member's.
    """
    pools = table.pools
    kind = events.type[first:last]
    alone = kind == MERGE
    if len(table.claim_codes):
        alone |= kind == CLAIM
    if table.rules.coupons:
        alone |= _by_code(table, events, first, last)
    short = len(pools.used) > 0 and bool((pools.lease - pools.used < demand(table, kind)).any())
    if short:
        alone |= np.isin(kind, DRAWING)
        if table.rules.reinstates:
            alone |= kind == GIVING
    start = first
    for place in (first + np.flatnonzero(alone)).tolist():
        if start < place:
            yield start, place, short
        yield place, place + 1, short
        start = place + 1
    if start < last:
        yield start, last, short


def _by_code(table: MemberTable, events: Events, first: int, last: int) -> npt.NDArray[np.bool_]:
    """Find the events of [first, last) whose coupon's code could be another member's, bool[n].

    What they are answered depends on what others did just before.
    """
    kind = events.type[first:last]
    found = np.zeros(len(kind), dtype=np.bool_)
    for place in np.flatnonzero(np.isin(kind, COUPON_TYPES)).tolist():
        code = read_code(events.text("coupon", first + place))
        if code is not None:
            coupon = table.coupon_book.find(code)
            mine = coupon >= 0 and table.coupon_book.member[coupon] == events.row[first + place]
            found[place] = not mine or table.rules.season.coupon_rules.transferable
    return found


def demand(table: MemberTable, types: Int64s) -> Int64s:
    """Bound what events of some types, int64[n], could draw from each pool: int64[pools]."""
    rules = table.rules
    by_events = int(np.isin(types, DRAWING).sum())
    by_triggers = int(np.isin(types, ISSUING).sum()) * rules.triggers_at_once
    return rules.pool_rules.largest * (by_events + by_triggers)


def demand_with_ticks(table: MemberTable, events: Events) -> Int64s:
    """Bound what a batch could draw, the triggers of the ticks that fall due in it included."""
    ticks = len(due(table, int(events.stamp_us[-1])))
    by_ticks = ticks * len(table) * table.rules.triggers_at_ticks
    return demand(table, events.type) + table.rules.pool_rules.largest * by_ticks
