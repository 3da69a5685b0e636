"""Referral points: entered when the referral arrives, paid and taken back by ticks.

Who was referred first goes by arrival order, whatever the rounds of a batch: referrals are
gathered while events apply and entered before the next tick.
"""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.clauses import scalar_text
from rules.compiling.referral_rules import ReferralRules
from rules.decoding.identity import hash_strings
from rules.judging.coding import Events
from rules.judging.points import claw_back, credit, give_back_room, room
from rules.judging.results import Outcome
from rules.notices.referral_notices import states_before, tell_changes, tell_taken
from rules.table.member_table import MemberTable
from rules.table.older_season import in_older
from rules.table.referral_book import (
    ALREADY_REFERRED,
    CANCELLED,
    LIMIT_REACHED,
    NOT_DISTINCT,
    NOT_NEW,
    PAID,
    PENDING,
    TAKEN_BACK,
)
from rules.table.tallies import REFERRAL_POINTS

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ALREADY = "The referee was referred before; the first referral holds."


def gather_referrals(table: MemberTable, at: Int64s) -> None:
    """Keep referral events, int64[k] rows of the batch, until they are entered."""
    if table.rules.referral is not None:
        table.referrals_gathered.extend(at.tolist())


def enter_referrals(table: MemberTable, events: Events, outcome: Outcome) -> None:
    """Enter the referrals gathered, in arrival order, and note whose referee was taken."""
    if not table.referrals_gathered:
        return
    at = np.sort(np.array(table.referrals_gathered, dtype=np.int64))
    table.referrals_gathered.clear()
    referees = hash_strings(pa.array(events.texts("ref", at), pa.utf8()))
    free = table.referrals.enter(events.row[at], referees, events.at_us[at])
    for place in at[~free].tolist():
        outcome.notes[place] = ALREADY
        tell_taken(table, int(events.row[place]), place, int(events.at_us[place]))


def note_first_orders(table: MemberTable, events: Events, at: Int64s) -> None:
    """Remember each member's first purchase large enough, among purchases of distinct members.

    One whose sale isn't kept is none: no referral will ask for it.
    """
    rules, members = table.rules.referral, table.members
    if rules is None:
        return
    rows = events.row[at]
    first = (members.first_order[rows] == 0) & (events.amount_fen[at] >= rules.order_min_fen)
    if first.any():
        rows, at = rows[first], at[first]
        members.first_order[rows] = events.sale[at] + 1
        members.first_order_at_us[rows] = events.at_us[at]


def pending_points(table: MemberTable, row: int) -> int:
    """Count the points of a member's referrals that may still be paid."""
    rules, book = table.rules.referral, table.referrals
    if rules is None:
        return 0
    pending = book.in_state(PENDING)
    mine = table.resolve(book.advocate[pending].astype(np.int64)) == row
    return int(mine.sum()) * rules.points


class Advocates:
    """Finds the referrals of an advocate, as long as none are entered and nobody is merged."""

    def __init__(self, table: MemberTable) -> None:
        self._book = table.referrals
        whose = table.resolve(self._book.advocate[: len(self._book)].astype(np.int64))
        self._order = np.argsort(whose, kind="stable")
        self._whose = whose[self._order]

    def referrals(self, advocate: int) -> Int64s:
        """List an advocate's referrals that hold, in arrival order: int64[k]."""
        first, last = np.searchsorted(self._whose, (advocate, advocate + 1))
        found: Int64s = self._order[first:last]
        holding: Int64s = found[self._book.state_code[found] != ALREADY_REFERRED]
        return holding


def run_referral_tick(table: MemberTable, tick_us: int, day: int) -> Int64s:
    """Pay the referrals due at a tick, and take back those whose order was refunded.

    In arrival order; O(n log n) referrals, plus what is paid. Returns advocates' rows, int64[k].
    """
    rules = table.rules.referral
    if rules is None or not len(table.referrals):
        return np.zeros(0, dtype=np.int64)
    before = states_before(table)
    if table.merges:
        _leave_to_the_first(table)
    back = set(_refunded(table, rules))
    due = _due(table, rules, tick_us)
    advocates = Advocates(table) if due else None
    touched = [
        _take_back(table, one, tick_us)
        if one in back or advocates is None
        else _pay(table, rules, one, tick_us, day, advocates)
        for one in sorted({*due, *back})
    ]
    tell_changes(table, before, tick_us)
    return np.array(touched, dtype=np.int64)


def _referees(table: MemberTable, places: Int64s) -> Int64s:
    """Find the rows of referees, int64[n]; −1 for who isn't known yet."""
    book = table.referrals
    return table.resolve(table.find_rows(book.referee_a[places], book.referee_b[places]))


def _leave_to_the_first(table: MemberTable) -> None:
    """Let merged records of one referee count once: the earliest referral holds."""
    book = table.referrals
    places = np.flatnonzero(book.state_code[: len(book)] != ALREADY_REFERRED)
    rows = _referees(table, places)
    places, rows = places[rows >= 0], rows[rows >= 0]
    first = np.zeros(len(places), dtype=np.bool_)
    first[np.unique(rows, return_index=True)[1]] = True
    later = places[~first & (book.state_code[places] == PENDING)]
    book.state_code[later] = ALREADY_REFERRED


