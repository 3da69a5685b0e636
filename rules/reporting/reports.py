"""Reports: gathered from each member table, added up over all, and finished into one table.

A report is made in three steps, so that shards, worker processes and a single table give the
same: gather() looks at one table, report_tables.added() adds up, finish() does what isn't a sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.reporting.budget_reports import (
    gather_budgets,
    gather_prizes,
    report_budgets,
    report_prizes,
)
from rules.reporting.coupon_reports import gather_coupons, report_coupons
from rules.reporting.effect_reports import gather_effects, report_effects
from rules.reporting.member_reports import gather_members, report_members
from rules.reporting.point_reports import (
    gather_liability,
    gather_points,
    report_liability,
    report_points,
)
from rules.reporting.report_query import NAMES, Query
from rules.reporting.report_tables import Part, added
from rules.reporting.sale_reports import (
    gather_sales,
    gather_stations,
    gather_trend,
    report_sales,
    report_stations,
    report_trend,
)
from rules.reporting.satisfaction_reports import gather_satisfaction, report_satisfaction

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Gather = Callable[["MemberTable", Query], Part]
Finish = Callable[[Part, Rules, Query], pa.Table]

REPORTS: Final[dict[str, tuple[Gather, Finish]]] = {
    "sales": (gather_sales, report_sales),
    "service": (gather_sales, report_sales),
    "members": (gather_members, report_members),
    "stations": (gather_stations, report_stations),
    "trend": (gather_trend, report_trend),
    "coupons": (gather_coupons, report_coupons),
    "campaigns": (gather_effects, report_effects),
    "recall": (gather_effects, report_effects),
    "satisfaction": (gather_satisfaction, report_satisfaction),
    "liability": (gather_liability, report_liability),
    "points": (gather_points, report_points),
    "budgets": (gather_budgets, report_budgets),
    "prizes": (gather_prizes, report_prizes),
}
assert REPORTS.keys() == NAMES.keys()


def gather(table: MemberTable, query: Query) -> Part:
    """Gather what one member table has for a report."""
    return REPORTS[query.name][0](table, query)


def finish(parts: Sequence[Part], rules: Rules, query: Query) -> pa.Table:
    """Add up the parts of all member tables, at least one, and make the report of them."""
    return REPORTS[query.name][1](added(parts), rules, query)


def report_of(tables: Sequence[MemberTable], query: Query) -> pa.Table:
    """Make a report of member tables at hand, at least one, by the rules of the first."""
    return finish([gather(table, query) for table in tables], tables[0].rules, query)
