"""Erasure: what a member told about themselves is dropped; the row and its points stay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rules.judging.coding import Events
from rules.season.birthdays import NO_BIRTHDAY
from rules.table.member_table import UNNAMED_COMPANY, MemberTable

Int64s = npt.NDArray[np.int64]


def apply_erasures(table: MemberTable, events: Events, at: Int64s) -> None:
    """Apply erase events of distinct members, at int64[k] rows of the batch."""
    if len(at):
        forget(table, events.row[at])


def forget(table: MemberTable, rows: Int64s) -> None:
    """Drop the attributes of distinct members, as if they had never been given."""
    members, rules = table.members, table.rules
    for row in rows.tolist():
        table.attributes.pop(row, None)
    members.described[rows] = False
    members.kind[rows] = rules.default_kind
    members.company[rows] = UNNAMED_COMPANY
    members.birthday[rows] = NO_BIRTHDAY
    members.attribute_bits[rows] = rules.attribute_bits({})
