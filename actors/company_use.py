"""Company use: litres, amount and visits of a company's members by month and product.

It comes from postings: those on disk, which don't change, and a shard's since its last snapshot.
Stations and hours are left out before anything is added up, and so is what a member bought while
they were a private one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from actors.people_reads import PRIVATE
from actors.store.journal import JournalFiles

COLUMNS: Final = (
    "member",
    "kind",
    "type",
    "rule",
    "event_id",
    "ref",
    "at_us",
    "product",
    "litres_ml",
    "amount_fen",
    "member_kind",
)
_NONE: Final = -1


def on_disk(files: JournalFiles, members: Sequence[str], up_to_seq: int) -> list[pa.Table]:
    """Read members' postings up to a seq; raises JournalDamaged."""
    chosen = pa.array(sorted(set(members)), pa.utf8())
    return [
        part.filter(pc.is_in(part.column("member"), value_set=chosen))
        for part in files.columns(COLUMNS, up_to_seq)
    ]


def use_of(parts: Sequence[pa.Table], timezone: str) -> list[dict[str, Any]]:
    """Add postings up: a row for each member, month and product, what was refunded taken off."""
    plain = [_plain(part) for part in parts]
    rows = pa.concat_tables(plain) if plain else None
    if rows is None or not rows.num_rows:
        return []
    products = rows.column("product").combine_chunks().dictionary_encode()
    rows = rows.set_column(
        rows.schema.get_field_index("product"), "product", products.indices.fill_null(_NONE)
    )
    by_sale = rows.group_by(["member", "sale"]).aggregate(
        [
            ("litres_ml", "sum"),
            ("amount_fen", "sum"),
            ("product", "max"),
            ("at_us", "max"),
            ("is_sale", "max"),
        ]
    )
    # A reversal whose sale is left out, such as one of a private member's, has nothing to lower.
    sales = by_sale.filter(pc.equal(by_sale.column("is_sale_max"), 1))
    at = pc.cast(sales.column("at_us_max"), pa.timestamp("us", "UTC")).cast(
        pa.timestamp("us", timezone)
    )
    left = pc.greater(
        pc.add(sales.column("litres_ml_sum"), sales.column("amount_fen_sum")), 0
    ).cast(pa.int64())
    by_month = pa.table(
        {
            "member": sales.column("member"),
            "month": pc.strftime(at, "%Y-%m"),
            "product": sales.column("product_max"),
            "litres_ml": sales.column("litres_ml_sum"),
            "amount_fen": sales.column("amount_fen_sum"),
            "visits": left,
        }
    )
    summed = by_month.group_by(["member", "month", "product"]).aggregate(
        [("litres_ml", "sum"), ("amount_fen", "sum"), ("visits", "sum")]
    )
    words = products.dictionary.to_pylist()
    found = [
        {
            "member": row["member"],
            "month": row["month"],
            "product": words[row["product"]] if row["product"] >= 0 else None,
            "litres_ml": row["litres_ml_sum"],
            "amount_fen": row["amount_fen_sum"],
            "visits": row["visits_sum"],
        }
        for row in summed.to_pylist()
    ]
    return sorted(found, key=lambda row: (row["member"], row["month"], row["product"] or ""))


def _plain(part: pa.Table) -> pa.Table:
    """Keep sales and what refunds took from them, without dictionaries."""
    kind, event = _text(part, "kind"), _text(part, "type")
    private = pc.fill_null(pc.equal(_text(part, "member_kind"), PRIVATE), False)
    bought = pc.and_(pc.equal(kind, "base"), pc.equal(event, "purchase"))
    sale = pc.and_(bought, pc.invert(private))
    taken = pc.and_(
        pc.and_(pc.equal(kind, "reversed"), pc.equal(event, "refund")),
        pc.is_null(part.column("rule")),
    )
    chosen = pc.fill_null(pc.or_(sale, taken), False)
    rows = part.filter(chosen)
    is_sale = pc.equal(_text(rows, "kind"), "base")
    return pa.table(
        {
            "member": _text(rows, "member"),
            "sale": pc.if_else(is_sale, rows.column("event_id"), rows.column("ref")),
            "product": _text(rows, "product"),
            "litres_ml": pc.fill_null(rows.column("litres_ml"), 0),
            "amount_fen": pc.fill_null(rows.column("amount_fen"), 0),
            "at_us": pc.if_else(is_sale, rows.column("at_us"), _NONE),
            "is_sale": is_sale.cast(pa.int64()),
        }
    )


def _text(table: pa.Table, name: str) -> pa.ChunkedArray:
    return table.column(name).cast(pa.utf8())
