"""Purchases and top-ups: base and bonus points, the member's sums, goals and tier rise."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.accounts.journal import BASE, BONUS, Note
from rules.judging.coding import PURCHASE, Events
from rules.judging.goals import reach_goals
from rules.judging.points import credit, room
from rules.judging.referrals import note_first_orders
from rules.judging.results import Outcome
from rules.judging.tiers import rise
from rules.table.columns import cells
from rules.table.member_table import MemberTable
from rules.table.narrow import greatest
from rules.table.tallies import WORD_BITS, WORDS_MAX

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_DAY_BITS: Final = np.uint64(1) << np.arange(64, dtype=np.uint64)


def split_points(
    raw: Int64s, divisor: int, numerator: Int64s, denominator: Int64s
) -> tuple[Int64s, Int64s]:
    """Split earned points into base and total, one floor each: int64[n] twice.

    raw / divisor is the exact base; numerator / denominator the combined factor. With a
    factor below 1 everything left is base.

    >>> split_points(np.array([352]), 10, np.array([3]), np.array([1]))
    (array([35]), array([105]))
    """
    total = raw * numerator // (divisor * denominator)
    base = np.where(numerator >= denominator, raw // divisor, total)
    return base, total


def apply_sales(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    """Apply purchases and top-ups of distinct members, at int64[k] rows of the batch."""
    rows, days = events.row[at], events.day[at]
    quantity_ml, amount_fen = events.quantity_ml[at], events.amount_fen[at]
    in_season, fuel, cell = events.in_season[at], events.fuel[at], events.cell[at]
    fuel_ml = quantity_ml * fuel
    earning, factor = _matching(table, events, at)
    raw = table.rules.earning_rates.raw(earning, quantity_ml, amount_fen)
    base, bonus = _credited(table, rows, days, raw, factor)
    points = base + bonus
    members, rules = table.members, table.rules
    scored = in_season & (events.stamp_us[at] < rules.score_end_us)
    notes: list[Note] = []
    if table.journal is not None:
        notes.append(Note(BASE, base, base * (scored & rules.scores_base)))
        notes.append(Note(BONUS, bonus, bonus * (scored & rules.scores_bonus)))
    credit(table, rows, points, days, notes)
    cap = rules.member_day_cap
    base_most, bonus_most = (greatest(base), greatest(bonus)) if cap is None else (cap, cap)
    members.earned_base.add(rows, base, base_most)
    members.earned_bonus.add(rows, bonus, bonus_most)
    scoring = base * rules.scores_base + bonus * rules.scores_bonus
    members.score.add(rows, scoring * scored, base_most + bonus_most)
    purchase = events.type[at] == PURCHASE
    sales = {
        "base": base,
        "bonus": bonus,
        "first_ml": quantity_ml,
        "first_fen": amount_fen,
        "left_ml": quantity_ml,
        "left_fen": amount_fen,
        "earning_bits": earning,
        "factor_bits": factor,
        "day": days,
        "row": rows,
        "product": cell >> WORD_BITS & WORDS_MAX - 1,
        "station": cell & WORDS_MAX - 1,
        "season": table.season_number,
        "version": table.past.version,
        "visit": purchase,
        "purchase": purchase,
        "fuel": fuel,
        "in_season": in_season,
        "scored": scored,
    }
    most = {
        "base": base_most,
        "bonus": bonus_most,
        "product": table.tallies.products.most,
        "station": table.tallies.stations.most,
        "earning_bits": rules.earning_bits_most,
        "factor_bits": rules.factor_bits_most,
    }
    _keep(table, events, at, sales, most)
    table.tallies.sold.add(cell, fuel_ml, amount_fen, base, bonus)
    outcome.points[at] = points
    bought = at[purchase]
    if len(bought):
        _count_purchases(table, events, bought, fuel_ml[purchase], amount_fen[purchase])
        note_first_orders(table, events, bought)
        _reach(table, events, bought, scored[purchase], outcome)
        risen = rise(table, events.row[bought], events.month[bought], events.at_us[bought])
        table.triggers.risen(table, events, bought[risen])
    _chart(table, events, at, scoring, scored)


def _keep(
    table: MemberTable, events: Events, at: Int64s, sales: dict[str, Any], most: dict[str, int]
) -> None:
    """Record sales, int64[k] rows of the batch, or those of them that may still be refunded."""
    if events.lasting is not None:
        places = np.flatnonzero(events.lasting[at])
        at = at[places]
        sales = {
            name: held[places] if isinstance(held, np.ndarray) else held
            for name, held in sales.items()
        }
    if len(at):
        events.sale[at] = table.ledger.record_sales(sales, most, len(at))


def _matching(table: MemberTable, events: Events, at: Int64s) -> tuple[UInt64s, UInt64s]:
    """Find the earning rules and multipliers that match, as bits; the tier is that before."""
    rules = table.rules
    who = table.who(events.row[at])
    if table.journal is not None:
        table.journal.meet(at, who)
    earning = events.earning_bits[at] & rules.earning_members.match(*who)
    factor = events.factor_bits[at] & rules.factor_members.match(*who)
    return earning, factor


def _credited(
    table: MemberTable, rows: Int64s, days: Int64s, raw: Int64s, factor: UInt64s
) -> tuple[Int64s, Int64s]:
    """Work out base and bonus and fit them under the day cap; the bonus is cut first."""
    divisor = table.rules.earning_rates.divisor
    base, total = split_points(raw, divisor, *table.rules.factors.look_up(factor))
    if table.rules.member_day_cap is None:
        return base, total - base
    left = room(table, rows, days)
    base, bonus = np.minimum(base, left), total - base
    return base, np.minimum(bonus, left - base)


def _count_purchases(
    table: MemberTable, events: Events, at: Int64s, fuel_ml: Int64s, fen: Int64s
) -> None:
    """Add purchases, int64[k] rows of the batch, to their members' sums."""
    members, rules = table.members, table.rules
    rows = events.row[at]
    ml_most, fen_most = greatest(fuel_ml), greatest(fen)
    members.litres_ml.add(rows, fuel_ml, ml_most)
    members.amount_fen.add(rows, fen, fen_most)
    members.visits.add(rows, 1, 1)
    table.windows.add(rows, events.day[at], np.ones(len(rows), dtype=np.int64), fuel_ml, fen)
    members.last_purchase_us[rows] = np.maximum(members.last_purchase_us[rows], events.at_us[at])
    if rules.rings.months:
        flat, slots = cells(members.month_ml, rows, events.month[at] % rules.rings.months)
        flat.add(slots, fuel_ml, ml_most)
        members.month_fen.reshape(-1).add(slots, fen, fen_most)
        members.month_visits.reshape(-1).add(slots, 1, 1)
    members.season_fen.add(rows, fen * events.in_season[at], fen_most)


def _reach(table: MemberTable, events: Events, at: Int64s, scored: Bools, outcome: Outcome) -> None:
    """Mark the active day and pay the goals of purchases that lie in the season."""
    inside = events.in_season[at]
    at, scored = at[inside], scored[inside]
    rows, days = events.row[at], events.day[at]
    mark_active_days(table, rows[scored], days[scored])
    if table.rules.goals:
        outcome.points[at] += reach_goals(table, rows, events.at_us[at], days, scored)


def mark_active_days(table: MemberTable, rows: Int64s, days: Int64s) -> None:
    """Count each member's local day in the season once."""
    members = table.members
    place = days - table.rules.season_first_day
    bit = _DAY_BITS[place & 63]
    flat, words = cells(members.season_day_words, rows, place >> 6)
    before = flat[words]
    new = ((before & bit) == 0).nonzero()[0]
    if len(new):
        flat[words[new]] = before[new] | bit[new]
        members.active_days.add(rows[new], 1, 1)


def _chart(table: MemberTable, events: Events, at: Int64s, scoring: Int64s, scored: Bools) -> None:
    hours = (events.at_us[at][scored] - table.rules.starts_us) // 3_600_000_000
    np.add.at(table.points_by_hour, hours, scoring[scored])
