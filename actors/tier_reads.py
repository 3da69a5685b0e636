"""Tier reads: who of a table's members would move under another season file."""

from __future__ import annotations

from rules.compiled import compile_rules
from rules.member_table import MemberTable
from rules.season_file import load_season
from rules.tier_preview import TierMoves, preview


def tier_moves(table: MemberTable, text: str) -> TierMoves:
    """Judge every member at the next review by a season file that has been checked."""
    return TierMoves.added([preview(table, compile_rules(load_season(text, "rules")))])
