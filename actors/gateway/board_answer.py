"""Board answer: rows of a board from one snapshot, and their JSON as one caller may see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import msgspec

from actors.gateway.answers import row_json
from actors.gateway.auth import Caller
from actors.gateway.board_pages import Page
from actors.gateway.board_read import BoardRead
from actors.gateway.prize_view import PrizeView
from actors.gateway.shown_pages import ShownPages
from actors.gateway.state import State
from actors.messages import Ask, Reading
from actors.phases import instant

Found = TypeVar("Found")


async def read_with_prizes(
    state: State, page_of: Callable[[list[Ask]], Awaitable[tuple[Found, list[Reading]]]]
) -> tuple[Found, PrizeView | None]:
    """Read something together with the prize rows of the same snapshot."""
    while True:
        found, readings = await page_of(state.prizes.asks())
        if not readings:
            return found, None
        view = state.prizes.view(readings)
        if view is not None:
            return found, view


async def read_board(state: State, board: str, after: int, limit: int) -> BoardRead:
    """Read the rows with ranks after + 1 to after + limit; raises Problem 503 while warming."""
    as_of_us, phase = state.as_of_us(), state.phase()

    async def read(asks: list[Ask]) -> tuple[Page, list[Reading]]:
        page = await state.pages.page(board, after, limit, asks)
        return page, page.readings

    page, view = await read_with_prizes(state, read)
    return await with_changes(state, board, page, view, as_of_us, phase)


async def with_changes(
    state: State, board: str, page: Page, view: PrizeView | None, as_of_us: int, phase: str
) -> BoardRead:
    """Add where the members of a page stood at the last local midnight."""
    team = next(known.team for known in state.rules.boards if known.id == board) is not None
    members = [row.key.member for row in page.rows]
    before = await state.changes.ranks_at(board, members, state.day())
    return BoardRead(board, page, view, before, team, as_of_us, phase)


def pages_of(state: State) -> ShownPages:
    """Build what shows the boards' pages of a gateway."""
    return ShownPages(partial(read_board, state), partial(board_json, state), state.mark)


def board_json(
    state: State, caller: Caller, read: BoardRead, rows: msgspec.Raw | None = None
) -> dict[str, Any]:
    """Write what `GET /v1/standings/{board}` answers; rows where those are written already."""
    page, view = read.page, read.view
    return {
        "board": read.board,
        "as_of": instant(read.as_of_us),
        "version": page.version,
        "phase": read.phase,
        "total": page.total,
        "rows": _rows(state, caller, read) if rows is None else rows,
        "next_cursor": page.next_cursor,
        "cut_lines": view.cut_lines(read.board) if view else [],
    }


def _rows(state: State, caller: Caller, read: BoardRead) -> list[dict[str, Any]]:
    rows = []
    for rank, row in enumerate(read.page.rows, read.page.first_rank):
        json = row_json(state.rules, caller, rank, row, read.team)
        if row.key.member in read.before:
            was = read.before[row.key.member]
            json["change"] = None if was is None else was - rank
        view = read.view
        json |= view.of_row(read.board, row) if view else {"prize": None, "gap_to_prize": None}
        rows.append(json)
    return rows
