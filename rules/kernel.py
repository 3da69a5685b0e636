"""The kernel: (member table, stamped batch) → (changed table, outcome).

Pure: the clock comes with the events. A batch is cut at the ticks that fall due inside it;
between ticks it is grouped by member, and the k-th event of each member forms round k. A
round's members are distinct, so gather, compute and scatter are exact, and any cut of the
stream into batches gives the same result.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.coding import PURCHASE, TOP_UP, Events, encode, types_named
from rules.compiled import TYPE_CODES
from rules.contention import IS_OF_COUPON, cuts
from rules.coupon_events import apply_coupon_events
from rules.coupon_refunds import note_orders
from rules.erasure import apply_erasures
from rules.member_table import NO_CLOCK_US, MemberTable
from rules.merging import apply_merges, merged_away
from rules.next_season import open_season
from rules.older_season import in_older
from rules.people import apply_adjustments, apply_profiles, apply_standing
from rules.prize_claims import apply_prize_claims
from rules.redemption import apply_redemptions
from rules.referrals import enter_referrals, gather_referrals
from rules.refunds import apply_refunds, apply_waiting, forgotten
from rules.results import CONFLICT, DUPLICATE, LIMIT_REACHED, REJECTED, WAITING, Outcome
from rules.sales import apply_sales
from rules.tasks import apply_tasks
from rules.ticks import EARLY_US_MAX, due, run_tick, set_clock

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

IS_TASK = types_named("check_in", "browse", "share", "survey", "review")
REFUND, ENROL, UPDATE = (TYPE_CODES[word] for word in ("refund", "enrol", "update"))
ADJUST, DISQUALIFY, REINSTATE = (TYPE_CODES[word] for word in ("adjust", "disqualify", "reinstate"))
REFERRAL, MERGE, ERASE = (TYPE_CODES[word] for word in ("referral", "merge", "erase"))
REDEEM, PRIZE_CLAIM = TYPE_CODES["redeem"], TYPE_CODES["prize_claim"]


def apply(table: MemberTable, batch: pa.RecordBatch) -> Outcome:
    """Apply a stamped batch (schema STAMPED, stamps never falling) to the table, in place.

    Cost: O(n log n) plus O(members) per local midnight crossed.
    """
    if not batch.num_rows:
        return Outcome.empty(0)
    return apply_events(table, encode(table, batch))


def apply_events(table: MemberTable, events: Events) -> Outcome:
    """Apply a batch that encode() has numbered for this table, at least one event."""
    outcome = Outcome.empty(len(events))
    if table.clock_us == NO_CLOCK_US:
        set_clock(table, int(events.stamp_us[0]))
    changed: list[Int64s] = []
    first = 0
    for tick_us in _ticks(table, int(events.stamp_us[-1])):
        last = int(np.searchsorted(events.stamp_us, tick_us, side="left"))
        changed.append(_apply_between_ticks(table, events, first, last, outcome))
        opened = table.season_number
        changed.append(_tick(table, tick_us))
        if table.season_number > opened:
            sale = events.sale
            events = encode(table, events.batch)  # what comes now is judged by the new file
            events.sale = sale
        first = last
    changed.append(_apply_between_ticks(table, events, first, len(events), outcome))
    set_clock(table, int(events.stamp_us[-1]))
    if table.journal is not None:
        table.journal.settle(table)
    if table.notices is not None:
        table.notices.settle()
    outcome.changed = distinct(np.concatenate(changed), len(table))
    return outcome


def advance(table: MemberTable, to_us: int) -> Int64s:
    """Run every tick due up to and including an instant; returns changed rows, int64[k]."""
    if table.clock_us == NO_CLOCK_US:
        # Nothing was due for nobody, but an empty table becomes final like any other.
        set_clock(table, min(to_us, table.rules.final_us - 1))
    changed = [_tick(table, tick_us) for tick_us in _ticks(table, to_us)]
    set_clock(table, to_us)
    if table.journal is not None:
        table.journal.settle(table)
    if table.notices is not None:
        table.notices.settle()
    return distinct(np.concatenate([np.zeros(0, dtype=np.int64), *changed]), len(table))


def _ticks(table: MemberTable, upto_us: int) -> Iterator[int]:
    """Yield the instants due up to one, each to be run before the next is asked for.

    A season that opens on the way brings its own.
    """
    number = table.season_number
    for at_us in due(table, upto_us):
        yield at_us
        if table.season_number > number:
            yield from _ticks(table, upto_us)
            return


def _tick(table: MemberTable, at_us: int) -> Int64s:
    """Run one tick, and open the next season where it starts; returns changed rows, int64[k]."""
    changed = run_tick(table, at_us)
    if table.upcoming is None or table.upcoming.starts_us > at_us:
        return changed
    open_season(table)
    return np.arange(len(table), dtype=np.int64)


def distinct(rows: Int64s, size: int) -> Int64s:
    """Sort out the distinct rows of a table of some size: O(size) for many rows."""
    if len(rows) < size // 64:
        return np.unique(rows)
    seen = np.zeros(size, dtype=np.bool_)
    seen[rows] = True
    return np.flatnonzero(seen)


def held(table: MemberTable, events: Events) -> Bools:
    """Tell which events of a batch carry an identity the table already holds, bool[n]."""
    known: Bools = table.ledger.map.find(events.key_a, events.key_b) >= 0
    return known


def rounds(rows: Int64s) -> Iterator[Int64s]:
    """Group places by how often their row has come before: each round's rows are distinct.

    >>> [places.tolist() for places in rounds(np.array([7, 8, 7, 7]))]
    [[0, 1], [2], [3]]
    """
    order = np.argsort(rows, kind="stable")
    sorted_rows = rows[order]
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = sorted_rows[1:] != sorted_rows[:-1]
    starts = np.flatnonzero(begins)
    if len(starts) == len(rows):
        yield np.arange(len(rows))
        return
    sizes = np.diff(np.append(starts, len(rows)))
    nth = np.empty(len(rows), dtype=np.int64)
    nth[order] = np.arange(len(rows)) - np.repeat(starts, sizes)
    by_round = np.argsort(nth, kind="stable")
    yield from np.split(by_round, np.cumsum(np.bincount(nth))[:-1])


def _apply_between_ticks(
    table: MemberTable, events: Events, first: int, last: int, outcome: Outcome
) -> Int64s:
    """Apply the events [first, last), round by round; returns their members' rows.

    Rounds change the order between members, which matters only for what they draw from
    together: the batch is cut where that could run out.
    """
    if first == last:
        return np.zeros(0, dtype=np.int64)
    merges, emptied = table.merges, list[Int64s]()
    for start, stop, in_order in cuts(table, events, first, last):
        for places in rounds(events.row[start:stop]):
            _apply_round(table, events, start + places, outcome)
            if not in_order:
                table.triggers.settle(table)
        table.triggers.settle(table)
        enter_referrals(table, events, outcome)
        if table.merges > merges:
            merges = table.merges
            emptied.append(merged_away(table, int(events.row[start])))
            row = table.resolve(events.own_row[stop:])
            events.row = np.concatenate([events.row[:stop], row])
    accepted = outcome.status[first:last] < DUPLICATE
    accepted |= outcome.status[first:last] == LIMIT_REACHED
    return np.concatenate([events.row[first:last][accepted], *emptied])


def _apply_round(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply one event each of distinct members, at int64[k] rows of the batch."""
    at = _answer_known(table, events, at, outcome)
    at = _refuse_untimely(table, events, at, outcome)
    if table.older is not None:
        older = _of_older(table, events, at)
        if older.any():
            with in_older(table):
                _judge(table, events, at[older], outcome)
            at = at[~older]
    if len(at):
        _judge(table, events, at, outcome)


