"""Refunds: full, partial, and before their purchase arrives.

A sale keeps what is left of it and the points it still holds, so partial refunds end where
a full one does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rules.accounts.journal import REVERSED, Note
from rules.compiling.calendar import months_of_days
from rules.compiling.patterns import EarningRates, Factors
from rules.coupons.coupon_refunds import reinstate
from rules.judging.coding import ALL_LEFT, NAMED_FEN, NAMED_ML, Events
from rules.judging.goals import lose_goals
from rules.judging.points import claw_back, give_back_room
from rules.judging.results import REASON_CODES, REJECTED, WAITING, Outcome
from rules.table.ledger import Sales, WaitingRefund
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def apply_refunds(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply refunds of distinct members, at int64[k] rows of the batch."""
    ledger = table.ledger
    found = ledger.map.find(events.ref_a[at], events.ref_b[at])
    known = found >= 0
    known[known] = ~forgotten(table, found[known], events.stamp_us[at[known]])
    missing = at[(found < 0)]
    _keep_waiting(table, events, missing, outcome)
    outcome.refuse(at[(found >= 0) & ~known], "unknown_ref")
    at, found = at[known], found[known]
    sale = ledger.identities.sale[found]
    outcome.refuse(at[sale < 0], "unknown_ref")
    at, sale = at[sale >= 0], sale[sale >= 0]
    if not len(at):
        return
    named = events.named[at]
    quantity = np.where(named == NAMED_FEN, events.amount_fen[at], events.quantity_ml[at])
    counts = events.stamp_us[at] < table.rules.final_us
    accepted, points = reverse(table, events.row[at], sale, named, quantity, counts)
    if table.rules.reinstates:
        done = at[accepted]
        reinstate(table, sale[accepted], events.at_us[done], events.stamp_us[done])
    outcome.points[at] = -points
    outcome.status[at[~accepted]] = REJECTED
    outcome.reason[at[~accepted]] = REASON_CODES["over_refund"]


def forgotten(table: MemberTable, identity: npt.NDArray[np.int32], stamp_us: Int64s) -> Bools:
    """Tell which identities are past refund_within, which counts only once final, bool[k]."""
    if not (stamp_us >= table.rules.final_us).any():
        return np.zeros(len(stamp_us), dtype=np.bool_)
    return past_refunds(table, table.ledger.identities.at_us[identity], stamp_us)


def past_refunds(table: MemberTable, at_us: Int64s, stamp_us: Int64s) -> Bools:
    """Tell for which times of sales refund_within is over, which counts only once final."""
    rules = table.rules
    old: Bools = stamp_us >= rules.final_us
    if old.any():
        old = old & (stamp_us >= rules.calendar.later_each(at_us, rules.refund_within))
    return old