def _due(table: MemberTable, rules: ReferralRules, tick_us: int) -> list[int]:
    """List the pending referrals whose hold is over and whose order stands; settle the hopeless."""
    book, members = table.referrals, table.members
    pending = book.in_state(PENDING)
    rows = _referees(table, pending)
    ordered = np.flatnonzero(rows >= 0)
    ordered = ordered[members.first_order[rows[ordered]] > 0]
    pending, rows = pending[ordered], rows[ordered]
    order_us = members.first_order_at_us[rows]
    old = order_us < book.at_us[pending]
    book.state_code[pending[old]] = NOT_NEW
    pending, rows, order_us = pending[~old], rows[~old], order_us[~old]
    due = table.rules.calendar.later_each(order_us, rules.hold) <= tick_us
    pending, sale = pending[due], members.first_order[rows[due]] - 1
    book.sale[pending] = sale
    stands = table.ledger.sales.left_fen[sale] >= rules.order_min_fen
    book.state_code[pending[~stands]] = CANCELLED
    payable: list[int] = pending[stands].tolist()
    return payable


def _pay(
    table: MemberTable, rules: ReferralRules, one: int, tick_us: int, day: int, advocates: Advocates
) -> int:
    """Pay one referral unless its referee isn't distinct or the limit is reached."""
    book, members = table.referrals, table.members
    advocate = int(table.resolve(book.advocate[one : one + 1].astype(np.int64))[0])
    if rules.distinct or rules.times is not None or table.merges:
        same = advocates.referrals(advocate)
        if not _distinct(table, rules, one, advocate, same[same < one]):
            book.state_code[one] = NOT_DISTINCT
            return advocate
        if rules.times is not None and _paid_in_period(table, rules, same, day) >= rules.times:
            book.state_code[one] = LIMIT_REACHED
            return advocate
    rows, days = np.array([advocate]), np.array([day])
    points = np.minimum(rules.points, room(table, rows, days))
    credit(table, rows, points, days)
    members.earned_task[rows] += points
    table.tallies.count(REFERRAL_POINTS, days, points)
    window = table.rules
    scored = window.starts_us <= tick_us < min(window.ends_us, window.score_end_us)
    if scored and window.scores_task:
        members.score[rows] += points
        table.points_by_hour[(tick_us - window.starts_us) // 3_600_000_000] += points[0]
    book.state_code[one], book.day[one], book.scored[one] = PAID, day, scored
    book.points[one] = points[0]
    return advocate


def _of_older(table: MemberTable, days: Int64s) -> bool:
    """Tell whether a payment of a local day scored in the season before."""
    return table.older is not None and int(days[0]) < table.rules.season_first_day


def _distinct(
    table: MemberTable, rules: ReferralRules, one: int, advocate: int, earlier: Int64s
) -> bool:
    """Tell whether a referee shares nothing with the advocate or an earlier referee of theirs."""
    referee = int(_referees(table, np.array([one]))[0])
    if referee == advocate:
        return False
    mine = table.attributes.get(referee, {})
    asked = {name: scalar_text(mine[name]) for name in rules.distinct if _given(mine.get(name))}
    if not asked:
        return True
    others = [advocate, *_referees(table, earlier).tolist()]
    return not any(
        _given(theirs.get(name)) and scalar_text(theirs[name]) == text
        for theirs in (table.attributes.get(row, {}) for row in others)
        for name, text in asked.items()
    )


def _given(value: object) -> bool:
    return value is not None and value != ""


def _paid_in_period(table: MemberTable, rules: ReferralRules, same: Int64s, day: int) -> int:
    """Count an advocate's payments in the local period of a day, taken back or not."""
    book = table.referrals
    paid = same[np.isin(book.state_code[same], (PAID, TAKEN_BACK))]
    period = rules.period(day)
    return sum(rules.period(each) == period for each in book.day[paid].tolist())


def _refunded(table: MemberTable, rules: ReferralRules) -> list[int]:
    """List the paid referrals whose order has too little left, in arrival order."""
    book = table.referrals
    paid = book.in_state(PAID)
    left_fen = table.ledger.sales.left_fen[book.sale[paid]]
    refunded: list[int] = paid[left_fen < rules.order_min_fen].tolist()
    return refunded


def _take_back(table: MemberTable, one: int, tick_us: int) -> int:
    """Take back what one referral paid."""
    book = table.referrals
    place = np.array([one])
    rows = table.resolve(book.advocate[place].astype(np.int64))
    points, days = book.points[place], book.day[place].astype(np.int64)
    give_back_room(table, rows, points, days)
    claw_back(table, rows, points, days)
    season = in_older(table) if _of_older(table, days) else nullcontext()
    with season:
        # The final tick sees only refunds that came before it: they still count.
        if table.rules.scores_task and tick_us <= table.rules.final_us:
            table.members.score[rows] -= points * book.scored[place]
    book.state_code[one] = TAKEN_BACK
    return int(rows[0])
