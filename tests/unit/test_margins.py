"""Margins in reports: of the day, the station and the product of each sale."""

from __future__ import annotations

from decimal import Decimal

from rules.reporting.report_query import read_query
from rules.reporting.reports import report_of
from tests.unit.played_log import Event, play, table_of
from tests.unit.test_price_list import HEAD

PRICES = """\
[[prices]]
product = "92"
from = 2026-06-09
margin = { per_litre = "1.05" }
[[prices]]
product = "92"
from = 2026-06-10
region = "south"
margin = { per_litre = "0.5001" }
"""


def sale(day: int, station: str, product: str = "92") -> Event:
    event = {"type": "purchase", "member": "a", "station": station, "product": product}
    event |= {"at": f"2026-06-{day:02d}T09:00:00+08:00", "amount": "300.00"}
    return event if product == "tea" else event | {"litres": "40"}


LOG = [
    sale(8, "S1"),  # 40 × 1.10
    sale(9, "S1"),  # 40 × 1.05
    sale(10, "S1"),  # 40 × 1.05
    sale(9, "S2"),  # 40 × 1.05
    sale(10, "S2"),  # 40 × 0.5001
    sale(10, "S2", "tea"),  # 300.00 × 0.25
    sale(10, "S2", "95"),  # says nothing
    {
        "type": "refund", "member": "a", "ref": "e4", "litres": "10",
        "at": "2026-06-12T09:00:00+08:00",
    },  # of the day of its purchase: 30 × 0.5001
]  # fmt: skip


def margins(by: str, name: str = "sales") -> dict[str, Decimal | None]:
    table = table_of(HEAD + PRICES)
    play(table, LOG)
    rows = report_of([table], read_query(name, by=by)).to_pylist()
    return {str(row[by]): row["margin_yuan"] for row in rows}


def test_each_sale_leaves_the_margin_of_its_own_day_and_station() -> None:
    assert margins("station", "stations") == {
        "S1": Decimal("128.00"),
        "S2": Decimal("132.00"),  # 42 + 15.003 + 75
    }
    assert margins("region", "stations") == {"north": Decimal("128.00"), "south": Decimal("132.00")}


def test_a_product_without_a_margin_has_none_and_the_others_add_up() -> None:
    assert margins("product") == {"92": Decimal("185.00"), "95": None, "tea": Decimal("75.00")}
    assert margins("total") == {"total": Decimal("260.00")}


def test_margins_by_day_stand_on_the_day_of_the_sale() -> None:
    found = margins("day")
    assert found["2026-06-08"] == Decimal("44.00")
    assert found["2026-06-10"] == Decimal("132.00")
    assert "2026-06-12" not in found
