"""Orders: what people decide while a season runs, logged like events and applied like them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from rules.coupons.campaigns import take_campaign
from rules.coupons.code_claims import take_claim_codes, take_codes_used
from rules.ranks.prize_claims import take_awards
from rules.table.member_table import MemberTable

APPLIED: Final[dict[str, Callable[[MemberTable, Mapping[str, Any], int], dict[str, Any]]]] = {
    "awards": take_awards,
    "campaign": take_campaign,
    "claim_codes": take_claim_codes,
    "codes_used": take_codes_used,
}
"""What each kind of order does to a table; it returns what the order's sender is told."""


def apply_order(table: MemberTable, order: Mapping[str, Any], at_us: int) -> dict[str, Any]:
    """Apply one order at a clock reading, once by its `id`, and return what it did.

    Raises KeyError for a kind that isn't known.
    """
    name = str(order["id"])
    if name not in table.orders:
        table.orders[name] = APPLIED[order["kind"]](table, order, at_us)
    return table.orders[name]
