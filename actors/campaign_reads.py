"""Campaign reads: segments, campaigns and their effect, as one table knows them."""

from __future__ import annotations

from typing import Any

from rules.coupons.campaigns import preview_fields
from rules.judging.segments import count_segment, segment_rows
from rules.season.campaign_models import OrderRefused
from rules.table.member_table import MemberTable


def segment_counts(table: MemberTable) -> dict[str, int]:
    """Count the members of every segment of the file."""
    return {name: count_segment(table, name) for name in table.rules.segments}


def segment_members(table: MemberTable, name: str, limit: int) -> list[str]:
    """List members of a segment in the order of their ids, at most `limit`."""
    rows = segment_rows(table, name)
    return sorted(table.member_ids[row] for row in rows.tolist())[:limit]


def campaign_preview(table: MemberTable, fields: dict[str, Any]) -> dict[str, Any]:
    """Tell what a campaign would do now, or why it is `refused`."""
    try:
        return preview_fields(table, fields)
    except OrderRefused as why:
        return {"refused": str(why)}


def campaigns_run(table: MemberTable) -> dict[str, dict[str, Any]]:
    """List the campaigns that ran, with what was ordered and when."""
    return table.campaigns.ran
