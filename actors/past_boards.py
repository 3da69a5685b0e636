"""Past boards: the boards as they stood at the last local midnights, for what changed since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules.compiling.calendar import Calendar
from rules.ranks.frozen_order import FrozenOrder
from rules.ranks.ranking import RankIndex
from rules.ranks.standings import TeamRows

KEPT = 2
NEVER = -(2**40)


@dataclass(frozen=True, slots=True)
class _Past:
    """Boards that stood unchanged at the midnights of days first to last."""

    first: int
    last: int
    boards: dict[str, FrozenOrder]
    teams: dict[str, TeamRows]


class PastBoards:
    """Keeps the boards of the last midnights at which something changed.

    A shard that started today can't know how its boards stood at midnight: it says so.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._day = NEVER
        self._kept: list[_Past] = []

    def start(self, clock_us: int) -> None:
        """Begin at a reading of the clock; what was before is not known."""
        if self._day == NEVER and clock_us > 0:
            self._day = self._calendar.day(clock_us)

    def new_day(self, clock_us: int) -> bool:
        """Tell whether midnight passed since the last change."""
        if self._day == NEVER:
            self.start(clock_us)
            return False
        return self._calendar.day(clock_us) > self._day

    def keep(
        self, clock_us: int, indexes: Mapping[str, RankIndex], teams: dict[str, TeamRows]
    ) -> None:
        """Freeze the boards: so they stood at every midnight up to the clock's day."""
        day = self._calendar.day(clock_us)
        boards = {board: index.freeze() for board, index in indexes.items()}
        self._kept = [*self._kept, _Past(self._day + 1, day, boards, teams)][-KEPT:]
        self._day = day

    def board(self, board: str, day: int, now: Mapping[str, RankIndex]) -> FrozenOrder | None:
        """Give a board as it stood at a day's midnight; None when that isn't known."""
        if day > self._day != NEVER:
            return now[board].freeze()
        past = self._of(day)
        return past.boards.get(board) if past else None

    def teams(self, board: str, day: int, now: Callable[[str], TeamRows]) -> TeamRows | None:
        """Give the team sums as they stood at a day's midnight; None when that isn't known."""
        if day > self._day != NEVER:
            return now(board)
        past = self._of(day)
        return past.teams.get(board) if past else None

    def _of(self, day: int) -> _Past | None:
        return next((past for past in self._kept if past.first <= day <= past.last), None)
