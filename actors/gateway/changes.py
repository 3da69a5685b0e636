"""Changes: what moved since the last local midnight, from the boards frozen there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from actors.gateway.reading import Readings
from actors.messages import Ask
from rules.compiling.compiled import Rules
from rules.decoding.identity import shard_of
from rules.ranks.official_order import Key
from rules.ranks.standings import merge_teams, team_board_rows

UNKNOWN_S: Final = 1.0


class Changes:
    """Reads yesterday's ranks; they don't change during a day, so each is asked once."""

    def __init__(self, rules: Rules, readings: Readings) -> None:
        self._rules = rules
        self._readings = readings
        self._day = -1
        self._ranks: dict[str, dict[str, int | None]] = {}
        self._unknown_until_s: dict[tuple[str, str], float] = {}
        self._teams = {board.id for board in rules.boards if board.team is not None}

    async def ranks_at(self, board: str, members: Sequence[str], day: int) -> dict[str, int | None]:
        """Give the ranks at the first instant of a local day; a member not known is left out.

        Who is not known was asked for within the last second: a shard that started today never
        learns how its boards stood at midnight.
        """
        if day != self._day:
            self._day, self._ranks, self._unknown_until_s = day, {}, {}
        known, unknown_until_s = self._ranks.setdefault(board, {}), self._unknown_until_s
        now_s = time.monotonic()
        missing = [
            member
            for member in members
            if member not in known and unknown_until_s.get((board, member), 0.0) <= now_s
        ]
        if missing:
            found = (
                await self._team_ranks(board, missing, day)
                if board in self._teams
                else await self._member_ranks(board, missing, day)
            )
            if self._day == day:
                known.update(found)
                until_s = now_s + UNKNOWN_S
                self._unknown_until_s |= {
                    (board, member): until_s for member in missing if member not in found
                }
        return {member: known[member] for member in members if member in known}

    async def scores_at(self, board: str, members: Sequence[str], day: int) -> dict[str, int]:
        """Give the scores at the first instant of a local day; 0 for who wasn't on the board."""
        if board in self._teams:
            return {}
        keys = await self._keys(board, members, day)
        return {member: key.score if key else 0 for member, key in keys.items()}

    async def _keys(self, board: str, members: Sequence[str], day: int) -> dict[str, Key | None]:
        shards = shard_of(pa.array(members, pa.utf8()), len(self._readings.lanes))
        asks: list[list[Ask]] = []
        owned: list[list[str]] = []
        for lane in self._readings.lanes:
            mine = [members[place] for place in np.flatnonzero(shards == lane.shard).tolist()]
            owned.append(mine)
            asks.append([("past", board, tuple(mine), day)] if mine else [])
        keys: dict[str, Key | None] = {}
        readings = await self._readings.each(asks)
        for mine, own, reading in zip(owned, asks, readings, strict=True):
            found = reading.answers[own[0]] if own else None
            if found is not None:
                keys.update(zip(mine, found, strict=True))
        return keys

    async def _member_ranks(
        self, board: str, members: Sequence[str], day: int
    ) -> dict[str, int | None]:
        keys = await self._keys(board, members, day)
        stood = [(member, key) for member, key in keys.items() if key is not None]
        ranks: dict[str, int | None] = {m: None for m, key in keys.items() if key is None}
        if not stood:
            return ranks
        ask: Ask = ("past_ahead", board, tuple(key for _, key in stood), day)
        counts = [r.answers[ask] for r in await self._readings.everywhere([ask])]
        if any(count is None for count in counts):
            return ranks
        for place, (member, _) in enumerate(stood):
            ranks[member] = 1 + sum(count[place] for count in counts)
        return ranks

    async def _team_ranks(
        self, board: str, teams: Sequence[str], day: int
    ) -> dict[str, int | None]:
        ask: Ask = ("past_teams", board, day)
        parts = [r.answers[ask] for r in await self._readings.everywhere([ask])]
        if any(part is None for part in parts):
            return {}
        rows = team_board_rows(merge_teams(parts), board, self._rules.tie_break)
        ranks = dict(zip(rows.member, rows.rank.tolist(), strict=True))
        return {team: ranks.get(team) for team in teams}
