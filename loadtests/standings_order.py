"""Standings order: holds rows as the API gives them to the official order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from rules.ranks.official_order import NO_TIME_US, Key, key_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def key_of_row(row: dict[str, Any], tie_break: Sequence[str]) -> Key:
    """Build the key of a row's place in the official order.

    A masked member can't break a tie: such rows compare equal there.
    """
    completed = row["tasks_completed_at"]
    member = "" if "•" in row["member"] else row["member"]
    at_us = NO_TIME_US if completed is None else _micros(completed)
    return key_of(row["score"], at_us, row["active_days"], member, tie_break)


def disorder(board: str, rows: Iterable[dict[str, Any]], tie_break: Sequence[str]) -> list[str]:
    """Say which neighbouring rows are out of the official order, or don't count on by one.

    >>> row = {"tasks_completed_at": None, "active_days": 1, "member": "m"}
    >>> disorder("overall", [row | {"rank": 1, "score": 5}, row | {"rank": 2, "score": 7}], [])
    ['overall: m with 7 at rank 2 stands behind m with 5']
    """
    faults = []
    for ahead, behind in pairwise(rows):
        if behind["rank"] != ahead["rank"] + 1:
            faults.append(f"{board}: rank {behind['rank']} follows rank {ahead['rank']}")
        first, second = key_of_row(ahead, tie_break), key_of_row(behind, tie_break)
        if not first.member or not second.member:
            first, second = first._replace(member=""), second._replace(member="")
        if first > second:
            faults.append(
                f"{board}: {behind['member']} with {behind['score']} at rank {behind['rank']} "
                f"stands behind {ahead['member']} with {ahead['score']}"
            )
    return faults


def _micros(text: str) -> int:
    passed = datetime.fromisoformat(text) - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
