"""Standings file: the canonical bytes of a board's rows, and their hash."""

from __future__ import annotations

import hashlib

import pyarrow as pa

from rules.decoding.csv_lines import csv_bytes, instants
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.standings import BoardRows

COLUMNS = ("rank", "member", "score", "tier", "tasks_completed_at", "active_days")


def standings_csv(rows: BoardRows) -> bytes:
    """Write a board's rows as the canonical bytes of `standings-BOARD.csv`.

    Cost: O(n), about a second a million.
    """
    return csv_bytes(
        COLUMNS,
        [
            pa.array(rows.rank),
            pa.array(rows.member, pa.large_string()),
            pa.array(rows.score),
            pa.array(rows.tier, pa.large_string()),
            instants(rows.tasks_completed_at_us, none_us=NO_TIME_US),
            pa.array(rows.active_days),
        ],
    )


def standings_hash(standings: bytes) -> str:
    """Return the SHA-256 of a standings file in hexadecimal: what a season publishes."""
    return hashlib.sha256(standings).hexdigest()
