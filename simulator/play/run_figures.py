"""Run figures: the result of a played run, read off its table, its account and its other arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from rules.advice.point_value import fen_per_point
from rules.judging.results import REJECTED
from rules.season.price_list import FEN_PARTS
from simulator.people.keyed import Floats, Ints
from simulator.people.members import DAYS_PER_MONTH
from simulator.play.run_costs import Costs, costs_of
from simulator.play.run_result import FIGURES, MEMBER_COLUMNS, TABLES, RunResult
from simulator.play.run_tables import tables_of

if TYPE_CHECKING:
    from simulator.play.play import Play

RARE_PER_MONTH: Final = 0.5
REGULAR_PER_MONTH: Final = 4.0


def result_of(play: Play) -> RunResult:
    """Sum up a played run."""
    with play.timed("account"):
        costs = costs_of(play)
        members = _members(play, costs)
        figures = _figures(play, costs, members)
        tables = tables_of(play, costs, members)
    assert list(figures) == list(FIGURES)
    assert list(members) == list(MEMBER_COLUMNS)
    assert list(tables) == list(TABLES)
    return RunResult(
        season=play.rules.season_id,
        rules_hash=play.rules.rules_hash,
        seed=play.seed,
        effects=play.effects.on,
        days=play.days,
        end_us=play.end_us,
        kinds=play.rules.kinds,
        levels=play.rules.levels,
        figures=figures,
        tables=tables,
        members=members,
        seconds=dict(play.seconds),
    )


def _members(play: Play, costs: Costs) -> dict[str, npt.NDArray[Any]]:
    """Lay out the per-member columns."""
    table, persons, account = play.table, play.persons, play.account
    count = len(persons)
    held = table.members
    aided, unaided = account.bought, play.unaided.bought
    points = held.earned_base[:count] + held.earned_bonus[:count] + held.earned_task[:count]
    points = points - held.reversed_points[:count] - costs.points_before
    worth = points * float(fen_per_point(play.rules.season))
    reward = worth.astype(np.int64) + account.discount_fen
    reward = reward + costs.coupon_gift_fen + costs.prize_fen
    columns = (
        held.kind[:count].copy(),
        _segments(unaided.visits, play.days),
        held.level[:count].copy(),
        persons.theta.astype(np.float32),
        persons.members.first_day.astype(np.int32),
        aided.visits,
        aided.litres_ml,
        account.paid_fen,
        aided.margin_parts // FEN_PARTS,
        points,
        held.active[:count].copy(),
        held.score[:count].copy(),
        costs.rank,
        account.discount_fen,
        costs.coupon_fen,
        account.checkout_fen + costs.goods_fen,
        costs.prize_fen,
        reward,
        unaided.visits,
        unaided.litres_ml,
        unaided.margin_parts // FEN_PARTS,
    )
    return dict(zip(MEMBER_COLUMNS, columns, strict=True))


def _segments(visits: npt.NDArray[np.int32], days: int) -> npt.NDArray[np.int8]:
    """Number members by their unaided visits a month: places in SEGMENTS."""
    monthly = visits / max(days / DAYS_PER_MONTH, 1e-9)
    found = np.ones(len(visits), dtype=np.int8)
    found[monthly > RARE_PER_MONTH] = 2
    found[monthly > REGULAR_PER_MONTH] = 3
    found[visits == 0] = 0
    return found


def _figures(play: Play, costs: Costs, members: dict[str, npt.NDArray[Any]]) -> dict[str, float]:
    """Work out every scalar, in the order of FIGURES."""
    account, unaided = play.account, play.unaided.bought
    aided, answers = account.bought, account.answers
    gross, plain = _total(aided.margin_parts), _total(unaided.margin_parts)
    margin_gross, unaided_margin = gross // FEN_PARTS, plain // FEN_PARTS
    opening, ending = account.opening, account.months[-1]
    change = {name: ending.points[name] - opening.points[name] for name in ending.points}
    earned = change["earned_base"] + change["earned_bonus"] + change["earned_task"]
    visits, free_visits = _total(aided.visits), _total(unaided.visits)
    litres, free_litres = _total(aided.litres_ml), _total(unaided.litres_ml)
    breakage = play.population.redeeming.breakage_share
    lost = change["expired"] + breakage * ending.outstanding
    net = earned + max(change["adjusted"], 0) - change["reversed_points"]
    active = members["visits"] > 0
    net_points = np.sort(members["points"][active])
    found = {
        "members": len(play.persons),
        "new_members": int((~play.persons.members.opening & costs.arrived).sum()),
        "active_members": int(active.sum()),
        "visits": visits,
        "events": int(answers.sum()),
        "refused_events": int(answers[:, REJECTED].sum()),
        "litres_ml": litres,
        "amount_fen": _total(account.paid_fen),
        "gross_fen": _total(aided.day_amount_fen),
        "margin_gross_fen": margin_gross,
        "cost_points_fen": costs.redeemed_total_fen + costs.liability_cost_fen,
        "cost_redeemed_fen": costs.redeemed_total_fen,
        "cost_liability_fen": costs.liability_cost_fen,
        "cost_coupons_fen": costs.coupons_total_fen,
        "cost_discounts_fen": _total(account.discount_fen),
        "cost_prizes_fen": costs.prizes_total_fen,
        "cost_tax_fen": costs.tax_total_fen,
        "cost_total_fen": costs.total_fen(_total(account.discount_fen)),
        "margin_fen": margin_gross - costs.total_fen(_total(account.discount_fen)),
        "unaided_visits": free_visits,
        "unaided_litres_ml": free_litres,
        "unaided_amount_fen": _total(unaided.day_amount_fen),
        "unaided_margin_fen": unaided_margin,
        "lift_visits_share": _ratio(visits, free_visits) - 1.0 if free_visits else 0.0,
        "lift_litres_share": _ratio(litres, free_litres) - 1.0 if free_litres else 0.0,
        "margin_gain_fen": margin_gross - unaided_margin,
        "roi": _roi(margin_gross - unaided_margin, costs.total_fen(_total(account.discount_fen))),
        "points_earned": earned,
        "points_redeemed": change["redeemed"],
        "points_expired": change["expired"],
        "points_reversed": change["reversed_points"],
        "points_outstanding": ending.outstanding,
        "liability_fen": ending.outstanding * float(fen_per_point(play.rules.season)),
        "breakage_share": _ratio(lost, net),
        "anyway_share": _anyway(members),
        "gini_points": gini(net_points),
        "top_tenth_points_share": _top_share(net_points),
        "coupons_issued": costs.coupons_issued,
        "coupons_used": costs.coupons_used,
        "prizes_given": len(costs.awards),
        "refunded_fen": costs.refunded_fen,
    }
    return {name: float(value) for name, value in found.items()}


def _total(column: npt.NDArray[np.signedinteger[Any]]) -> int:
    return int(column.sum())


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _roi(gain_fen: float, cost_fen: float) -> float:
    return (gain_fen - cost_fen) / cost_fen if cost_fen else 0.0


def _anyway(members: dict[str, npt.NDArray[Any]]) -> float:
    """Give the share of rewards that went to what members would have done unaided."""
    reward = members["reward_fen"].astype(np.float64)
    visits = members["visits"].astype(np.float64)
    share = np.ones(len(visits))
    np.divide(members["unaided_visits"], visits, out=share, where=visits > 0)
    return _ratio(float((reward * np.minimum(share, 1.0)).sum()), float(reward.sum()))


def gini(ascending: Ints | Floats) -> float:
    """Give the Gini coefficient of values in ascending order; 0 where all are equal.

    >>> gini(np.array([1, 1, 1])), round(gini(np.array([0, 0, 3])), 3)
    (0.0, 0.667)
    """
    values = np.maximum(ascending.astype(np.float64), 0.0)
    count, whole = len(values), float(values.sum())
    if not count or not whole:
        return 0.0
    weighted = float((np.arange(1, count + 1) * values).sum())
    return max(0.0, 2.0 * weighted / (count * whole) - (count + 1.0) / count)


def _top_share(ascending: Ints) -> float:
    values = np.maximum(ascending, 0)
    tenth = -(-len(values) // 10)
    return _ratio(float(values[len(values) - tenth :].sum()), float(values.sum()))
