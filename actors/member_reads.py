"""Member reads: what the gateway asks of a shard's table, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa

from actors.campaign_reads import (
    campaign_preview,
    campaigns_run,
    segment_counts,
    segment_members,
)
from actors.coupon_view import coupon_of, coupons_of, quote_of
from actors.member_export import held_of
from actors.member_view import lots_of
from actors.people_reads import attributes_of, company_members, ids_of
from actors.prize_reads import claims_of
from actors.report_reads import offers_of, report_part
from actors.tier_reads import tier_moves
from rules.decoding.identity import hash_strings
from rules.table.ledger import identity_keys
from rules.table.member_table import MemberTable


def known(table: MemberTable, member: str) -> bool:
    """Tell whether a member is there."""
    row = table.row_of(member)
    return row >= 0 and bool(table.members.listed[row])


def event_at(table: MemberTable, member: str, event_id: str) -> int | None:
    """Tell when an event that was accepted happened, µs UTC; None where none is kept."""
    row = table.find_rows(*hash_strings(pa.array([member])))
    if row[0] < 0:
        return None
    keys = identity_keys(row, *hash_strings(pa.array([event_id])))
    found = int(table.ledger.map.find(*keys)[0])
    return None if found < 0 else int(table.ledger.identities.at_us[found])


READS: Final[dict[str, Callable[..., Any]]] = {
    "known": known,
    "event_at": event_at,
    "coupons": coupons_of,
    "coupon": coupon_of,
    "quote": quote_of,
    "lots": lots_of,
    "claims": claims_of,
    "segment_counts": segment_counts,
    "segment_members": segment_members,
    "campaign_preview": campaign_preview,
    "campaigns": campaigns_run,
    "held": held_of,
    "attributes": attributes_of,
    "ids_of": ids_of,
    "company_members": company_members,
    "report": report_part,
    "offers": offers_of,
    "tier_moves": tier_moves,
}
"""Each takes the table first; what it returns crosses processes."""

DRAWING: Final = frozenset({"quote"})
"""Those that are told last what may still be drawn from the pools, int64[pools]."""
