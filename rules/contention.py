"""Where a batch has to be cut so that what members share is given in arrival order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from rules.coding import Events
from rules.compiled import TYPE_CODES
from rules.member_table import MemberTable

DRAWING: Final = np.array([TYPE_CODES[word] for word in ("redeem", "claim", "reserve", "use")])
GIVING: Final = TYPE_CODES["refund"]
ISSUING: Final = np.array([TYPE_CODES[word] for word in ("purchase", "enrol", "redeem")])


def cuts(
    table: MemberTable, events: Events, first: int, last: int
) -> Iterator[tuple[int, int, bool]]:
    """Cut the rows [first, last) of a batch: (start, stop, whether triggers must wait).

    As long as every pool holds enough for all that could draw from it, the order between
    members changes nothing and there is one piece. Else each event that draws by itself is a
    piece of its own, and what triggers issue waits for the end of its piece, where arrival
    order is known.
    """
    if not _may_run_out(table, events, first, last):
        yield first, last, False
        return
    kind = events.type[first:last]
    alone = np.isin(kind, DRAWING)
    if table.rules.reinstates:
        alone |= kind == GIVING
    start = first
    for place in (first + np.flatnonzero(alone)).tolist():
        if start < place:
            yield start, place, True
        yield place, place + 1, True
        start = place + 1
    if start < last:
        yield start, last, True


def _may_run_out(table: MemberTable, events: Events, first: int, last: int) -> bool:
    """Tell whether a pool could run out within these events; cheap and on the safe side."""
    rules, pools = table.rules, table.pools
    if not rules.pool_rules.pools:
        return False
    kind = events.type[first:last]
    drawing = int(np.isin(kind, DRAWING).sum())
    issuing = int(np.isin(kind, ISSUING).sum()) * rules.triggers_at_once
    if drawing + issuing == 0:
        return False
    most = rules.pool_rules.largest * (drawing + issuing)
    left = rules.pool_rules.limits - pools.used
    return bool((left < most).any())
