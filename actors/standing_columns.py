"""Standing columns: the latest standing of every member of a shard, by row number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rules.official_order import NO_TIME_US, Int64s, Key
from rules.row_lookup import RowLookup
from rules.standings import Standing, TeamRows

FIRST_ROWS = 1024


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
            "named": np.zeros(FIRST_ROWS, np.bool_),
        }
        self._teams: list[str] = [""]
        self._team_of: dict[str, int] = {"": 0}

    def __getattr__(self, name: str) -> npt.NDArray[Any]:
        try:
            return self.__dict__["_columns"][name][: len(self.members)]  # type: ignore[no-any-return]  # the dict holds arrays only
        except KeyError:
            raise AttributeError(name) from None

    def put(self, rows: npt.NDArray[np.int64], part: Standing) -> None:
        """Set the standings of rows, int64[k].

        New rows may leave gaps: a member whose events were all refused so far has a row, and no
        standing until one applies.
        """
        if not len(rows):
            return
        self._grow(int(rows.max()) + 1)
        self._name(rows, part.member)
        for name in (
            "score",
            "tasks_completed_at_us",
            "active_days",
            "tier",
            "on_board",
            "disqualified",
        ):
            self._columns[name][rows] = getattr(part, name)
        self._columns["team"][rows] = self._team_codes(part.team_key)

    def agrees(self, members: Sequence[str]) -> bool:
        """Tell whether the rows known so far are those of the first of some members."""
        first = members[: len(self.members)]
        return first == self.members or (
            len(first) == len(self.members)
            and all(mine in ("", other) for mine, other in zip(self.members, first, strict=True))
        )

    def _grow(self, count: int) -> None:
        known = len(self.members)
        if count <= known:
            return
        if count > len(self._columns["score"]):
            size = max(count, 2 * len(self._columns["score"]))
            for name, column in self._columns.items():
                grown = np.zeros(size, column.dtype)
                grown[:known] = column[:known]
                self._columns[name] = grown
        self.members.extend([""] * (count - known))

    def _name(self, rows: npt.NDArray[np.int64], members: Sequence[str]) -> None:
        """Name the rows, int64[k], that had no standing before."""
        new = np.flatnonzero(~self._columns["named"][rows])
        named = [members[place] for place in new.tolist()]
        for row, member in zip(rows[new].tolist(), named, strict=True):
            self.members[row] = member
        self._columns["named"][rows[new]] = True
        self._lookup.add(rows[new], named)

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

    def teams_of(self, rows: npt.NDArray[np.int64]) -> set[str]:
        """Name the teams that known rows belong to."""
        known = rows[rows < len(self.members)]
        return {self._teams[code] for code in np.unique(self._columns["team"][known]).tolist()}

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
        scope = (self.on_board >> np.uint32(bit)) & np.uint32(1) != 0
        here = np.flatnonzero((team != 0) & scope)
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
