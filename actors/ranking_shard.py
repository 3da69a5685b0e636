"""Ranking shard: one shard's boards in the official order, for reading; a projection.

It holds what its member shard sends. A fresh one, or one that missed an update, answers
Warming until it was sent everything; it never answers from a gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from actors.figures import Figures, figures_of_process
from actors.messages import Ask, BoardLayout, Reading, Row, Slice, Warming
from actors.past_boards import PastBoards
from actors.standing_columns import StandingColumns
from actors.store.mirror import Mirror
from rules.compiled import Board, Rules
from rules.official_order import Key
from rules.ranking import RankIndex
from rules.standings import Standing, TeamRows

NO_VERSION = -1


class RankingShard:
    """Answers reads on one shard's boards, exact at every version.

    Not safe for several threads at once; the mirror's writer has its own.
    """

    def __init__(self, shard: int, rules: Rules, mirror: Mirror | None) -> None:
        self.shard = shard
        self.version = NO_VERSION
        self._calendar = rules.calendar
        self._mirror = mirror
        self._lay_out(BoardLayout.of(rules))
        self._empty()

    def _empty(self) -> None:
        self._columns = StandingColumns()
        self._past = PastBoards(self._calendar)
        self._lay_out(self._layout)

    def _lay_out(self, layout: BoardLayout) -> None:
        """Begin the boards of a season file; everyone's standing has to follow."""
        boards = list(enumerate(layout.boards))
        self._layout = layout
        self._boards = {board.id: bit for bit, board in boards if board.team is None}
        self._team_boards = {board.id: bit for bit, board in boards if board.team is not None}
        self._indexes = {board: RankIndex(layout.tie_break) for board in self._boards}
        self._teams: dict[str, TeamRows] = {}

    def update(
        self, after: int, version: int, clock_us: int, rows: npt.NDArray[np.int64], part: Standing
    ) -> bool:
        """Take what changed from one version to the next; False asks for everything.

        rows int64[k] are the members' row numbers in the member shard, part their standings.
        """
        if self.version == NO_VERSION or after != self.version:
            self.version = NO_VERSION
            return False
        if self._past.new_day(clock_us):
            self._past.keep(clock_us, self._indexes, self._all_team_rows())
        self._take(rows, part)
        self.version = version
        return True

    def replace(
        self, version: int, clock_us: int, everyone: Standing, layout: BoardLayout | None = None
    ) -> bool:
        """Take the standings of all members, in the order of their rows.

        layout gives the boards where they are not those of before.
        """
        if not self._columns.agrees(everyone.member):
            self._empty()
        elif self._past.new_day(clock_us):
            self._past.keep(clock_us, self._indexes, self._all_team_rows())
        self._past.start(clock_us)
        if layout is not None and layout != self._layout:
            self._change_boards(layout)
        self._take(np.arange(len(everyone), dtype=np.int64), everyone, whole=True)
        self.version = version
        return True

    def _change_boards(self, layout: BoardLayout) -> None:
        """Go on with the boards of another version; those that are gone leave the mirror."""
        if self._mirror is not None:
            kept = {board.id: board.team for board in layout.boards}
            for board in self._layout.boards:
                if kept.get(board.id, "") != board.team:
                    self._clear_mirror(board)
        self._lay_out(layout)

    def _clear_mirror(self, board: Board) -> None:
        assert self._mirror is not None
        members = self._columns.members
        if board.team is not None:
            members = self._team_rows(board.id).member
        self._mirror.note(board.id, members, np.zeros(len(members), np.int64))

    def _take(self, rows: npt.NDArray[np.int64], part: Standing, *, whole: bool = False) -> None:
        teams_before = self._columns.teams_of(rows) if self._team_boards else set()
        self._columns.put(rows, part)
        for board, bit in self._boards.items():
            here = ((part.on_board >> np.uint32(bit)) & np.uint32(1)).astype(bool)
            here &= part.score >= 1
            self._indexes[board].update(
                rows,
                part.member,
                part.score,
                part.tasks_completed_at_us,
                part.active_days.astype(np.int64),
                here,
            )
            if self._mirror is not None:
                self._mirror.note(board, part.member, np.where(here, part.score, 0))
        self._teams.clear()
        if self._mirror is not None and self._team_boards:
            self._note_teams(teams_before | set(part.team_key), whole)

    def _note_teams(self, teams: set[str], whole: bool) -> None:
        """Mirror this shard's part of the teams' sums; readers add the shards up."""
        assert self._mirror is not None
        for board, sums in self._all_team_rows().items():
            wanted = [place for place, team in enumerate(sums.member) if whole or team in teams]
            names = [sums.member[place] for place in wanted]
            gone = [team for team in teams - set(names) if team]
            scores = np.concatenate([sums.score[wanted], np.zeros(len(gone), np.int64)])
            self._mirror.note(board, names + gone, scores)

    def rebuild_mirror(self) -> None:
        """Write every board into the sorted sets anew, after they were lost."""
        assert self._mirror is not None
        columns = self._columns
        members, score = columns.members, columns.score
        for board, bit in self._boards.items():
            here = ((columns.on_board >> np.uint32(bit)) & np.uint32(1)).astype(bool)
            self._mirror.rebuild(board, members, np.where(here, score, 0))
        for board, sums in self._all_team_rows().items():
            self._mirror.rebuild(board, sums.member, sums.score)
        self._mirror.mark_whole()

    def figures(self) -> Figures:
        """Tell how large the boards' deltas are, and what the sorted sets still miss."""
        mirror = self._mirror
        values: dict[str, float] = {
            "version": self.version,
            "rows": max((len(index) for index in self._indexes.values()), default=0),
            "delta_rows": sum(index.delta_rows for index in self._indexes.values()),
            "mirror_lag_s": 0.0 if mirror is None else mirror.lag_s(),
            "mirror_pending": 0 if mirror is None else mirror.pending(),
        }
        return figures_of_process(values)

    def read(self, asks: list[Ask], at_least: int) -> Reading:
        """Answer asks (see actors.messages.Ask) from one snapshot; raises Warming when behind."""
        if self.version == NO_VERSION:
            raise Warming(f"ranking shard {self.shard} has no standings yet")
        if self.version < at_least:
            raise Warming(f"ranking shard {self.shard} is at {self.version}, not {at_least}")
        unknown = {ask[1] for ask in asks} - {board.id for board in self._layout.boards}
        if unknown:
            raise Warming(f"ranking shard {self.shard} has no board {', '.join(sorted(unknown))}")
        answers = {ask: self._answer(ask) for ask in asks}
        return Reading(self.version, answers, self._layout.rules_hash)

    def _answer(self, ask: Ask) -> Any:
        answer = getattr(self, f"_ask_{ask[0]}")
        return answer(*ask[1:])

    def _ask_size(self, board: str) -> int:
        return len(self._indexes[board])

    def _ask_head(self, board: str, count: int) -> list[Row]:
        index = self._indexes[board]
        return self._rows(index, index.at(0, count))

    def _ask_samples(self, board: str, samples: int) -> list[Key]:
        index = self._indexes[board]
        step = max(1, len(index) // samples)
        everyone = index.at(0, len(index))
        return index.keys(everyone[::step])

    def _ask_slice(self, board: str, key: Key, before: int, after: int) -> Slice:
        index = self._indexes[board]
        ahead = int(index.count_ahead([key])[0])
        first = max(0, ahead - before)
        return Slice(ahead, first, self._rows(index, index.at(first, ahead - first + after)))

    def _ask_row(self, board: str, member: str) -> Row | None:
        index = self._indexes[board]
        rows = self._columns.find([member])
        if not len(rows) or not index.ranks(rows)[0]:
            return None
        return self._rows(index, rows)[0]

    def _ask_keys(self, board: str, members: tuple[str, ...]) -> list[Key | None]:
        return self._columns.keys_on(self._indexes[board], members)

    def _ask_ahead(self, board: str, keys: tuple[Key, ...]) -> list[int]:
        return [int(count) for count in self._indexes[board].count_ahead(list(keys))]

    def _ask_teams(self, board: str) -> TeamRows:
        return self._team_rows(board)

    def _ask_past(self, board: str, members: tuple[str, ...], day: int) -> list[Key | None] | None:
        order = self._past.board(board, day, self._indexes)
        return None if order is None else self._columns.keys_on(order, members)

    def _ask_past_ahead(self, board: str, keys: tuple[Key, ...], day: int) -> list[int] | None:
        order = self._past.board(board, day, self._indexes)
        if order is None:
            return None
        return [int(count) for count in order.count_ahead(list(keys))]

    def _ask_past_teams(self, board: str, day: int) -> TeamRows | None:
        return self._past.teams(board, day, self._team_rows)

    def _team_rows(self, board: str) -> TeamRows:
        if board not in self._teams:
            self._teams[board] = self._columns.team_rows(self._team_boards[board])
        return self._teams[board]

    def _all_team_rows(self) -> dict[str, TeamRows]:
        return {board: self._team_rows(board) for board in self._team_boards}

    def _rows(self, index: RankIndex, rows: npt.NDArray[np.int64]) -> list[Row]:
        columns = self._columns
        return [
            Row(key, *cells)
            for key, *cells in zip(
                index.keys(rows),
                columns.tier[rows].tolist(),
                columns.tasks_completed_at_us[rows].tolist(),
                columns.active_days[rows].tolist(),
                columns.disqualified[rows].tolist(),
                strict=True,
            )
        ]
