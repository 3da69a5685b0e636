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

from rules.compiling.compiled import TYPE_CODES
from rules.coupons.coupon_events import apply_coupon_events
from rules.coupons.coupon_refunds import note_orders
from rules.decoding.identity import Hashes
from rules.judging.coding import PURCHASE, TOP_UP, Events, encode, types_named
from rules.judging.contention import IS_OF_COUPON, Piece, cuts
from rules.judging.erasure import apply_erasures
from rules.judging.intake import Intake
from rules.judging.merging import apply_merges, merged_away
from rules.judging.next_season import open_season
from rules.judging.people import apply_adjustments, apply_profiles, apply_standing
from rules.judging.redemption import apply_redemptions
from rules.judging.referrals import enter_referrals, gather_referrals
from rules.judging.refunds import apply_refunds, apply_waiting
from rules.judging.results import DUPLICATE, LIMIT_REACHED, Outcome
from rules.judging.rounds import rounds
from rules.judging.sales import apply_sales
from rules.judging.tasks import apply_tasks
from rules.judging.ticks import due, run_tick, set_clock
from rules.ranks.prize_claims import apply_prize_claims
from rules.table.distinct import distinct_rows
from rules.table.member_table import NO_CLOCK_US, MemberTable
from rules.table.older_season import in_older

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

IS_TASK = types_named("check_in", "browse", "share", "survey", "review")
REFUND, ENROL, UPDATE = (TYPE_CODES[word] for word in ("refund", "enrol", "update"))
ADJUST, DISQUALIFY, REINSTATE = (TYPE_CODES[word] for word in ("adjust", "disqualify", "reinstate"))
REFERRAL, MERGE, ERASE = (TYPE_CODES[word] for word in ("referral", "merge", "erase"))
REDEEM, PRIZE_CLAIM = TYPE_CODES["redeem"], TYPE_CODES["prize_claim"]
LOOKS_AT_ISSUED = ~IS_TASK
LOOKS_AT_ISSUED[[PURCHASE, TOP_UP, REFUND, ENROL, UPDATE, ADJUST, REFERRAL]] = False
LOOKS_AT_ISSUED[[DISQUALIFY, REINSTATE]] = False


def apply(table: MemberTable, batch: pa.RecordBatch, hashes: Hashes | None = None) -> Outcome:
    """Apply a stamped batch (schema STAMPED, stamps never falling) to the table, in place.

    hashes are the batch's, where somebody has worked them out already.
    Cost: O(n log n) plus O(members) per local midnight crossed.
    """
    if not batch.num_rows:
        return Outcome.empty(0)
    return apply_events(table, encode(table, batch, hashes))


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
    outcome.changed = distinct_rows(changed, len(table))
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
    return distinct_rows([np.zeros(0, dtype=np.int64), *changed], len(table))


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


def held(table: MemberTable, events: Events) -> Bools:
    """Tell which events of a batch carry an identity the table already holds, bool[n]."""
    known: Bools = table.ledger.map.find(events.key_a, events.key_b) >= 0
    return known


def _apply_between_ticks(
    table: MemberTable, events: Events, first: int, last: int, outcome: Outcome
) -> Int64s:
    """Apply the events [first, last), round by round; returns their members' rows.

    Rounds change the order between members, which matters only for what they draw from
    together: where that could run out they take turns, and the batch is cut if need be.
    """
    if first == last:
        return np.zeros(0, dtype=np.int64)
    merges, emptied = table.merges, list[Int64s]()
    for piece in cuts(table, events, first, last):
        _apply_piece(table, events, piece, outcome)
        table.triggers.settle(table)
        enter_referrals(table, events, outcome)
        if table.merges > merges:
            merges = table.merges
            emptied.append(merged_away(table, int(events.row[piece.start])))
            row = table.resolve(events.own_row[piece.stop :])
            events.row = np.concatenate([events.row[: piece.stop], row])
    accepted = outcome.status[first:last] < DUPLICATE
    accepted |= outcome.status[first:last] == LIMIT_REACHED
    return np.concatenate([events.row[first:last][accepted], *emptied])


def _apply_piece(table: MemberTable, events: Events, piece: Piece, outcome: Outcome) -> None:
    """Apply the events of a piece, in rounds that keep what order matters among its members.

    Triggers wait for its end where it says so. They may in any case where nothing in it looks at
    what they issue, and nobody is told in the language of that moment: then all of them are
    settled at once.
    """
    intake = Intake(table, events, piece.start, piece.stop, outcome)
    waits = piece.in_order or (
        table.notices is None and not LOOKS_AT_ISSUED[events.type[intake.at]].any()
    )
    turns = None if piece.turns is None else piece.turns[intake.at - piece.start]
    for places in rounds(events.row[intake.at], turns):
        at = intake.ready(intake.at[places])
        if table.older is not None:
            older = _of_older(table, events, at)
            if older.any():
                with in_older(table):
                    _judge(table, events, at[older], outcome)
                intake.accept(at[older])
                at = at[~older]
        if len(at):
            _judge(table, events, at, outcome)
            intake.accept(at)
        if not waits:
            table.triggers.settle(table)
    intake.record()


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
