"""Effect reports: what triggers and campaigns brought over members held out of them.

A firing counts as one occasion: who was reached is compared with who was held out, by what they
bought within some days of it. Held out are those of the same trigger or campaign, so who would
have come anyway is on both sides.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.calendar import DAY_US
from rules.compiling.compiled import Rules
from rules.coupons.firing_coupons import coupons_of_firings
from rules.reporting.intervals import Interval, Sample, mean_difference, share_difference
from rules.reporting.margins import margin_parts
from rules.reporting.report_query import Query
from rules.reporting.report_tables import Kind, Part, finished, keyed, named, ratio
from rules.reporting.sale_parts import within
from rules.season.price_list import FEN_PARTS

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PAST: Final = "past"
"""The kind of a trigger that the running file has no more: what it cost isn't known."""


def gather_effects(table: MemberTable, query: Query) -> Part:
    """Gather what the firings of the days of a query led to, by id, arm and whether held out."""
    firings = table.triggers.firings
    column = firings.columns
    days = table.rules.calendar.days(column.at_us[: column.size])
    kinds = _kinds(table)
    wanted = [name for name in firings.ids if query.name != "recall" or kinds[name] == "dormant"]
    chosen = np.flatnonzero(within(days, query))
    chosen = chosen[np.isin(column.trigger[chosen], [firings.ids.index(one) for one in wanted])]
    bought = _bought_after(table, chosen, query.within_days)
    given = coupons_of_firings(table, chosen)
    sums = {"occasions": np.ones(len(chosen), dtype=np.int64)} | bought | given
    keys = {
        "id": named(firings.ids, column.trigger[chosen]),
        "kind": named([kinds[name] for name in firings.ids], column.trigger[chosen]),
        "arm": _arms(table, chosen),
        "held_out": column.held_out[chosen],
    }
    return {"effects": keyed(keys, sums)}


def _arms(table: MemberTable, chosen: Int64s) -> pa.Array:
    """Name the arm of each firing."""
    firings = table.triggers.firings
    pairs = firings.columns.trigger[chosen].astype(np.int64) << 16 | firings.columns.arm[chosen]
    distinct, which = np.unique(pairs, return_inverse=True)
    names = [_arm_name(table, firings.ids[pair >> 16], pair & 0xFFFF) for pair in distinct.tolist()]
    return named(names, which)


def _arm_name(table: MemberTable, name: str, arm: int) -> str:
    """Name a campaign's arm; "" for the only one and for who is held out."""
    ran = table.campaigns.ran.get(name)
    arms = ran["campaign"].get("arms", ()) if ran is not None and arm else ()
    return str(arms[arm - 1]["id"]) if arms else ""


def _kinds(table: MemberTable) -> dict[str, str]:
    """Tell what each trigger is set off by; a campaign is one, and a trigger that is gone."""
    known = {rule.id: rule.on for rule in table.rules.trigger_rules.all}
    ran = table.campaigns.ran
    names = table.triggers.firings.ids
    return {name: "campaign" if name in ran else known.get(name, PAST) for name in names}


def sale_times_us(table: MemberTable) -> Int64s:
    """Find the instant of every sale, int64[sales], from the identities that recorded them."""
    identities, sales = table.ledger.identities, table.ledger.sales
    of_sales = np.flatnonzero(identities.sale[: identities.size] >= 0)
    at_us = np.zeros(sales.size, dtype=np.int64)
    at_us[identities.sale[of_sales]] = identities.at_us[of_sales]
    return at_us


def _bought_after(table: MemberTable, chosen: Int64s, days: int) -> dict[str, npt.NDArray[Any]]:
    """Add up what members bought after firings, up to some days later; net of refunds."""
    sales, column = table.ledger.sales, table.triggers.firings.columns
    held = np.flatnonzero(sales.visit[: sales.size])
    at_us = sale_times_us(table)[held]
    row = table.resolve(sales.row[held].astype(np.int64))
    order = np.lexsort((at_us, row))
    held, at_us, row = held[order], at_us[order], row[order]
    since_us = column.at_us[chosen]
    until_us = since_us + days * DAY_US
    fired = column.row[chosen].astype(np.int64)
    first = _after(row, at_us, fired, since_us)
    last = _after(row, at_us, fired, until_us)
    product, station, days_of = (
        sales.product[held],
        sales.station[held],
        sales.day[held].astype(np.int64),
    )
    left_ml, left_fen = sales.left_ml[held].astype(np.int64), sales.left_fen[held].astype(np.int64)
    fuel_ml = left_ml * sales.fuel[held]
    margin, _ = margin_parts(table, product, station, days_of, left_ml, left_fen)
    fen = _between(left_fen, first, last)
    return {
        "buyers": last > first,
        "visits": last - first,
        "fen": fen,
        "fen_squares": fen.astype(np.float64) ** 2,
        "ml": _between(fuel_ml, first, last),
        "margin_fen": _between(np.rint(margin / FEN_PARTS).astype(np.int64), first, last),
    }


