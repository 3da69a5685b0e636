"""Standing columns: the latest standing of every member of a shard, by row number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from actors.messages import StandingChange
from rules.ranks.official_order import NO_TIME_US, Int64s, Key
from rules.ranks.standings import Standing, TeamRows
from rules.table.row_lookup import RowLookup

FIRST_ROWS = 1024
SAME = ("score", "tasks_completed_at_us", "active_days", "tier", "on_board", "disqualified")
"""The columns that are held as they are sent."""

TeamSums = tuple[list[str], Int64s]
"""Teams by name, and the sum of their members' scores, int64[k]."""


class Ordered(Protocol):
    """A board's order, moving (RankIndex) or frozen (FrozenOrder)."""

    def ranks(self, rows: npt.ArrayLike) -> Int64s:
        """Give ranks from 1, 0 for who is off the board."""

    def keys(self, rows: npt.ArrayLike) -> list[Key]:
        """Give the keys of rows on the board."""

    def count_ahead(self, keys: Sequence[Key]) -> Int64s:
        """Count who stands strictly ahead of each key."""


class StandingColumns:
    """Grows by doubling; a row is a member for ever. About 35 bytes a member beside the id."""

    def __init__(self) -> None:
        self.members: list[str] = []
        self._lookup = RowLookup()
        self._columns: dict[str, npt.NDArray[Any]] = {
            "score": np.zeros(FIRST_ROWS, np.int64),
            "tasks_completed_at_us": np.zeros(FIRST_ROWS, np.int64),
            "active_days": np.zeros(FIRST_ROWS, np.int32),
            "tier": np.zeros(FIRST_ROWS, np.int16),
            "on_board": np.zeros(FIRST_ROWS, np.uint32),
            "disqualified": np.zeros(FIRST_ROWS, np.bool_),
            "team": np.zeros(FIRST_ROWS, np.int32),
        }
        self._teams: list[str] = [""]
        self._team_of: dict[str, int] = {"": 0}
        self._team_of_company = np.zeros(1, np.int32)

    def __getattr__(self, name: str) -> npt.NDArray[Any]:
        try:
            return self.__dict__["_columns"][name][: len(self.members)]  # type: ignore[no-any-return]  # the dict holds arrays only
        except KeyError:
            raise AttributeError(name) from None

    def put(self, change: StandingChange) -> bool:
        """Set the standings that changed; False when names between are missing."""
        if change.first_name != len(self.members):
            return False
        self._add(change.names)
        known = self._team_of_company[: change.first_company]
        fresh = [self._team_code(company) for company in change.companies]
        self._team_of_company = np.concatenate([known, np.array(fresh, np.int32)])
        team = self._team_of_company[change.company]
        self._set(change.rows, change, team)
        return True

    def put_all(self, everyone: Standing) -> None:
        """Set the standings of all members, in the order of their rows; the first are known."""
        self._add(everyone.member[len(self.members) :])
        rows = np.arange(len(everyone), dtype=np.int64)
        self._set(rows, everyone, self._team_codes(everyone.team_key))

    def _set(
        self,
        rows: npt.NDArray[np.int64],
        part: StandingChange | Standing,
        team: npt.NDArray[np.int32],
    ) -> None:
        for name in SAME:
            self._columns[name][rows] = getattr(part, name)
        self._columns["team"][rows] = team

    def agrees(self, members: Sequence[str]) -> bool:
        """Tell whether the rows known so far are those of the first of some members."""
        return members[: len(self.members)] == self.members

    def _add(self, names: Sequence[str]) -> None:
        """Give new members the rows behind the last one, off every board so far."""
        known = len(self.members)
        count = known + len(names)
        if count > len(self._columns["score"]):
            size = max(count, 2 * len(self._columns["score"]))
            for name, column in self._columns.items():
                grown = np.zeros(size, column.dtype)
                grown[:known] = column[:known]
                self._columns[name] = grown
        self.members.extend(names)
        self._lookup.add(np.arange(known, count), names)

    def on(self, bit: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Tell who of some rows is in scope of board number `bit`, bool[k]."""
        scope: npt.NDArray[np.bool_] = (self.on_board[rows] >> np.uint32(bit)) & np.uint32(1) != 0
        return scope

    def count_on(self, bit: int) -> int:
        """Count who stands on board number `bit`; O(members)."""
        scope = (self.on_board & np.uint32(1 << bit)) != 0
        return int(np.count_nonzero(scope & (self.score >= 1)))

    def _team_codes(self, teams: list[str]) -> npt.NDArray[np.int32]:
        """Number teams, new ones at the end; most members have none, which is 0."""
        codes = np.zeros(len(teams), np.int32)
        if any(teams):
            for place, team in enumerate(teams):
                if team:
                    codes[place] = self._team_code(team)
        return codes

    def _team_code(self, team: str) -> int:
        code = self._team_of.get(team)
        if code is None:
            code = self._team_of[team] = len(self._teams)
            self._teams.append(team)
        return code

    def find(self, members: Sequence[str]) -> npt.NDArray[np.int64]:
        """Find rows, int64[k ≤ n], of the members that are known."""
        rows = self._lookup.find(members)
        return rows[rows >= 0]

    def team_sums(self, bit: int, teams: npt.NDArray[np.int32]) -> TeamSums:
        """Add up the scores of some teams on team board number `bit`; O(members)."""
        wanted = np.zeros(len(self._teams), np.bool_)
        wanted[teams] = True
        here = np.flatnonzero(wanted[self.team])
        here = here[self.on(bit, here)]
        score = np.zeros(len(self._teams), np.int64)
        np.add.at(score, self.team[here], np.maximum(self.score[here], 0))
        return [self._teams[team] for team in teams.tolist()], score[teams]

    def teams_at(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Give the numbers of the teams that known rows belong to, distinct and above 0."""
        teams = self.team[rows[rows < len(self.members)]]
        return np.unique(teams[teams > 0])

    def keys_on(self, order: Ordered, members: Sequence[str]) -> list[Key | None]:
        """Give members' keys in an order, None for who isn't on that board."""
        rows = self._lookup.find(members)
        known = np.flatnonzero(rows >= 0)
        known = known[order.ranks(rows[known]) > 0]
        found: list[Key | None] = [None] * len(members)
        for place, key in zip(known.tolist(), order.keys(rows[known]), strict=True):
            found[place] = key
        return found

    def team_rows(self, bit: int) -> TeamRows:
        """Add up this shard's part of every team on team board number `bit`; O(members)."""
        team = self.team
        here = np.flatnonzero(team)
        here = here[self.on(bit, here)]
        code = team[here]
        score = np.zeros(len(self._teams), np.int64)
        earliest_us = np.full(len(self._teams), NO_TIME_US, np.int64)
        days = np.zeros(len(self._teams), np.int64)
        np.add.at(score, code, np.maximum(self.score[here], 0))
        np.minimum.at(earliest_us, code, self.tasks_completed_at_us[here])
        np.add.at(days, code, self.active_days[here].astype(np.int64))
        held = np.unique(code)
        held = held[np.argsort([self._teams[one] for one in held.tolist()], kind="stable")]
        names = [self._teams[one] for one in held.tolist()]
        return TeamRows(names, score[held], earliest_us[held], days[held])
