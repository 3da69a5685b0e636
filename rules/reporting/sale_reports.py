"""Sale reports: what was sold, by product, station and time, and how it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.reporting.report_query import PERIODS, Query
from rules.reporting.report_tables import Kind, Part, finished, ratio
from rules.reporting.sale_parts import (
    ANSWERS,
    SALES,
    answers_part,
    counts_part,
    days_part,
    sales_part,
)
from rules.season.price_list import FEN_PARTS

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

SALE_COLUMNS: Final[dict[str, Kind]] = {
    "purchases": "count",
    "litres": "litres",
    "amount_yuan": "yuan",
    "discount_yuan": "yuan",
    "refunds": "count",
    "refunded_litres": "litres",
    "refunded_amount_yuan": "yuan",
    "net_litres": "litres",
    "net_amount_yuan": "yuan",
    "margin_yuan": "yuan",
    "base_points": "count",
    "bonus_points": "count",
    "refunded_points": "count",
}


def gather_sales(table: MemberTable, query: Query) -> Part:
    """Gather for the reports sales and service."""
    return {"sales": sales_part(table, query)}


def gather_trend(table: MemberTable, query: Query) -> Part:
    """Gather for the report trend."""
    return {
        "sales": sales_part(table, query),
        "counts": counts_part(table, query, query.by),
        "days": days_part(table, query),
    }


def gather_stations(table: MemberTable, query: Query) -> Part:
    """Gather for the report stations."""
    return {
        "sales": sales_part(table, query),
        "answers": answers_part(table, query, "", None),
    }


class SaleSum:
    """What sales add up to, and their margin where the season file says it."""

    def __init__(self) -> None:
        self.sums: dict[str, int] = dict.fromkeys(SALES, 0)
        self.margin: Fraction | None = None

    def add(self, row: dict[str, Any]) -> None:
        """Add the sales of one product."""
        for name in SALES:
            self.sums[name] += row[name]
        if row["margins_known"]:
            self.margin = (self.margin or 0) + Fraction(row["margin_parts"], FEN_PARTS)

    def cells(self) -> dict[str, Any]:
        """Name the sums as a report does."""
        held = self.sums
        return {
            "purchases": held["purchases"],
            "litres": held["ml"],
            "amount_yuan": held["fen"],
            "discount_yuan": held["discount_fen"],
            "refunds": held["refunds"],
            "refunded_litres": held["refunded_ml"],
            "refunded_amount_yuan": held["refunded_fen"],
            "net_litres": held["ml"] - held["refunded_ml"],
            "net_amount_yuan": held["fen"] - held["refunded_fen"],
            "margin_yuan": self.margin,
            "base_points": held["base"],
            "bonus_points": held["bonus"],
            "refunded_points": held["refunded_points"],
        }


def _sums_by(
    rows: Iterator[dict[str, Any]], key_of: Callable[[dict[str, Any]], Any]
) -> dict[Any, SaleSum]:
    sums: dict[Any, SaleSum] = {}
    for row in rows:
        sums.setdefault(key_of(row), SaleSum()).add(row)
    return dict(sorted(sums.items()))


def _key_of(rules: Rules, by: str) -> Callable[[dict[str, Any]], Any]:
    products, stations = rules.season.products, rules.season.stations

    def category(row: dict[str, Any]) -> str:
        return products[row["product"]].category if row["product"] in products else ""

    def field(name: str) -> Callable[[dict[str, Any]], str]:
        return lambda row: getattr(stations.get(row["station"]), name, None) or ""

    ways: dict[str, Callable[[dict[str, Any]], Any]] = {
        "product": lambda row: row["product"],
        "station": lambda row: row["station"],
        "category": category,
        "region": field("region"),
        "brand": field("brand"),
        "total": lambda _: "total",
    }
    return ways.get(by, lambda row: row["period"])


def report_sales(part: Part, rules: Rules, query: Query) -> pa.Table:
    """Tell what was sold, by product, category, station or time; top-ups are no sales.

    The report `service` has the products of category service alone.
    """
    services = {
        name for name, product in rules.season.products.items() if product.category == "service"
    }
    rows = (
        row
        for row in part["sales"].to_pylist()
        if not row["top_up"] and (query.name != "service" or row["product"] in services)
    )
    sums = _sums_by(rows, _key_of(rules, query.by))
    kind: Kind = "day" if query.by in PERIODS else "text"
    first = {query.by: kind}
    if query.by == "product":
        first["category"] = "text"
    products = rules.season.products
    return finished(
        {**first, **SALE_COLUMNS},
        (
            {
                query.by: key,
                "category": products[key].category if key in products else "",
                **one.cells(),
            }
            for key, one in sums.items()
        ),
    )


def report_stations(part: Part, rules: Rules, query: Query) -> pa.Table:
    """Tell how stations, regions or brands do, with what members answer about them."""
    key_of = _key_of(rules, query.by)
    sales = _sums_by((row for row in part["sales"].to_pylist() if not row["top_up"]), key_of)
    answers: dict[str, dict[str, int]] = {}
    for row in part["answers"].to_pylist():
        held = answers.setdefault(key_of(row), dict.fromkeys(ANSWERS, 0))
        for name in ANSWERS:
            held[name] += row[name]
    columns: dict[str, Kind] = {query.by: "text"}
    if query.by == "station":
        columns |= {"region": "text", "brand": "text"}
    columns |= SALE_COLUMNS | {"answers": "count", "mean_score": "number", "nps": "number"}
    rows = []
    for key in sorted({*sales, *answers}):
        held = answers.get(key, dict.fromkeys(ANSWERS, 0))
        place = rules.season.stations.get(key) if query.by == "station" else None
        rows.append(
            {
                "region": (place.region or "") if place else "",
                "brand": (place.brand or "") if place else "",
                query.by: key,
                **sales.get(key, SaleSum()).cells(),
                **answer_cells(held),
            }
        )
    return finished(columns, rows)


def answer_cells(held: dict[str, int]) -> dict[str, Any]:
    """Name what survey answers add up to; the net promoter score is in points of a hundred."""
    nps = ratio(100 * (held["promoters"] - held["detractors"]), held["answers"])
    return {
        "answers": held["answers"],
        "mean_score": ratio(held["score"], held["answers"]),
        "promoters": held["promoters"],
        "detractors": held["detractors"],
        "nps": nps,
    }


TREND_COUNTS: Final = {
    "enrolments": "enrolment",
    "redemptions": "redemption",
    "reviews": "review",
}


def report_trend(part: Part, _rules: Rules, query: Query) -> pa.Table:
    """Tell how purchases, members and points move from day to day, week or month."""
    rows = part["sales"].to_pylist()
    sales = _sums_by((row for row in rows if not row["top_up"]), lambda row: row["period"])
    top_ups = _sums_by((row for row in rows if row["top_up"]), lambda row: row["period"])
    days = {row["period"]: row for row in part["days"].to_pylist()}
    counts = {(row["period"], row["what"]): row["count"] for row in part["counts"].to_pylist()}
    made = []
    for period in sorted({*sales, *top_ups, *days, *(period for period, _ in counts)}):
        topped = top_ups.get(period, SaleSum()).sums
        row = {
            query.by: period,
            **sales.get(period, SaleSum()).cells(),
            "top_ups": topped["purchases"],
            "top_up_amount_yuan": topped["fen"] - topped["refunded_fen"],
            "active_members": days.get(period, {}).get("active_members", 0),
            "first_purchases": days.get(period, {}).get("first_purchases", 0),
        }
        made.append(row | {name: counts.get((period, of), 0) for name, of in TREND_COUNTS.items()})
    columns: dict[str, Kind] = {query.by: "day", **SALE_COLUMNS}
    columns |= {"top_ups": "count", "top_up_amount_yuan": "yuan"}
    columns |= dict.fromkeys(("active_members", "first_purchases", *TREND_COUNTS), "count")
    return finished(columns, made)
