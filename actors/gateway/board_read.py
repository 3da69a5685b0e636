"""Board read: a page of a board as it was read once, for everyone it is then written for."""

from __future__ import annotations

from dataclasses import dataclass

from actors.gateway.board_pages import Page
from actors.gateway.prize_view import PrizeView


@dataclass(frozen=True, slots=True)
class BoardRead:
    """A page with the prizes of the same snapshot, and where its members stood at midnight."""

    board: str
    page: Page
    view: PrizeView | None
    before: dict[str, int | None]
    team: bool
    as_of_us: int
    phase: str
