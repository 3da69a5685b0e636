"""Prize view: who would win now on every board, and how far each row is from a prize."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from actors.gateway.board_pages import board_rows_of, head_rows, team_rows
from actors.messages import Ask, Reading, Row
from rules.compiling.compiled import Rules
from rules.ranks.prize_gap import PrizeLines, gap_to_prize, prize_lines
from rules.ranks.prizes import Award, Cost, allocate, prize_boards, prize_places, total_cost
from rules.season.season_models import Season

MARGIN: Final = 32
ROWS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class PrizeView:
    """The allocation at one snapshot."""

    rules: Rules
    awards: list[Award]
    lines: dict[str, PrizeLines]
    barred: frozenset[str]
    taken: dict[str, frozenset[str]]
    """By board, the members that a prize of an earlier board keeps from winning on it."""

    @property
    def cost(self) -> Cost:
        """Add up what the awards cost."""
        return total_cost(self.awards)

    def cut_lines(self, board: str) -> list[int]:
        """List the ranks after which a band of prizes ends, ascending."""
        here = [award for award in self.awards if award.board == board]
        return [
            award.rank
            for award, after in zip_longest(here, here[1:])
            if after is None or after.reward != award.reward
        ]

    def of_row(self, board: str, row: Row) -> dict[str, Any]:
        """Give a row's prize and its gap to the next better one."""
        lines = self.lines.get(board)
        if lines is None:
            return {"prize": None, "gap_to_prize": None}
        if self._out_of_play(board, row):
            return {"prize": None, "gap_to_prize": None}
        gap = gap_to_prize(lines, row.key)
        missing = 0 if gap.place is not None and gap.missing is None else gap.missing
        return {"prize": gap.reward, "gap_to_prize": missing}

    def _out_of_play(self, board: str, row: Row) -> bool:
        """Tell whether a member can't win here: disqualified, or a winner of an earlier board."""
        if row.disqualified:
            return True
        return row.tier >= 0 and row.key.member in self.taken[board]


class PrizeReader:
    """Knows which rows the allocation needs, and computes it where those changed.

    Most events move nobody near a prize: then the last view is that of the next snapshot too.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._season: Season = rules.season
        self._teams = {board.id for board in rules.boards if board.team is not None}
        self._boards = prize_boards(self._season)
        self._last: tuple[tuple[int, ...], PrizeView] | None = None
        self._found: dict[str, list[Row]] = {}
        self._margin = MARGIN

    def asks(self) -> list[Ask]:
        """List what to ask every ranking shard so that `view` can allocate."""
        return [
            ("teams", board) if board in self._teams else ("head", board, self._count(board))
            for board in self._boards
        ]

    def view(self, readings: list[Reading]) -> PrizeView | None:
        """Allocate from one snapshot; None when more rows are needed: ask again."""
        versions = tuple(reading.version for reading in readings)
        if self._last is not None and self._last[0] == versions:
            return self._last[1]
        found = {board: self._rows(board, readings) for board in self._boards}
        if self._last is not None and found == self._found:
            self._last = (versions, self._last[1])
            return self._last[1]
        barred = frozenset(
            row.key.member for rows in found.values() for row in rows if row.disqualified
        )
        boards = {board: board_rows_of(board, rows, self._rules) for board, rows in found.items()}
        awards = allocate(boards, self._season, barred)
        lines = {
            board: prize_lines(board, boards[board], awards, self._season, barred)
            for board in self._boards
        }
        if self._short(found, lines):
            self._margin *= 4
            return None
        view = PrizeView(self._rules, awards, lines, barred, self._taken(awards))
        self._last, self._found = (versions, view), found
        return view

    def _taken(self, awards: list[Award]) -> dict[str, frozenset[str]]:
        """Find, by board, who won on an earlier one where a member may win once."""
        once = self._season.prize_rules.one_per_member
        won: set[str] = set()
        taken = {}
        for board in self._boards:
            taken[board] = frozenset(won if once else ())
            won |= {award.member for award in awards if award.board == board}
        return taken

    def _count(self, board: str) -> int:
        """Count the rows to read: every place of this and earlier boards, and some to pass over."""
        order = self._boards[: self._boards.index(board) + 1]
        places = sum(1 for earlier in order for _ in prize_places(self._season, earlier))
        return int(min(ROWS_MAX, places + self._margin))

    def _rows(self, board: str, readings: list[Reading]) -> list[Row]:
        if board in self._teams:
            return team_rows(readings, board, self._rules)
        count = self._count(board)
        return head_rows(readings, ("head", board, count), count)

    def _short(self, found: dict[str, list[Row]], lines: dict[str, PrizeLines]) -> bool:
        """Tell whether more disqualified rows than the margin hide who is next."""
        return any(
            board not in self._teams
            and len(found[board]) == self._count(board) < ROWS_MAX
            and (lines[board].open_place is not None or lines[board].contender is None)
            for board in self._boards
        )