def _keep_waiting(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Keep refunds whose purchase hasn't arrived; from the final instant on refuse them."""
    late = events.stamp_us[at] >= table.rules.final_us
    outcome.refuse(at[late], "unknown_ref")
    for place in at[~late].tolist():
        named = int(events.named[place])
        quantity = events.amount_fen[place] if named == NAMED_FEN else events.quantity_ml[place]
        key = int(events.ref_a[place]), int(events.ref_b[place])
        own_row = int(events.own_row[place])
        refund = WaitingRefund(
            events.text("event_id", place), named, int(quantity), own_row, int(events.at_us[place])
        )
        table.ledger.wait(int(events.row[place]), key, refund)
        table.members.waiting[events.row[place]] += 1
        outcome.status[place] = WAITING


def apply_waiting(table: MemberTable, events: Events, at: Int64s) -> None:
    """Apply the refunds that waited for the sales just recorded, in arrival order."""
    members = table.members
    at = at[members.waiting[events.row[at]] > 0]
    for place in at.tolist():
        row = int(events.row[place])
        key = (row, int(events.key_a[place]), int(events.key_b[place]))
        for refund in table.ledger.waiting.pop(key, ()):
            members.waiting[row] -= 1
            if table.journal is not None:
                table.journal.begin_waiting(place, refund.event_id)
            accepted, _ = reverse(
                table,
                np.array([row]),
                events.sale[place : place + 1],
                np.array([refund.named], dtype=np.int8),
                np.array([refund.quantity]),
                events.stamp_us[place : place + 1] < table.rules.final_us,
            )
            if table.journal is not None:
                table.journal.end_waiting()
            if not accepted[0]:
                table.report_dropped(refund.row, refund.event_id, "over_refund")
            elif table.rules.reinstates:
                one, at_us = slice(place, place + 1), np.array([refund.at_us])
                reinstate(table, events.sale[one], at_us, events.stamp_us[one])


def reverse(
    table: MemberTable,
    rows: Int64s,
    sale: npt.NDArray[np.int32],
    named: npt.NDArray[np.int8],
    quantity: Int64s,
    counts: Bools,
) -> tuple[Bools, Int64s]:
    """Reverse part of one sale each of distinct members.

    named says what quantity int64[k] is: fen, ml, or everything left. counts tells whether
    the reversal still moves the score. Returns which were accepted (the others ask for more
    than is left) and the points that count as reversed, int64[k].
    """
    sales = table.ledger.sales
    taken_ml, taken_fen, accepted = _taken(sales, sale, named, quantity)
    reversed_points = np.zeros(len(rows), dtype=np.int64)
    if not accepted.any():
        return accepted, reversed_points
    ok = np.flatnonzero(accepted)
    rows, sale, counts = rows[ok], sale[ok], counts[ok]
    sales.left_ml[sale] -= taken_ml[ok]
    sales.left_fen[sale] -= taken_fen[ok]
    _lower_metrics(table, rows, sale, taken_ml[ok], taken_fen[ok])
    base, bonus = _points_left(table, sale)
    lost_base, lost_bonus = sales.base[sale] - base, sales.bonus[sale] - bonus
    sales.base[sale], sales.bonus[sale] = base, bonus
    lost = lost_base + lost_bonus
    fuel_ml = taken_ml[ok] * sales.fuel[sale]
    table.tallies.refunded.add(sales.cells(sale), fuel_ml, taken_fen[ok], lost)
    rules = table.rules
    scoring = lost_base * rules.scores_base + lost_bonus * rules.scores_bonus
    scoring *= sales.scored[sale] & counts
    table.members.score[rows] -= scoring
    notes: list[Note] = []
    if table.journal is not None:
        notes.append(Note(REVERSED, scores=-scoring, ml=-taken_ml[ok], fen=-taken_fen[ok]))
    days = sales.day[sale].astype(np.int64)
    give_back_room(table, rows, lost, days)
    reversed_points[ok] = claw_back(table, rows, lost, days, notes)
    reversed_points[ok] += lose_goals(table, rows, counts)
    return accepted, reversed_points


def _taken(
    sales: Sales, sale: npt.NDArray[np.int32], named: npt.NDArray[np.int8], quantity: Int64s
) -> tuple[Int64s, Int64s, Bools]:
    """Work out the ml and fen each refund takes, and whether as much is left."""
    left_ml, left_fen = sales.left_ml[sale].astype(np.int64), sales.left_fen[sale].astype(np.int64)
    first_ml, first_fen = sales.first_ml[sale], sales.first_fen[sale]
    all_left = named == ALL_LEFT
    by_ml = named == NAMED_ML
    left = np.where(by_ml, left_ml, left_fen)
    first = np.where(by_ml, first_ml, first_fen)
    other_left = np.where(by_ml, left_fen, left_ml)
    other_first = np.where(by_ml, first_fen, first_ml)
    share = np.minimum(other_left, other_first * quantity // np.maximum(first, 1))
    other = np.where(quantity == left, other_left, share)
    accepted = np.where(all_left, left_ml + left_fen > 0, (quantity <= left) & (left > 0))
    taken_ml = np.where(all_left, left_ml, np.where(by_ml, quantity, other))
    taken_fen = np.where(all_left, left_fen, np.where(by_ml, other, quantity))
    return taken_ml, taken_fen, accepted


def _points_left(table: MemberTable, sale: npt.NDArray[np.int32]) -> tuple[Int64s, Int64s]:
    """Work out the base and bonus a sale holds with the quantities now left.

    The rates are those of the rules' version that the sale was judged by.
    """
    version = table.ledger.sales.version[sale]
    if (version == table.past.version).all():
        return _worth(table, sale, table.rules.earning_rates, table.rules.factors)
    base, bonus = np.zeros((2, len(sale)), dtype=np.int64)
    for each in np.unique(version).tolist():
        of_version = version == each
        rates = table.past.rates(table.rules, each)
        base[of_version], bonus[of_version] = _worth(table, sale[of_version], *rates)
    return base, bonus


def _worth(
    table: MemberTable, sale: npt.NDArray[np.int32], rates: EarningRates, factors: Factors
) -> tuple[Int64s, Int64s]:
    sales = table.ledger.sales
    left_ml, left_fen = sales.left_ml[sale].astype(np.int64), sales.left_fen[sale].astype(np.int64)
    raw = rates.raw(sales.earning_bits[sale], left_ml, left_fen)
    numerator, denominator = factors.look_up(sales.factor_bits[sale])
    whole = raw * numerator // (rates.divisor * denominator)
    total = np.minimum(sales.base[sale] + sales.bonus[sale], whole)
    base = np.minimum(sales.base[sale], raw // rates.divisor)
    base = np.where(numerator >= denominator, base, total)
    return base, total - base


def _lower_metrics(
    table: MemberTable,
    rows: Int64s,
    sale: npt.NDArray[np.int32],
    taken_ml: Int64s,
    taken_fen: Int64s,
) -> None:
    """Lower the sums of the purchases' months and season; what leaves nothing, also the visit."""
    sales, members, rules = table.ledger.sales, table.members, table.rules
    bought = sales.purchase[sale]
    rows, sale = rows[bought], sale[bought]
    fuel_ml = taken_ml[bought] * sales.fuel[sale]
    fen = taken_fen[bought]
    gone = sales.visit[sale] & (sales.left_ml[sale] == 0) & (sales.left_fen[sale] == 0)
    sales.visit[sale[gone]] = False
    members.litres_ml[rows] -= fuel_ml
    members.amount_fen[rows] -= fen
    members.visits[rows] -= gone
    days = sales.day[sale].astype(np.int64)
    table.windows.add(rows, days, -gone.astype(np.int64), -fuel_ml, -fen)
    members.season_fen[rows] -= fen * sales.in_season[sale]
    if not rules.rings.months:
        return
    months = months_of_days(days)
    held = months > table.open_month - rules.rings.months
    rows, slots = rows[held], months[held] % rules.rings.months
    for ring, taken in (
        (members.month_ml, fuel_ml),
        (members.month_fen, fen),
        (members.month_visits, gone),
    ):
        # Tiers that a later version of the file brought never saw the purchases before.
        ring[rows, slots] = np.maximum(ring[rows, slots] - taken[held], 0)


def drop_waiting(table: MemberTable) -> None:
    """Drop the refunds still waiting when the season becomes final, and report them."""
    for refunds in table.ledger.waiting.values():
        _report(table, refunds)
    table.ledger.waiting.clear()
    table.members.waiting[:] = 0


def _report(table: MemberTable, refunds: Sequence[WaitingRefund]) -> None:
    for refund in refunds:
        table.report_dropped(refund.row, refund.event_id, "unknown_ref")
