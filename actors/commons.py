"""Commons: what a shard's members share with those of other shards, pools and claim codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from actors.leases import Leases
from actors.store.errors import StoreUnavailable
from actors.store.pool_leases import PoolLeases
from rules.compiling.compiled import TYPE_CODES
from rules.coupons.claim_codes import read_number
from rules.judging.coding import Events
from rules.judging.contention import demand_of_campaign, demand_of_ticks, demand_with_ticks
from rules.judging.ticks import due
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]


class Owners(Protocol):
    """Who came first with each claim code, over all shards."""

    def first(self, codes: Sequence[str], members: Sequence[str]) -> list[str]:
        """Enter members for codes, and give the one who came first with each."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Whom a shard asks about what its members share with others; one that is alone asks nobody."""

    pools: PoolLeases | None = None
    owners: Owners | None = None


ALONE: Final = Neighbours()


class Commons:
    """Sees to it that the log has, before anything is judged, what it may draw that is shared.

    It knows what a batch, a tick and a campaign could need, and whom to ask. log_lease(change
    int64[pools]) and log_codes(codes) write the answers and have them take effect. A shard that
    is alone has neither pools nor owners to ask, and nothing happens here. Where they can't be
    asked or the log can't be written, StoreUnavailable; asking again is safe.
    """

    def __init__(
        self,
        neighbours: Neighbours,
        log_lease: Callable[[Int64s], None],
        log_codes: Callable[[list[str]], None],
    ) -> None:
        pools = neighbours.pools
        self._leases = Leases(pools, log_lease) if pools is not None else None
        self._owners = neighbours.owners
        self._log_codes = log_codes

    def restate(self, table: MemberTable) -> None:
        """Tell the others what this shard's own log says it holds."""
        if self._leases is not None:
            self._leases.start(table.pools)

    def before_batch(self, table: MemberTable, events: Events) -> None:
        """Have logged what events and the ticks before them may draw, and whose codes they use."""
        if self._leases is not None:
            self._leases.cover(table.pools, demand_with_ticks(table, events))
        if self._owners is not None and len(table.claim_codes):
            codes = codes_elsewhere(table, events, self._owners)
            if codes:
                self._log_codes(codes)

    def before_ticks(self, table: MemberTable, to_us: int) -> None:
        """Have logged what the ticks due by an instant may draw."""
        if self._leases is not None:
            ticks = len(due(table, to_us))
            self._leases.cover(table.pools, demand_of_ticks(table, ticks))

    def before_order(self, table: MemberTable) -> None:
        """Have logged what an order may draw: a campaign issues to everyone at once."""
        if self._leases is not None:
            self._leases.cover(table.pools, demand_of_campaign(table))

    def left(self, table: MemberTable) -> Int64s:
        """Tell what may still be drawn from each pool, int64[pools], here or after asking.

        Where nobody can be asked now, as much as others may have left.
        """
        if self._leases is None:
            return table.pools.lease - table.pools.used
        try:
            return self._leases.left(table.pools)
        except StoreUnavailable:
            return table.pools.rules.limits - table.pools.used

    def after_batch(self, table: MemberTable) -> None:
        """Give back what was not used while little is left for anyone."""
        if self._leases is not None:
            self._leases.after_batch(table.pools)

    def poke(self, table: MemberTable) -> None:
        """Give back what is not used when another shard waits for it."""
        if self._leases is not None:
            self._leases.poke(table.pools)


def codes_elsewhere(table: MemberTable, events: Events, owners: Owners) -> list[str]:
    """List the codes claimed in a batch, as written, whose first member is another one.

    Nobody is asked when the batch has no claim of a readable code.
    """
    claims = np.flatnonzero(events.type == TYPE_CODES["claim"]).tolist()
    texts = {place: events.text("coupon", place) for place in claims}
    codes = {
        place: str(number)
        for place, text in texts.items()
        if (number := read_number(text)) is not None
    }
    if not codes:
        return []
    members = [table.member_ids[events.row[place]] for place in codes]
    first = owners.first(list(codes.values()), members)
    return [
        texts[place]
        for place, owner, member in zip(codes, first, members, strict=True)
        if owner != member
    ]
