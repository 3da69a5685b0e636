"""Segments: saved conditions on members, matched as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rules.member_table import MemberTable


def segment_bits_of(
    table: MemberTable, rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint64]:
    """Tell the segments that members are in: uint64[n], bit s set for segment s of the file."""
    members = table.members
    return table.rules.segment_clauses.match(
        members.level[rows], members.kind[rows], members.attribute_bits[rows], None
    )
