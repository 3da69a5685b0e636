"""What one simulated run ended with: figures, tables, and a row for each member.

A run is (season file, population file, members, seed, effects, until). It has two arms over the
same draws: the season as simulated, and *unaided*, the same members without any programme. The
run is made by

    simulate_run(
        rules: Rules, population: Population, members: int, seed: int, *,
        effects: Effects = ALL_EFFECTS, until_us: int | None = None,
        people_seed: int | None = None, start: Start | None = None,
        sources: Sequence[Source] = (), progress: Progress | None = None,
        write: Callable[[pa.RecordBatch], None] | None = None,
    ) -> RunResult

in `simulator.play.run`: `until_us` is the instant the clock goes on to, the final one without it;
`start` a member table to go on from; `sources` add events of their own to each day; `progress`
is told (days done, days, what); `write` receives the events of each day (schema
`rules.decoding.event_columns.COLUMNS`, in the order they are applied).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FIGURES: Final[Mapping[str, str]] = {
    "members": "members of the population",
    "new_members": "of them, who joined during the run",
    "active_members": "members with at least one visit",
    "visits": "visits of a station, each one fill",
    "events": "events applied or refused",
    "refused_events": "of them, refused",
    "litres_ml": "fuel sold, before refunds",
    "amount_fen": "paid for fuel and goods, before refunds, after all deductions",
    "gross_fen": "the same before deductions",
    "margin_gross_fen": "margin of what was sold, at full price, less what was refunded",
    "cost_points_fen": "cost_redeemed_fen + cost_liability_fen",
    "cost_redeemed_fen": "goods handed out for points, and money taken off at the till for points",
    "cost_liability_fen": "outstanding points at their worth, less those never spent (breakage)",
    "cost_coupons_fen": "taken off by coupons used, prizes and redeemed coupons included; gifts at "
    "their unit cost",
    "cost_discounts_fen": "taken off by tiers",
    "cost_prizes_fen": "prizes at their unit cost; a coupon at its face value",
    "cost_tax_fen": "tax on prizes that the programme pays",
    "cost_total_fen": "cost_points_fen + cost_coupons_fen + cost_discounts_fen + cost_prizes_fen + "
    "cost_tax_fen",
    "margin_fen": "margin_gross_fen - cost_total_fen",
    "unaided_visits": "visits of the same members without a programme",
    "unaided_litres_ml": "their fuel",
    "unaided_amount_fen": "what they pay",
    "unaided_margin_fen": "its margin",
    "lift_visits_share": "visits / unaided_visits - 1",
    "lift_litres_share": "litres_ml / unaided_litres_ml - 1",
    "margin_gain_fen": "margin_gross_fen - unaided_margin_fen: what the programme brings",
    "roi": "(margin_gain_fen - cost_total_fen) / cost_total_fen; 0 without cost",
    "points_earned": "points earned, gross",
    "points_redeemed": "points spent",
    "points_expired": "points expired",
    "points_reversed": "points taken back by refunds",
    "points_outstanding": "points members hold at the end",
    "liability_fen": "points_outstanding at their full worth",
    "breakage_share": "points expired or expected never to be spent, of those earned less reversed",
    "anyway_share": "of the rewards' value, what went to visits that would have happened anyway",
    "gini_points": "Gini coefficient of net points over members with any visit; 0 all equal",
    "top_tenth_points_share": "of net points, those of the tenth of members who have most",
    "coupons_issued": "coupons issued",
    "coupons_used": "coupons used",
    "prizes_given": "prizes given",
    "refunded_fen": "amount of refunds",
}
"""Every scalar of a run, with what it means. `…_fen` fen, `…_ml` millilitres, `…_share` and `roi`
ratios, the others counts (of points where so named)."""

MONTHS: Final = (
    "month", "visits", "litres_ml", "amount_fen", "margin_gross_fen", "points_earned",
    "points_redeemed", "points_expired", "points_reversed", "points_outstanding",
    "liability_fen", "cost_redeemed_fen", "cost_coupons_fen", "cost_discounts_fen",
    "cost_prizes_fen", "cost_tax_fen", "unaided_visits", "unaided_litres_ml",
    "unaided_margin_fen",
)  # fmt: skip
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    # A row a calendar month (text, 2026-06) of the event's local day; outstanding and liability
    # stand as at the month's end (the last as at the end of the run); prizes in the month of the
    # final instant. A refund stands in the month of its purchase for the margin.
    "months": MONTHS,
    # Points by the month they were earned in, as at the end of the run.
    "liability": (
        "earned_month", "earned_points", "reversed_points", "used_points", "expired_points",
        "outstanding_points", "liability_fen", "expected_fen",
    ),
    # Members on each level at the end; `active` of them visited.
    "tiers": ("tier", "members", "active"),
    # Moves between two month ends (or the beginning and the first): from and to are level ids.
    "flows": ("month", "from", "to", "members"),
    # A row a kind of members.
    "kinds": (
        "kind", "members", "active", "visits", "litres_ml", "amount_fen", "margin_gross_fen",
        "points_earned", "reward_fen", "unaided_visits", "unaided_litres_ml", "unaided_margin_fen",
    ),
    # A row a prize given: place and rank as in prizes.csv; member is the number of the member, -1
    # for a team; score the holder's.
    "prizes": (
        "board", "place", "rank", "member", "holder", "score", "reward", "unit_cost_fen", "tax_fen",
    ),
    # A row a span of prizes: the score of the last who took one, and how many were given.
    "cutoffs": ("board", "first_place", "last_place", "reward", "given", "cutoff_score"),
    # A row a budget or stock and what it measures (count, cost, stock); cost in fen.
    "budgets": ("id", "measure", "used", "limit"),
    # A row a coupon template.
    "coupons": ("coupon", "issued", "used", "off_fen"),
    # Events by type and what they were answered.
    "events": ("type", "status", "reason", "events"),
}  # fmt: skip
"""The tables of a run and their columns, in order; see the comment above each."""

SEGMENTS: Final = ("none", "rare", "regular", "frequent")
"""Members by their unaided visits a month: none, up to 0.5, up to 4, more."""

MEMBER_COLUMNS: Final[Mapping[str, str]] = {
    "kind": "int16: place in Rules.kinds",
    "segment": "int8: place in SEGMENTS",
    "level": "int16: place in Rules.levels at the end",
    "theta": "float32: responsiveness; 0 doesn't react",
    "first_day": "int32: day of the run they are there from",
    "visits": "int32",
    "litres_ml": "int64: before refunds",
    "amount_fen": "int64: paid, before refunds",
    "margin_fen": "int64: margin at full price, before refunds",
    "points": "int64: earned less reversed",
    "active_points": "int64: held at the end",
    "score": "int64: season score",
    "rank": "int32: on the overall board; 0 for none",
    "discount_fen": "int64: taken off by the tier",
    "coupon_fen": "int64: taken off by coupons",
    "redeemed_fen": "int64: had for points",
    "prize_fen": "int64: prizes at their unit cost, with tax",
    "reward_fen": "int64: points at their worth + discount + coupon + prize",
    "unaided_visits": "int32",
    "unaided_litres_ml": "int64",
    "unaided_margin_fen": "int64",
}
"""The per-member columns; entry m is the member of number m, the same in every arm and file."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """Hold one run; picklable, arrays shared with nobody.

    `figures` has the names of FIGURES, `tables` those of TABLES, `members` those of
    MEMBER_COLUMNS, each [members]. `versions` and `rules_hash` say what made it; `seconds` how
    long each stage took, which is no part of the result's hash.
    """

    season: str
    rules_hash: str
    seed: int
    effects: tuple[str, ...]
    days: int
    end_us: int
    kinds: tuple[str, ...]
    levels: tuple[str, ...]
    figures: Mapping[str, float]
    tables: Mapping[str, pa.Table]
    members: Mapping[str, npt.NDArray[Any]]
    seconds: Mapping[str, float]

    def digest(self) -> bytes:
        """Hash figures, tables and member columns by their canonical bytes (SHA-256)."""
        found = hashlib.sha256()
        head = (self.season, self.rules_hash, self.seed, self.effects, self.days, self.end_us)
        found.update(repr(head).encode())
        for name, value in sorted(self.figures.items()):
            found.update(f"{name}={float(value).hex()}\n".encode())
        for name, table in sorted(self.tables.items()):
            found.update(f"{name}{table.column_names}{table.to_pydict()}\n".encode())
        for name, column in sorted(self.members.items()):
            found.update(name.encode())
            found.update(np.ascontiguousarray(column).tobytes())
        return found.digest()


def result_hash(runs: Sequence[RunResult]) -> str:
    """Hash all runs of a simulation, in the order of their seeds, in hexadecimal."""
    whole = hashlib.sha256()
    for run in runs:
        whole.update(run.digest())
    return whole.hexdigest()