def _after(row: Int64s, at_us: Int64s, rows: Int64s, since_us: Int64s) -> Int64s:
    """Find where each member's entries later than an instant begin, int64[n].

    row and at_us are sorted by row, then time.
    """
    # Equal instants have the place of the first; that is rank enough, and sorting is quick.
    instants = np.sort(np.concatenate([at_us, since_us]))
    keys = row << 32 | np.searchsorted(instants, at_us)
    wanted = rows << 32 | np.searchsorted(instants, since_us)
    return np.searchsorted(keys, wanted, side="right")


def _between(values: Int64s, first: Int64s, last: Int64s) -> Int64s:
    sums = np.concatenate([[0], np.cumsum(values)])
    between: Int64s = sums[last] - sums[first]
    return between


COLUMNS: Final[dict[str, Kind]] = {
    "id": "text",
    "kind": "text",
    "arm": "text",
    "treated": "count",
    "treated_buyers": "count",
    "treated_share": "number",
    "held_out": "count",
    "held_out_buyers": "count",
    "held_out_share": "number",
    "share_increment": "number",
    "share_increment_low": "number",
    "share_increment_high": "number",
    "spend_yuan": "yuan",
    "held_out_spend_yuan": "yuan",
    "spend_increment_yuan": "yuan",
    "spend_increment_low_yuan": "yuan",
    "spend_increment_high_yuan": "yuan",
    "litres_increment": "litres",
    "issued": "count",
    "used": "count",
    "cost_yuan": "yuan",
    "incremental_visits": "number",
    "cost_per_incremental_visit_yuan": "yuan",
    "incremental_margin_yuan": "yuan",
    "return_on_cost": "number",
}


def report_effects(part: Part, _rules: Rules, _query: Query) -> pa.Table:
    """Tell what each trigger or campaign brought, by arm, as increments over the held out.

    spend, litres and the increments of both are a member's; visits and margin are all members'.
    Shares have Newcombe's interval, spend the normal one; see rules.intervals.
    """
    found = part["effects"].to_pylist()
    held = {row["id"]: row for row in found if row["held_out"]}
    treated = [row for row in found if not row["held_out"]]
    return finished(COLUMNS, (_effect(row, held.get(row["id"])) for row in treated))


def _effect(row: dict[str, Any], other: dict[str, Any] | None) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "id": row["id"],
        "kind": row["kind"],
        "arm": row["arm"],
        "treated": row["occasions"],
        "treated_buyers": row["buyers"],
        "treated_share": ratio(row["buyers"], row["occasions"]),
        "held_out": 0,
        "held_out_buyers": 0,
        "spend_yuan": ratio(Fraction(row["fen"]), row["occasions"]),
    }
    if row["kind"] != PAST:
        cells |= {"issued": row["issued"], "used": row["used"], "cost_yuan": row["cost_fen"]}
    if other is None:
        return cells
    cells |= {
        "held_out": other["occasions"],
        "held_out_buyers": other["buyers"],
        "held_out_share": ratio(other["buyers"], other["occasions"]),
        "held_out_spend_yuan": ratio(Fraction(other["fen"]), other["occasions"]),
    }
    share = share_difference(row["buyers"], row["occasions"], other["buyers"], other["occasions"])
    spend = mean_difference(_sample(row), _sample(other))
    cells |= _interval("share_increment{}", share) | _interval("spend_increment{}_yuan", spend)
    visits, margin_fen = _more(row, other, "visits"), _more(row, other, "margin_fen")
    cells |= {
        "litres_increment": _more(row, other, "ml") / row["occasions"],
        "incremental_visits": visits,
        "incremental_margin_yuan": margin_fen,
    }
    if row["kind"] == PAST:
        return cells
    return cells | {
        "cost_per_incremental_visit_yuan": row["cost_fen"] / visits if visits > 0 else None,
        "return_on_cost": ratio(margin_fen - row["cost_fen"], row["cost_fen"]),
    }


def _more(row: dict[str, Any], other: dict[str, Any], name: str) -> Fraction:
    """Tell how much more the treated did than as many held out would have."""
    expected = Fraction(other[name] * row["occasions"], other["occasions"])
    return Fraction(row[name]) - expected


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(row["occasions"], float(row["fen"]), row["fen_squares"])


def _interval(name: str, found: Interval | None) -> dict[str, float]:
    if found is None:
        return {}
    ends = {"": found.value, "_low": found.low, "_high": found.high}
    return {name.format(end): value for end, value in ends.items()}
