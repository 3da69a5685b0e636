"""Board: what a season ranks its members or their teams on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Board:
    """One board; team is the attribute whose members' scores it adds up, or None."""

    id: str
    team: str | None
