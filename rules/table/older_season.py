"""Older season: one that runs its course beside the next, until late events and refunds are over.

The columns that belong to a season move out of Members when the next one opens. What then still
falls into the older season, by the time of an event or by the sale a refund names, is applied
with those columns back in place and the older season's window, tasks and goals; everything else
is of the file in force. Who stood on which board is kept as it was when the next season opened.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import Rules
from rules.ranks.official_order import NO_TIME_US
from rules.table.columns import kept
from rules.table.narrow import NarrowColumn

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable
    from rules.table.members import Members

Int64s = npt.NDArray[np.int64]

SEASON_COLUMNS: Final = (
    "score",
    "tasks_completed_at_us",
    "active_days",
    "season_day_words",
    "season_fen",
    "goal_held",
    "goal_scored",
    "goal_points",
    "goal_day",
    "task_counts",
    "final_level",
    "final_on_board",
    "final_company",
)
_OF_SEASON: Final = (
    "season_id",
    "starts_us",
    "ends_us",
    "score_end_us",
    "final_us",
    "season_first_day",
    "season_day_words",
    "season_hours",
    "tasks",
    "goals",
    "task_of_type",
    "scores_base",
    "scores_bonus",
    "scores_task",
)
"""Attributes of the compiled rules that belong to the season alone."""


class OlderSeason:
    """The columns of a season that has been followed by another, by member row."""

    def __init__(self, rules: Rules, number: int) -> None:
        self.rules = rules
        self.number = number
        self.final = False
        # Who was listed when the next season opened, bool[members or fewer].
        self.known: npt.NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self.points_by_hour: Int64s = np.zeros(rules.season_hours, dtype=np.int64)
        self.columns: dict[str, npt.NDArray[Any] | NarrowColumn] = {}
        self._mixed: tuple[Rules, Rules] | None = None

    @property
    def id(self) -> str:
        """Give the season's id."""
        return self.rules.season_id

    def covers(self, at_us: Int64s) -> npt.NDArray[np.bool_]:
        """Tell which instants lie in the season, bool[n]."""
        inside: npt.NDArray[np.bool_] = at_us >= self.rules.starts_us
        return inside & (at_us < self.rules.ends_us)

    def rules_beside(self, running: Rules) -> Rules:
        """Give the running rules with this season's window, tasks and goals."""
        if self._mixed is None or self._mixed[0] is not running:
            mixed = copy.copy(running)
            for name in _OF_SEASON:
                setattr(mixed, name, getattr(self.rules, name))
            self._mixed = running, mixed
        return self._mixed[1]

    def fit(self, capacity: int) -> None:
        """Make room for as many members as the table has."""
        for name, column in self.columns.items():
            if len(column) >= capacity:
                continue
            if isinstance(column, NarrowColumn):
                column.resize((capacity, *column.shape[1:]))
            else:
                grown = np.zeros((capacity, *column.shape[1:]), dtype=column.dtype)
                if name == "tasks_completed_at_us":
                    grown[:] = NO_TIME_US
                grown[: len(column)] = column
                self.columns[name] = grown

    def boards_of(
        self, table: MemberTable, rows: Int64s
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int32]]:
        """Tell the boards and companies members count for, uint32[n] and int32[n].

        They are kept from the day the next season opened; who came later is looked at anew, but
        for segments, which are those of the file in force.
        """
        on_board = self.columns["final_on_board"][rows].astype(np.uint32)
        company = self.columns["final_company"][rows].astype(np.int32)
        known = self.known[np.minimum(rows, len(self.known) - 1)] if len(self.known) else False
        for place in np.flatnonzero(~(known & (rows < len(self.known)))).tolist():
            row = int(rows[place])
            profile = table.attributes.get(row, {})
            level = table.rules.levels[table.members.level[row]]
            who = (
                np.array([self.rules.levels.index(level) if level in self.rules.levels else 0]),
                np.array([self.rules.kind_of(profile)]),
                np.array([self.rules.attribute_bits(profile)], dtype=np.uint64),
                None,
            )
            out = self.rules.excluded is not None and bool(self.rules.excluded.match(*who)[0])
            on_board[place] = 0 if out else self.rules.board_scope.match(*who)[0]
            company[place] = 0 if out else table.members.company[row]
        return on_board, company

    def state(self, size: int) -> dict[str, npt.NDArray[Any]]:
        """Copy the columns of some members, and where the season stands."""
        told = [self.id, self.number, self.final]
        arrays = {name: kept(column)[:size].copy() for name, column in self.columns.items()}
        return arrays | {
            "told": np.frombuffer(json.dumps(told).encode(), dtype=np.uint8),
            "known": self.known.copy(),
            "points_by_hour": self.points_by_hour.copy(),
        }

    @classmethod
    def from_state(
        cls, rules: Rules, state: Mapping[str, npt.NDArray[Any]], members: Members
    ) -> OlderSeason:
        """Rebuild what state() copied, under the same season's rules, in columns like a table's."""
        name, number, final = json.loads(state["told"].tobytes())
        if name != rules.season_id:
            raise ValueError(f"the state is of season {name}, the rules are of {rules.season_id}")
        older = cls(rules, number)
        older.final, older.known = final, state["known"].copy()
        older.points_by_hour = state["points_by_hour"].copy()
        for name in SEASON_COLUMNS:
            column = getattr(members, name)
            if isinstance(column, NarrowColumn):
                older.columns[name] = column.filled(state[name])
            else:
                older.columns[name] = state[name].copy()
        return older


@contextmanager
def in_older(table: MemberTable) -> Iterator[None]:
    """Put the older season in the running one's place, for what still falls into it."""
    older, running = table.older, table.rules
    assert older is not None
    older.fit(table.members.capacity)
    _swap(table, older)
    table.rules = older.rules_beside(running)
    table.season_number -= 1
    try:
        yield
    finally:
        _swap(table, older)
        table.rules = running
        table.season_number += 1


def _swap(table: MemberTable, older: OlderSeason) -> None:
    for name in SEASON_COLUMNS:
        theirs = older.columns[name]
        older.columns[name] = getattr(table.members, name)
        setattr(table.members, name, theirs)
    table.points_by_hour, older.points_by_hour = older.points_by_hour, table.points_by_hour
    table.final, older.final = older.final, table.final
