"""Tier reads: who of a table's members would move under another season file."""

from __future__ import annotations

from rules.advice.tier_preview import TierMoves, preview
from rules.compiling.compiled import compile_rules
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable


def tier_moves(table: MemberTable, text: str) -> TierMoves:
    """Judge every member at the next review by a season file that has been checked."""
    return TierMoves.added([preview(table, compile_rules(load_season(text, "rules")))])
