"""Standings: every member's standing, the rows of a board, company rows.

Without Arrow, which a process that only ranks has no use for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rules.ranks.official_order import NO_TIME_US, Int64s, full_order

__all__ = [
    "NO_TIME_US",
    "BoardRows",
    "Standing",
    "TeamRows",
    "board_rows",
    "full_order",
    "in_board",
    "merge_teams",
    "partial_teams",
    "team_board_rows",
]


class BoardScope(Protocol):
    """What standings need to know of a board: its id, and the team attribute of a team board."""

    @property
    def id(self) -> str:
        """Name the board as the season file does."""

    @property
    def team(self) -> str | None:
        """Name the attribute that teams share, or None for a board of members."""


def _check_lengths(rows: Any) -> None:
    length = len(rows.member)
    for field in fields(rows):
        column = getattr(rows, field.name)
        if not isinstance(column, str) and len(column) != length:
            raise ValueError(
                f"{type(rows).__name__}.{field.name}: {len(column)} entries, must be {length},"
                " one a member"
            )


@dataclass(frozen=True, eq=False)
class Standing:
    """All that rankings know of some members: a struct of arrays, one entry a member.

    member: list[str]; score: int64[n] in points, not floored; tasks_completed_at_us: int64[n],
    NO_TIME_US when none; active_days: int32[n]; tier: int16[n] index into the levels;
    on_board: uint32[n], bit b set when the member is in scope of board b (a position in the
    rules' boards, team boards included) and not excluded; team_key: list[str], the company when the
    member counts for team boards, "" when not; disqualified: bool[n].
    """

    member: list[str]
    score: Int64s
    tasks_completed_at_us: Int64s
    active_days: npt.NDArray[np.int32]
    tier: npt.NDArray[np.int16]
    on_board: npt.NDArray[np.uint32]
    team_key: list[str]
    disqualified: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        _check_lengths(self)

    def __len__(self) -> int:
        return len(self.member)

    @classmethod
    def empty(cls) -> Standing:
        """Make a standing of no members."""
        return cls(
            member=[],
            score=np.empty(0, np.int64),
            tasks_completed_at_us=np.empty(0, np.int64),
            active_days=np.empty(0, np.int32),
            tier=np.empty(0, np.int16),
            on_board=np.empty(0, np.uint32),
            team_key=[],
            disqualified=np.empty(0, np.bool_),
        )

    @classmethod
    def concat(cls, parts: Sequence[Standing]) -> Standing:
        """Join the standings of different members, for example of all shards. Cost: O(n)."""
        if not parts:
            return cls.empty()
        return cls(
            member=[member for part in parts for member in part.member],
            score=np.concatenate([part.score for part in parts]),
            tasks_completed_at_us=np.concatenate([part.tasks_completed_at_us for part in parts]),
            active_days=np.concatenate([part.active_days for part in parts]),
            tier=np.concatenate([part.tier for part in parts]),
            on_board=np.concatenate([part.on_board for part in parts]),
            team_key=[team for part in parts for team in part.team_key],
            disqualified=np.concatenate([part.disqualified for part in parts]),
        )

    def take(self, positions: npt.NDArray[np.integer[Any]]) -> Standing:
        """Pick members by position: int[k], in the order given."""
        picked = positions.tolist()
        return Standing(
            member=[self.member[position] for position in picked],
            score=self.score[positions],
            tasks_completed_at_us=self.tasks_completed_at_us[positions],
            active_days=self.active_days[positions],
            tier=self.tier[positions],
            on_board=self.on_board[positions],
            team_key=[self.team_key[position] for position in picked],
            disqualified=self.disqualified[positions],
        )


@dataclass(frozen=True, eq=False)
class BoardRows:
    """The rows of one board in the official order; on a team board `member` is the team's id.

    rank: int64[n] from 1; member, tier: list[str] (tier "" for a team); score: int64[n] points;
    tasks_completed_at_us: int64[n], NO_TIME_US when none; active_days: int64[n].
    """

    board: str
    rank: Int64s
    member: list[str]
    score: Int64s
    tier: list[str]
    tasks_completed_at_us: Int64s
    active_days: Int64s

    def __post_init__(self) -> None:
        _check_lengths(self)

    def __len__(self) -> int:
        return len(self.member)


@dataclass(frozen=True, eq=False)
class TeamRows:
    """Sums by team, in ascending order of the team ids' bytes; those of shards can be merged.

    member: list[str] the teams' ids; score: int64[n], the members' scores each floored at 0;
    tasks_completed_at_us: int64[n], the earliest of all its members; active_days: int64[n] sum.
    """

    member: list[str]
    score: Int64s
    tasks_completed_at_us: Int64s
    active_days: Int64s

    def __post_init__(self) -> None:
        _check_lengths(self)

    def __len__(self) -> int:
        return len(self.member)


def in_board(standing: Standing, bit: int) -> npt.NDArray[np.bool_]:
    """Tell who stands on board number `bit`: in its scope, not excluded, score ≥ 1. bool[n]."""
    return stands_on(standing.on_board, standing.score, bit)


def stands_on(
    on_board: npt.NDArray[np.uint32], score: npt.NDArray[np.int64], bit: int
) -> npt.NDArray[np.bool_]:
    """Tell it of columns alone: the boards each is on, uint32[n], and scores, int64[n]."""
    scope = (on_board >> np.uint32(bit)) & np.uint32(1)
    return np.asarray((scope != 0) & (score >= 1))


def board_rows(
    standing: Standing,
    boards: Sequence[BoardScope],
    board: str,
    levels: Sequence[str],
    tie_break: Sequence[str],
) -> BoardRows:
    """Sort the whole board `board` out of a standing. Cost: O(n log n).

    Raises KeyError when no board has that id.
    """
    ids = [scope.id for scope in boards]
    if board not in ids:
        raise KeyError(f"board {board!r}: not in the season file, which has {ids}")
    bit = ids.index(board)
    if boards[bit].team is not None:
        return team_board_rows(partial_teams(standing, bit), board, tie_break)
    here = np.flatnonzero(in_board(standing, bit))
    member = [standing.member[position] for position in here.tolist()]
    score = standing.score[here]
    tasks_us = standing.tasks_completed_at_us[here]
    days = standing.active_days[here].astype(np.int64)
    order = full_order(score, tasks_us, days, member, tie_break)
    names = list(levels)
    return BoardRows(
        board=board,
        rank=np.arange(1, len(order) + 1, dtype=np.int64),
        member=[member[position] for position in order.tolist()],
        score=score[order],
        tier=[names[level] for level in standing.tier[here[order]].tolist()],
        tasks_completed_at_us=tasks_us[order],
        active_days=days[order],
    )


def partial_teams(standing: Standing, bit: int) -> TeamRows:
    """Sum the members of each team who are in the scope of team board number `bit`.

    That is all one shard can say of a team board. Cost: O(n).
    """
    scope = (standing.on_board >> np.uint32(bit)) & np.uint32(1) != 0
    counted = np.flatnonzero(np.array([team != "" for team in standing.team_key], bool) & scope)
    return _sum_teams(
        [standing.team_key[position] for position in counted.tolist()],
        np.maximum(standing.score[counted], 0),
        standing.tasks_completed_at_us[counted],
        standing.active_days[counted].astype(np.int64),
    )


def merge_teams(parts: Sequence[TeamRows]) -> TeamRows:
    """Add the team sums of shards: the same as `partial_teams` of all their members at once."""
    if not parts:
        return partial_teams(Standing.empty(), 0)
    return _sum_teams(
        [team for part in parts for team in part.member],
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.tasks_completed_at_us for part in parts]),
        np.concatenate([part.active_days for part in parts]),
    )


def _sum_teams(team: list[str], score: Int64s, tasks_us: Int64s, days: Int64s) -> TeamRows:
    names = sorted(set(team))  # text compares by code point, which is UTF-8 byte order
    place = {name: number for number, name in enumerate(names)}
    number = np.fromiter(map(place.__getitem__, team), np.int64, len(team))
    total = np.zeros(len(names), np.int64)
    earliest_us = np.full(len(names), NO_TIME_US, np.int64)
    active = np.zeros(len(names), np.int64)
    np.add.at(total, number, score)
    np.minimum.at(earliest_us, number, tasks_us)
    np.add.at(active, number, days)
    return TeamRows(names, total, earliest_us, active)


def team_board_rows(teams: TeamRows, board: str, tie_break: Sequence[str]) -> BoardRows:
    """Rank merged teams with a score of at least 1. Cost: O(n log n)."""
    here = np.flatnonzero(teams.score >= 1)
    member = [teams.member[position] for position in here.tolist()]
    score = teams.score[here]
    tasks_us = teams.tasks_completed_at_us[here]
    days = teams.active_days[here]
    order = full_order(score, tasks_us, days, member, tie_break)
    return BoardRows(
        board=board,
        rank=np.arange(1, len(order) + 1, dtype=np.int64),
        member=[member[position] for position in order.tolist()],
        score=score[order],
        tier=[""] * len(order),
        tasks_completed_at_us=tasks_us[order],
        active_days=days[order],
    )
