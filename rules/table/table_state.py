"""Table state: a member table as arrays, for a snapshot, and back.

What is kept by row or by place is an array of its own, of a part or of the table; the rest is
JSON. Which arrays there are, and of what kinds, is what a snapshot's format consists of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import Rules
from rules.judging.fulfilment import Fulfilment
from rules.table.identity_map import IdentityMap
from rules.table.ledger import WaitingRefund
from rules.table.older_season import OlderSeason
from rules.table.storage import Memory

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

PIECE: Final = 10_000
"""Entries of a list that are written as JSON at a time."""

State = Mapping[str, npt.NDArray[Any]]


def copied(table: MemberTable) -> Callable[[], dict[str, npt.NDArray[Any]]]:
    """Copy a table now; what is returned makes the arrays of its state as of now.

    That may be called in another thread, while the table goes on. What nothing ever writes
    again isn't copied; see Columns.settled.
    """
    ledger = table.ledger
    texts = {
        "companies": table.companies.copy(),
        "dropped": table.dropped.copy(),
        "waiting_refunds": [
            [*key, [*map(_refund_cells, kept)]] for key, kept in ledger.waiting.items()
        ],
        "clock": [table.clock_us, table.next_tick_us, table.open_day, table.open_month],
        "final": table.final,
        "season_number": table.season_number,
        "fulfilments": [[row, *asdict(owed).values()] for row, owed in table.fulfilments],
        "orders": table.orders.copy(),
        "member_ids": table.member_ids.copy(),
    }
    # Pairs are made of these only when they are written: here a million of them take long.
    pairs: dict[str, dict[int, Any]] = {
        "attributes": dict(table.attributes),
        "details": ledger.details.copy(),
    }
    states = {name: part.state() for name, part in table.parts.items()}
    states |= {"rows": table.rows_by_id.state(), "map": ledger.map.state()}
    arrays = {
        f"{part}.{name}": column for part, state in states.items() for name, column in state.items()
    }
    if table.older is not None:
        older = table.older.state(table.members.size)
        arrays |= {f"older.{name}": column for name, column in older.items()}
    arrays["points_by_hour"] = table.points_by_hour.copy()

    def written() -> dict[str, npt.NDArray[Any]]:
        told = texts | {name: list(held.items()) for name, held in pairs.items()}
        return arrays | {f"json.{name}": _packed(value) for name, value in told.items()}

    return written


def restore(table: MemberTable, state: State, older_rules: Rules | None, storage: Memory) -> None:
    """Fill an empty table from its state, under the same rules.

    older_rules are those of the season before, where that one is still held. Raises KeyError
    when something is missing.
    """
    texts = {name: json.loads(packed.tobytes()) for name, packed in _part(state, "json.").items()}
    for name, kept in table.parts.items():
        kept.restore(_part(state, f"{name}."))
    table.rows_by_id = IdentityMap.from_state(_part(state, "rows."))
    table.ledger.map = IdentityMap.from_state(_part(state, "map."), storage)
    table.merges = int(np.count_nonzero(table.members.merged_into))
    table.clock_us, table.next_tick_us, table.open_day, table.open_month = texts["clock"]
    table.final = texts["final"]
    table.season_number = texts["season_number"]
    if older_rules is not None and "older.told" in state:
        table.older = OlderSeason.from_state(older_rules, _part(state, "older."), table.members)
    table.fulfilments = [(row, Fulfilment(*cells)) for row, *cells in texts["fulfilments"]]
    table.orders = texts["orders"]
    table.ledger.details = dict(texts["details"])
    table.member_ids = texts["member_ids"]
    table.name_companies(texts["companies"])
    table.attributes = dict(texts["attributes"])
    table.dropped = [(member, event, why) for member, event, why in texts["dropped"]]
    for row, key_a, key_b, refunds in texts["waiting_refunds"]:
        waiting = [WaitingRefund(*cells) for cells in refunds]
        table.ledger.waiting[(row, key_a, key_b)] = waiting
    table.points_by_hour = state["points_by_hour"].copy()


def _part(state: State, prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {
        name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)
    }


def _packed(value: Any) -> npt.NDArray[np.uint8]:
    """Write JSON, a long list a piece at a time: other threads get their turn in between."""
    if not isinstance(value, list) or len(value) <= PIECE:
        text = json.dumps(value).encode()
    else:
        text = b"[" + b",".join(_pieces(value)) + b"]"
    return np.frombuffer(text, dtype=np.uint8)


def _pieces(values: list[Any]) -> Iterator[bytes]:
    for first in range(0, len(values), PIECE):
        yield json.dumps(values[first : first + PIECE])[1:-1].encode()


def _refund_cells(refund: WaitingRefund) -> list[str | int]:
    return [refund.event_id, refund.named, refund.quantity, refund.row, refund.at_us]
