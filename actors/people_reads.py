"""People reads: attributes, the ids of one record, and who belongs to a company."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rules.accounts.posting import rows_of
from rules.table.member_table import MemberTable

PRIVATE: Final = "private"
"""Members of this kind are nobody's employees, whatever company they name."""


def attributes_of(table: MemberTable, member: str) -> dict[str, Any] | None:
    """Give what a member told about themselves; None when the member is unknown."""
    row = table.row_of(member)
    if row < 0 or not table.members.listed[row]:
        return None
    kind = table.rules.kinds[table.members.kind[row]]
    return {"kind": kind, **table.attributes.get(row, {})}


def ids_of(table: MemberTable, member: str) -> list[str]:
    """List the ids that stand for a member's record: the one that stays first."""
    return [str(table.member_ids[row]) for row in rows_of(table, member)]


def company_members(table: MemberTable, company: str) -> list[dict[str, Any]]:
    """List a company's members but for private ones, by id: kind, tier, points and use."""
    members, rules = table.members, table.rules
    if company not in table.companies:
        return []
    code = table.companies.index(company)
    size = members.size
    there = members.listed[:size] & (members.company[:size] == code)
    if PRIVATE in rules.kinds:
        there &= members.kind[:size] != rules.kinds.index(PRIVATE)
    rows = np.flatnonzero(there).tolist()
    listed = [
        {
            "member": str(table.member_ids[row]),
            "kind": rules.kinds[members.kind[row]],
            "tier": rules.levels[members.level[row]],
            "ids": [str(table.member_ids[one]) for one in rows_of(table, table.member_ids[row])],
        }
        for row in rows
    ]
    return sorted(listed, key=lambda one: one["member"])
