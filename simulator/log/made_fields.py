"""Made fields: what rows of members and of opening balances lack to be events."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.identity import hash_strings
from simulator.log.mapping_file import MADE_TYPES, Mapping

_BETWEEN_CELLS: Final = "\x1f"


def completed(
    fields: dict[str, pa.Array], texts: dict[str, pa.StringArray], mapping: Mapping
) -> dict[str, pa.Array]:
    """Make the fields that rows of members and of balances don't have themselves.

    A made id depends on the row alone, so importing a file twice changes nothing. A member's
    carries a hash of the whole row: a corrected row is another event, which updates. A
    balance's is the same for all members: a second, different one of a member is a conflict,
    never added.
    """
    rows = len(next(iter(fields.values())))

    def same(text: str) -> pa.Array:
        return pa.repeat(pa.scalar(text, pa.utf8()), rows)

    made = {"type": same(MADE_TYPES[mapping.rows])}
    if mapping.rows == "balances":
        made |= {"event_id": same(f"{mapping.name}-balance"), "ref": same(mapping.reason)}
    else:
        cells = [pc.fill_null(texts[name], "") for name in sorted(texts)]
        lane_a, lane_b = hash_strings(pc.binary_join_element_wise(*cells, _BETWEEN_CELLS))
        lanes = zip(lane_a.tolist(), lane_b.tolist(), strict=True)
        hashes = [f"{one:016x}{other:016x}" for one, other in lanes]
        made["event_id"] = pa.array([f"{mapping.name}-{one}" for one in hashes], pa.utf8())
    return made | fields
