"""Run tables: the tables of a played run, by month, tier, kind, prize, budget and coupon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.advice.point_value import fen_per_point
from rules.coupons.coupon_columns import coupon_counts, pool_uses
from rules.decoding.event_columns import TYPES
from rules.judging.results import REASONS, STATUSES
from rules.reporting.point_reports import gather_liability, report_liability
from rules.reporting.report_query import Query
from rules.season.price_list import FEN_PARTS
from simulator.people.keyed import Ints
from simulator.play.run_costs import Costs
from simulator.play.run_result import TABLES

if TYPE_CHECKING:
    from simulator.play.play import Play

Columns = dict[str, Any]


def tables_of(
    play: Play, costs: Costs, members: dict[str, npt.NDArray[Any]]
) -> dict[str, pa.Table]:
    """Lay out every table of TABLES, in order."""
    made: dict[str, Columns] = {
        "months": _months(play, costs),
        "liability": _liability(play),
        "tiers": _tiers(play, members),
        "flows": _flows(play),
        "kinds": _kinds(play, members),
        "prizes": _prizes(play, costs),
        "cutoffs": _cutoffs(play, costs),
        "budgets": _budgets(play),
        "coupons": _coupons(play),
        "events": _events(play),
    }
    return {name: pa.table({one: made[name][one] for one in TABLES[name]}) for name in TABLES}


def _months(play: Play, costs: Costs) -> Columns:
    """Sum the days by month; points and cost by when they came."""
    account, ends = play.account, play.account.months
    months = np.array([np.datetime64(end.last_day, "M") for end in ends])
    first = np.datetime64(play.first_day, "D")
    of_day = (first + np.arange(play.days)).astype("datetime64[M]")

    def by_day(values: Ints) -> Ints:
        return np.array([int(values[of_day == month].sum()) for month in months], dtype=np.int64)

    def by_time(times: tuple[Ints, Ints]) -> Ints:
        at_us, fen = times
        days = play.rules.calendar.days(at_us)
        of_time = days.astype("datetime64[D]").astype("datetime64[M]")
        return np.array([int(fen[of_time == month].sum()) for month in months], dtype=np.int64)

    def points(*names: str) -> Ints:
        sums = [sum(end.points[name] for name in names) for end in (account.opening, *ends)]
        total = np.array(sums, dtype=np.int64)
        return total[1:] - total[:-1]

    aided, unaided = account.bought, play.unaided.bought
    outstanding = np.array([end.outstanding for end in ends], dtype=np.int64)
    worth = float(fen_per_point(play.rules.season))
    final_day = play.rules.calendar.day(min(play.rules.final_us, play.end_us))
    of_prizes = months == np.datetime64(final_day, "D").astype("datetime64[M]")
    return {
        "month": [str(month) for month in months],
        "visits": by_day(aided.day_visits),
        "litres_ml": by_day(aided.day_litres_ml),
        "amount_fen": by_day(account.day_paid_fen),
        "margin_gross_fen": by_day(aided.day_margin_parts) // FEN_PARTS,
        "points_earned": points("earned_base", "earned_bonus", "earned_task"),
        "points_redeemed": points("redeemed"),
        "points_expired": points("expired"),
        "points_reversed": points("reversed_points"),
        "points_outstanding": outstanding,
        "liability_fen": outstanding * worth,
        "cost_redeemed_fen": by_day(account.day_checkout_fen) + by_time(costs.goods_times),
        "cost_coupons_fen": by_time(costs.coupon_times),
        "cost_discounts_fen": by_day(account.day_discount_fen),
        "cost_prizes_fen": of_prizes * costs.prizes_total_fen,
        "cost_tax_fen": of_prizes * costs.tax_total_fen,
        "unaided_visits": by_day(unaided.day_visits),
        "unaided_litres_ml": by_day(unaided.day_litres_ml),
        "unaided_margin_fen": by_day(unaided.day_margin_parts) // FEN_PARTS,
    }


def _liability(play: Play) -> Columns:
    """Tell what is owed, by the month it was earned in."""
    query = Query("liability", "earned")
    told = report_liability(gather_liability(play.table, query), play.rules, query)
    outstanding = np.array(told.column("outstanding_points").to_pylist(), dtype=np.int64)
    worth = float(fen_per_point(play.rules.season))
    spent_share = 1.0 - play.population.redeeming.breakage_share
    months = [str(one)[:7] if one is not None else "" for one in told.column(0).to_pylist()]
    return {
        "earned_month": months,
        **{
            name: pa.array(told.column(name).to_pylist(), pa.int64())
            for name in ("earned_points", "reversed_points", "used_points", "expired_points")
        },
        "outstanding_points": outstanding,
        "liability_fen": outstanding * worth,
        "expected_fen": outstanding * worth * spent_share,
    }


def _tiers(play: Play, members: dict[str, npt.NDArray[Any]]) -> Columns:
    levels = play.rules.levels
    here = play.persons.members.first_day < max(play.days, 1)
    level, visiting = members["level"], members["visits"] > 0
    return {
        "tier": list(levels),
        "members": np.bincount(level[here], minlength=len(levels)),
        "active": np.bincount(level[visiting], minlength=len(levels)),
    }


def _flows(play: Play) -> Columns:
    """Count the moves between levels from month end to month end."""
    account, levels = play.account, play.rules.levels
    here = play.persons.members.first_day < max(play.days, 1)
    rows: list[tuple[str, str, str, int]] = []
    for before, after in zip((account.opening, *account.months), account.months, strict=False):
        code = before.level[here].astype(np.int64) * len(levels) + after.level[here]
        counts = np.bincount(code, minlength=len(levels) ** 2)
        month = str(np.datetime64(after.last_day, "M"))
        for place in np.flatnonzero(counts).tolist():
            old, new = divmod(place, len(levels))
            rows.append((month, levels[old], levels[new], int(counts[place])))
    return _columns(TABLES["flows"], rows)


def _kinds(play: Play, members: dict[str, npt.NDArray[Any]]) -> Columns:
    kinds = play.rules.kinds
    drawn = np.array(
        [kinds.index(name) if name in kinds else 0 for name in play.setting.kinds], dtype=np.int64
    )
    kind = drawn[play.persons.members.kind]

    def total(name: str) -> Ints:
        sums = np.zeros(len(kinds), dtype=np.int64)
        np.add.at(sums, kind, members[name].astype(np.int64))
        return sums

    sums = {
        "margin_gross_fen": "margin_fen", "points_earned": "points", "reward_fen": "reward_fen",
        "visits": "visits", "litres_ml": "litres_ml", "amount_fen": "amount_fen",
        "unaided_visits": "unaided_visits", "unaided_litres_ml": "unaided_litres_ml",
        "unaided_margin_fen": "unaided_margin_fen",
    }  # fmt: skip
    return {
        "kind": list(kinds),
        "members": np.bincount(kind, minlength=len(kinds)),
        "active": np.bincount(kind[members["visits"] > 0], minlength=len(kinds)),
        **{name: total(source) for name, source in sums.items()},
    }


def _prizes(play: Play, costs: Costs) -> Columns:
    teams = {board.id for board in play.rules.boards if board.team is not None}
    rows = []
    for award in costs.awards:
        row = -1 if award.board in teams else play.table.row_of(award.member)
        score = int(costs.boards[award.board].score[award.rank - 1])
        number = row if row < len(play.persons) else -1
        rows.append((
            award.board, award.place, award.rank, number, award.member, score, award.reward,
            award.unit_cost_fen, award.tax_fen,
        ))  # fmt: skip
    return _columns(TABLES["prizes"], rows)


def _cutoffs(play: Play, costs: Costs) -> Columns:
    rows = []
    for prize in play.rules.season.prizes:
        span = prize.ranks
        given = [
            int(costs.boards[award.board].score[award.rank - 1])
            for award in costs.awards
            if award.board == prize.board and span.first <= award.place <= span.last
        ]
        cutoff = min(given, default=0)
        rows.append((prize.board, span.first, span.last, prize.reward, len(given), cutoff))
    return _columns(TABLES["cutoffs"], rows)


def _budgets(play: Play) -> Columns:
    uses = pool_uses(play.rules, [play.table])
    return _columns(
        TABLES["budgets"], [(one["id"], one["measure"], one["used"], one["limit"]) for one in uses]
    )


def _coupons(play: Play) -> Columns:
    counts = coupon_counts([play.table], play.table.clock_us)
    return _columns(
        TABLES["coupons"],
        [(name, one["issued"], one["used"], one["off_fen"]) for name, one in counts.items()],
    )


def _events(play: Play) -> Columns:
    answers = play.account.answers
    rows = [
        (TYPES[kind], STATUSES[status], REASONS[reason], int(answers[kind, status, reason]))
        for kind, status, reason in np.argwhere(answers).tolist()
    ]
    return _columns(TABLES["events"], rows)


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Columns:
    """Turn rows into columns: text or int64, also where there are no rows."""
    texts = {
        "month", "from", "to", "board", "holder", "reward", "id", "measure", "coupon", "type",
        "status", "reason",
    }  # fmt: skip
    return {
        name: pa.array([row[at] for row in rows], pa.string() if name in texts else pa.int64())
        for at, name in enumerate(names)
    }
