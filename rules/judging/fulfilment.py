"""Fulfilment: goods a member has paid for with points and is owed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """One catalogue item that a redemption gave; its cost in fen."""

    event_id: str
    item: str
    at_us: int
    unit_cost_fen: int