def _of_older(table: MemberTable, events: Events, at: Int64s) -> Bools:
    """Tell which events fall into the season before: by their time, or the sale they refund."""
    assert table.older is not None
    kind = events.type[at]
    timed = (kind == PURCHASE) | (kind == TOP_UP) | IS_TASK[kind]
    older: Bools = timed & table.older.covers(events.at_us[at])
    refunds = np.flatnonzero(kind == REFUND)
    if len(refunds):
        ledger, these = table.ledger, at[refunds]
        found = ledger.map.find(events.ref_a[these], events.ref_b[these])
        sale = np.where(found >= 0, ledger.identities.sale[np.maximum(found, 0)], -1)
        number = ledger.sales.season[np.maximum(sale, 0)]
        older[refunds] = (sale >= 0) & (number == table.older.number)
    return older


def _judge(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply events whose identity is new and whose time is right, one each of distinct members."""
    if table.journal is not None:
        table.journal.enter(table, events, at)
    if table.notices is not None:
        table.notices.enter(table, events, at)
    kind = events.type[at]
    sales = at[(kind == PURCHASE) | (kind == TOP_UP)]
    if len(sales):
        apply_sales(table, events, sales, outcome)
        if table.rules.reinstates:
            note_orders(table, events, sales)
    if len(sales) < len(at):
        _apply_others(table, events, at, kind, outcome)
    status = outcome.status[at]
    _record(table, events, at[status != REJECTED], outcome)
    table.members.listed[events.row[at[(status != REJECTED) & (status != WAITING)]]] = True
    if table.ledger.waiting and len(sales):
        apply_waiting(table, events, sales)


def _apply_others(
    table: MemberTable, events: Events, at: Int64s, kind: Int64s, outcome: Outcome
) -> None:
    """Apply what isn't a sale; what the round doesn't hold costs one count for all."""
    present = np.bincount(kind, minlength=len(TYPE_CODES)) > 0

    def those(*types: int) -> Int64s:
        wanted: Bools = np.logical_or.reduce([kind == code for code in types])
        return at[wanted]

    if (present & IS_TASK).any():
        apply_tasks(table, events, at[IS_TASK[kind]], outcome)
    if present[REFUND]:
        apply_refunds(table, events, those(REFUND), outcome)
    if present[ENROL] or present[UPDATE]:
        apply_profiles(table, events, those(ENROL, UPDATE))
    if present[ADJUST]:
        apply_adjustments(table, events, those(ADJUST), outcome)
    if present[REDEEM]:
        apply_redemptions(table, events, those(REDEEM), outcome)
    if (present & IS_OF_COUPON).any():
        apply_coupon_events(table, events, at[IS_OF_COUPON[kind]], outcome)
    if present[PRIZE_CLAIM]:
        apply_prize_claims(table, events, those(PRIZE_CLAIM), outcome)
    if present[DISQUALIFY]:
        apply_standing(table, events, those(DISQUALIFY), disqualified=True)
    if present[REINSTATE]:
        apply_standing(table, events, those(REINSTATE), disqualified=False)
    if present[REFERRAL]:
        gather_referrals(table, those(REFERRAL))
    if present[ERASE]:
        apply_erasures(table, events, those(ERASE))
    if present[MERGE]:
        apply_merges(table, events, those(MERGE), outcome)


def _answer_known(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> Int64s:
    """Answer events whose identity is held with the first result; returns the others."""
    found = table.ledger.map.find(events.key_a[at], events.key_b[at])
    held = found >= 0
    if not held.any():
        return at
    again, first = at[held], found[held]
    identities = table.ledger.identities
    same = identities.fingerprint[first] == events.fingerprint[again]
    outcome.status[again] = np.where(same, DUPLICATE, CONFLICT)
    outcome.points[again] = np.where(same, identities.points[first], 0)
    late = forgotten(table, first, events.stamp_us[again])
    if table.ledger.details:
        told = same & ~late
        for place, row in zip(again[told].tolist(), first[told].tolist(), strict=True):
            if row in table.ledger.details:
                outcome.details[place] = table.ledger.details[row]
    gone = again[late]
    outcome.points[gone] = 0
    outcome.refuse(gone, "too_late")
    return at[~held]


def _refuse_untimely(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> Int64s:
    """Refuse events too far behind their clock reading, or ahead of it; returns the others."""
    at_us, stamp_us = events.at_us[at], events.stamp_us[at]
    late = table.rules.calendar.later_each(at_us, table.rules.accept_late) < stamp_us
    early = at_us > stamp_us + EARLY_US_MAX
    if not (late | early).any():
        return at
    outcome.refuse(at[late], "too_late")
    outcome.refuse(at[early], "too_early")
    return at[~(late | early)]


def _record(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    first = table.ledger.record(
        (events.key_a[at], events.key_b[at]),
        {
            "fingerprint": events.fingerprint[at],
            "at_us": events.at_us[at],
            "points": outcome.points[at],
            "sale": events.sale[at],
        },
        len(at),
    )
    if outcome.details:
        for row, place in enumerate(at.tolist(), first):
            if place in outcome.details:
                table.ledger.details[row] = outcome.details[place]
