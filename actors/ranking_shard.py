"""Ranking shard: one shard's boards in the official order, for reading; a projection.

It holds what its member shard sends. A fresh one, or one that missed an update, answers
Warming until it was sent everything; it never answers from a gap.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.board_orders import BoardOrders
from actors.figures import Figures, figures_of_process
from actors.messages import Ask, BoardLayout, Place, Reading, Row, Slice, StandingChange, Warming
from actors.mirror_marks import MirrorMarks
from actors.past_boards import PastBoards
from actors.stages import STAGES
from actors.standing_columns import StandingColumns
from actors.store.errors import StoreError
from actors.store.mirror import CHUNK_MEMBERS, Mirror
from rules.ranks.board import Board
from rules.ranks.official_order import Key
from rules.ranks.ranking import RankIndex
from rules.ranks.standings import Standing, TeamRows

NO_VERSION = -1
CROWDED_S = 1.0
"""How long what an update says of the events behind it is believed: no other may follow it."""

Int64s = npt.NDArray[np.int64]


class RankingShard:
    """Answers reads on one shard's boards, exact at every version.

    Not safe for several threads at once, but for what the mirror's writer calls in its own:
    `write_marked`, `crowded` and `mirror_lag_s`.
    """

    def __init__(self, shard: int, layout: BoardLayout, mirror: Mirror | None) -> None:
        self.shard = shard
        self.version = NO_VERSION
        self._mirror = mirror
        self._marks = MirrorMarks()
        self._changing = threading.Lock()
        self._crowded_until_s = 0.0
        self._layout = layout
        self._empty()

    def _empty(self) -> None:
        with self._changing:
            self._columns = StandingColumns()
            self._marks = MirrorMarks()
        self._past = PastBoards(self._layout.calendar)
        self._lay_out(self._layout)

    def _lay_out(self, layout: BoardLayout) -> None:
        """Begin the boards of a season file; everyone's standing has to follow."""
        boards = list(enumerate(layout.boards))
        self._layout = layout
        self._boards = {board.id: bit for bit, board in boards if board.team is None}
        self._team_boards = {board.id: bit for bit, board in boards if board.team is not None}
        self._orders = BoardOrders(self._columns, self._boards, layout.tie_break)
        self._teams: dict[str, TeamRows] = {}
        self._changed_teams: dict[str, npt.NDArray[np.int32]] = {}

    def update(self, after: int, version: int, clock_us: int, change: StandingChange) -> bool:
        """Take what changed from one version to the next; False asks for everything."""
        if self.version == NO_VERSION or after != self.version:
            self.version = NO_VERSION
            return False
        if self._past.new_day(clock_us):
            self._past.keep(clock_us, self._orders.all(), self._all_team_rows())
        with STAGES.timed("rank"):
            teams = self._columns.teams_at(change.rows) if self._team_boards else None
            with self._changing:
                if not self._columns.put(change):
                    self.version = NO_VERSION
                    return False
            self._note(change.rows, teams)
        self.version = version
        self._crowded_until_s = time.monotonic() + CROWDED_S if change.crowded else 0.0
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
            self._past.keep(clock_us, self._orders.all(), self._all_team_rows())
        self._past.start(clock_us)
        if layout is not None and layout != self._layout:
            self._change_boards(layout)
        rows = np.arange(len(everyone), dtype=np.int64)
        teams = self._columns.teams_at(rows) if self._team_boards else None
        with self._changing:
            self._columns.put_all(everyone)
        self._note(rows, teams)
        if self._mirror is not None and not len(everyone):
            # Nobody yet: the sorted sets are whole as they are. Unmarked they would count as lost.
            with contextlib.suppress(StoreError):
                self._mirror.mark_whole()
        self.version = version
        return True

    def _change_boards(self, layout: BoardLayout) -> None:
        """Go on with the boards of another version; those that are gone leave the mirror."""
        with self._changing:
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

    def _note(self, rows: Int64s, teams: npt.NDArray[np.int32] | None) -> None:
        """Note what changed: the rows, and the teams they belonged to before."""
        if not len(rows):
            return
        self._orders.note(rows)
        if self._mirror is not None:
            self._marks.mark(rows)
        if teams is None:
            return
        teams = np.union1d(teams, self._columns.teams_at(rows))
        if not len(teams):
            return
        self._teams.clear()
        if self._mirror is not None:
            with self._changing:
                for board in self._team_boards:
                    before = self._changed_teams.get(board, teams)
                    self._changed_teams[board] = np.union1d(before, teams)

    def write_marked(self, limit: int, chunk: int = CHUNK_MEMBERS) -> int:
        """Write the standings of up to so many marked members to the mirror; returns how many.

        So many go to the server at a time as chunk says. Teams are written with this shard's part
        of their sums; readers add the shards up. What an earlier call gave counts as written.
        Raises StoreUnavailable; all are marked again then.
        """
        assert self._mirror is not None
        with self._changing:
            marks, columns = self._marks, self._columns
            rows, told = marks.take(limit, lambda those: columns.score[those]), []
            members = [columns.members[row] for row in rows.tolist()]
            score = columns.score[rows]
            for board, bit in self._boards.items():
                shown = np.where(columns.on(bit, rows), np.maximum(score, 0), 0)
                heard = marks.worth_telling(board, rows, shown > 0)
                here = members if heard.all() else [members[at] for at in np.flatnonzero(heard)]
                told.append((board, here, shown[heard]))
            changed_teams, self._changed_teams = self._changed_teams, {}
            for board, teams in changed_teams.items():
                if board in self._team_boards:
                    sums = columns.team_sums(self._team_boards[board], teams)
                    told.append((board, *sums))
        try:
            for board, here, scores in told:
                self._mirror.write(board, here, scores, chunk)
        except StoreError:
            with self._changing:
                marks.return_rows(rows)
                for board, teams in changed_teams.items():
                    since = self._changed_teams.get(board, teams)
                    self._changed_teams[board] = np.union1d(since, teams)
            raise
        return len(rows)

    @property
    def crowded(self) -> bool:
        """Tell whether more events wait behind those of the last update, which was just now."""
        return time.monotonic() < self._crowded_until_s

    @property
    def marked(self) -> int:
        """Count the members marked for the mirror so far, repeated ones too."""
        return self._marks.marked

    def mirror_lag_s(self) -> float:
        """Tell how old the oldest score is that the sorted sets don't show yet."""
        own_s = 0.0 if self._mirror is None else self._mirror.lag_s()
        return max(self._marks.lag_s(), own_s)

    def rebuild_mirror(self) -> None:
        """Write every board into the sorted sets anew, after they were lost."""
        assert self._mirror is not None
        columns = self._columns
        members, score = columns.members, columns.score
        for board, bit in self._boards.items():
            here = columns.on(bit, np.arange(len(members)))
            self._mirror.rebuild(board, members, np.where(here, score, 0))
        for board, sums in self._all_team_rows().items():
            self._mirror.rebuild(board, sums.member, sums.score)
        self._mirror.mark_whole()

    def figures(self) -> Figures:
        """Tell how large the boards' deltas are, and what the sorted sets still miss."""
        mirror = self._mirror
        # Nothing is brought up to date for it: being asked every few seconds must cost little.
        rows = [self._columns.count_on(bit) for bit in self._boards.values()]
        values: dict[str, float] = {
            "version": self.version,
            "rows": max(rows, default=0),
            "delta_rows": self._orders.delta_rows,
            "mirror_lag_s": self.mirror_lag_s(),
            "mirror_pending": 0 if mirror is None else mirror.pending() + self._marks.pending(),
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
        return len(self._orders[board])

    def _ask_head(self, board: str, count: int) -> list[Row]:
        index = self._orders[board]
        return self._rows(index, index.at(0, count))

    def _ask_samples(self, board: str, samples: int) -> list[Key]:
        index = self._orders[board]
        step = max(1, len(index) // samples)
        everyone = index.at(0, len(index))
        return index.keys(everyone[::step])

    def _ask_slice(self, board: str, key: Key, before: int, after: int) -> Slice:
        index = self._orders[board]
        ahead = int(index.count_ahead([key])[0])
        first = max(0, ahead - before)
        return Slice(ahead, first, self._rows(index, index.at(first, ahead - first + after)))

    def _ask_row(self, board: str, member: str) -> Row | None:
        index = self._orders[board]
        rows = self._columns.find([member])
        if not len(rows) or not index.ranks(rows)[0]:
            return None
        return self._rows(index, rows)[0]

    def _ask_places(self, board: str, members: tuple[str, ...]) -> list[Place | None]:
        index = self._orders[board]
        keys = self._columns.keys_on(index, members)
        ahead = iter(index.count_ahead([key for key in keys if key is not None]).tolist())
        return [None if key is None else Place(key, next(ahead)) for key in keys]

    def _ask_ahead(self, board: str, keys: tuple[Key, ...]) -> list[int]:
        return [int(count) for count in self._orders[board].count_ahead(list(keys))]

    def _ask_teams(self, board: str) -> TeamRows:
        return self._team_rows(board)

    def _ask_past(self, board: str, members: tuple[str, ...], day: int) -> list[Key | None] | None:
        order = self._past.board(board, day, {board: self._orders[board]})
        return None if order is None else self._columns.keys_on(order, members)

    def _ask_past_ahead(self, board: str, keys: tuple[Key, ...], day: int) -> list[int] | None:
        order = self._past.board(board, day, {board: self._orders[board]})
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
