"""Shown pages: what many readers of a board ask for at the same moment, read and written once.

A page is as of the moment before it was read. Until an event is acknowledged after that moment,
and for a fiftieth of a second at most, it is what reading again would show. Most events move
nobody on a page: its rows are written anew only where one of them changed.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from actors.gateway.auth import Caller, eyes
from actors.gateway.board_read import BoardRead
from actors.gateway.rounds import Rounds

MOMENT_S: Final = 0.02
"""How long a page is shown without reading again: ticks move standings without an event."""
PAGES_MAX: Final = 32

PageKey = tuple[str, int, int]
"""A board, how many rows to pass over, and how many to show."""
Write = Callable[[Caller, "BoardRead", msgspec.Raw | None], dict[str, Any]]

_encode = msgspec.json.Encoder().encode


class ShownPage:
    """A page, and its JSON for everyone who sees it alike."""

    def __init__(
        self,
        read: BoardRead,
        write: Write,
        mark: object,
        until_s: float,
        last: ShownPage | None = None,
    ) -> None:
        self.mark = mark
        self.until_s = until_s
        self._read = read
        self._write = write
        self._bodies: dict[bool, bytes] = {}
        self._members = frozenset(row.key.member for row in read.page.rows)
        self._rows: dict[bool, msgspec.Raw] = {}
        if last is not None and _same_rows(read, last._read):
            self._rows = last._rows

    def body(self, caller: Caller) -> bytes:
        """Give the JSON for a caller."""
        masked = caller.role == "app"
        if masked and caller.member in self._members:
            return _encode(self._write(caller, self._read, None))
        found = self._bodies.get(masked)
        if found is None:
            rows = self._rows.get(masked)
            told = self._write(eyes(masked), self._read, rows)
            if rows is None:
                told["rows"] = self._rows[masked] = msgspec.Raw(_encode(told["rows"]))
            found = self._bodies[masked] = _encode(told)
        return found


def _same_rows(one: BoardRead, other: BoardRead) -> bool:
    """Tell whether two readings of a board show the same rows; the same view has the same rules."""
    return (
        one.view is not None
        and one.view is other.view
        and one.page.first_rank == other.page.first_rank
        and one.page.rows == other.page.rows
        and one.before == other.before
    )


class ShownPages:
    """Reads pages of boards.

    Args:
        read: reads a page.
        write: says it as a caller may see it.
        mark: tells what has been acknowledged, and under which rules; equal marks, equal pages.
    """

    def __init__(
        self,
        read: Callable[[str, int, int], Awaitable[BoardRead]],
        write: Write,
        mark: Callable[[], object],
    ) -> None:
        self._read = read
        self._write = write
        self._mark = mark
        self._pages: dict[PageKey, ShownPage] = {}
        self._rounds: Rounds[PageKey, None, ShownPage] = Rounds(self._answer)

    async def page(self, board: str, after: int, limit: int) -> ShownPage:
        """Give the rows with ranks after + 1 to after + limit; raises Problem 503."""
        key = (board, after, limit)
        shown = self._pages.get(key)
        if shown is not None and time.monotonic() < shown.until_s and shown.mark == self._mark():
            return shown
        return await self._rounds.ask(key, None)

    async def _answer(self, key: PageKey, asked: list[None]) -> list[ShownPage]:
        mark, until_s = self._mark(), time.monotonic() + MOMENT_S
        read = await self._read(*key)
        shown = ShownPage(read, self._write, mark, until_s, self._pages.get(key))
        if len(self._pages) >= PAGES_MAX:
            self._pages.clear()
        self._pages[key] = shown
        return [shown] * len(asked)
