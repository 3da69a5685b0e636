"""Board pages: rows of a board by rank or around a member, merged from all ranking shards."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Final

import numpy as np
import pyarrow as pa

from actors.gateway.problems import warming
from actors.gateway.reading import Readings
from actors.messages import Ask, Reading, Row, Slice
from rules.compiling.compiled import Rules
from rules.decoding.identity import shard_of
from rules.ranks.official_order import Key, key_of
from rules.ranks.standings import BoardRows, merge_teams, team_board_rows

HEAD_ROWS_MAX: Final = 2_000
SAMPLES: Final = 512
_TRIES: Final = 5


@dataclass(slots=True)
class Page:
    """Rows of one board from first_rank on, all of one snapshot, and what came with them."""

    board: str
    total: int
    first_rank: int
    rows: list[Row]
    version: int
    readings: list[Reading]

    @property
    def next_cursor(self) -> str | None:
        """Give the rank after which the next page starts, as text; None on the last page."""
        after = self.first_rank - 1 + len(self.rows)
        return str(after) if after < self.total and self.rows else None


class BoardPages:
    """Reads pages; `also` asks are answered from the same snapshots as the page."""

    def __init__(self, rules: Rules, readings: Readings) -> None:
        self._rules = rules
        self._readings = readings
        self._teams = {board.id for board in rules.boards if board.team is not None}

    async def page(self, board: str, after: int, limit: int, also: Sequence[Ask]) -> Page:
        """Read the rows with ranks after + 1 to after + limit."""
        if board in self._teams:
            return self._cut(await self._team_page(board, also), after, limit)
        if after + limit <= HEAD_ROWS_MAX:
            return self._cut(await self._head(board, after + limit, also), after, limit)
        for _ in range(_TRIES):
            page = await self._deep_page(board, after, limit, also)
            if page is not None:
                return page
        return self._cut(await self._head(board, after + limit, also), after, limit)

    async def around(
        self, board: str, member: str, span: int, also: Sequence[Ask]
    ) -> tuple[Page, int] | None:
        """Read the rows around a member, with their rank; None when not on the board."""
        if board in self._teams:
            return self._around_team(await self._team_page(board, also), member, span)
        owner = owner_of(member, len(self._readings.lanes))
        find: Ask = ("row", board, member)
        asks: list[list[Ask]] = [[] for _ in self._readings.lanes]
        asks[owner] = [find]
        row: Row | None = (await self._readings.each(asks))[owner].answers[find]
        for _ in range(_TRIES):
            if row is None:
                return None
            cut: Ask = ("slice", board, row.key, span, span + 1)
            readings = await self._readings.everywhere([find, cut, ("size", board), *also])
            now: Row | None = readings[owner].answers[find]
            if now is not None and now.key == row.key:
                break
            row = now
        else:
            raise warming(f"{member} moves too fast on {board} to be shown with its neighbours")
        return self._cut_around(board, row.key, span, readings, cut)

    def _cut_around(
        self, board: str, key: Key, span: int, readings: list[Reading], cut: Ask
    ) -> tuple[Page, int]:
        slices: list[Slice] = [reading.answers[cut] for reading in readings]
        rank = 1 + sum(part.ahead for part in slices)
        rows = list(merge(*(part.rows for part in slices), key=itemgetter(0)))
        place = bisect_left(rows, key, key=itemgetter(0))
        first = max(0, place - span)
        shown = rows[first : place + span + 1]
        return self._page_of(board, readings, rank - (place - first), shown), rank

    async def _head(self, board: str, count: int, also: Sequence[Ask]) -> Page:
        ask: Ask = ("head", board, count)
        readings = await self._readings.everywhere([ask, ("size", board), *also])
        return self._page_of(board, readings, 1, head_rows(readings, ask, count))

    async def _deep_page(
        self, board: str, after: int, limit: int, also: Sequence[Ask]
    ) -> Page | None:
        """Find a key shortly before the page by samples, then read from there on."""
        ask: Ask = ("samples", board, SAMPLES)
        sampled = await self._readings.everywhere([ask, ("size", board)])
        sizes = [reading.answers[("size", board)] for reading in sampled]
        steps = [max(1, size // SAMPLES) for size in sizes]
        start = _key_before([reading.answers[ask] for reading in sampled], steps, after)
        if start is None:
            return self._cut(await self._head(board, after + limit, also), after, limit)
        cut: Ask = ("slice", board, start, 0, limit + 2 * sum(steps))
        readings = await self._readings.everywhere([cut, ("size", board), *also])
        slices: list[Slice] = [reading.answers[cut] for reading in readings]
        ahead = sum(part.ahead for part in slices)
        count = limit + 2 * sum(steps)
        if not ahead <= after <= ahead + count - limit:
            return None  # the standings moved in between
        rows = list(islice(merge(*(part.rows for part in slices), key=itemgetter(0)), count))
        rows = rows[after - ahead : after - ahead + limit]
        return self._page_of(board, readings, after + 1, rows)

    def _page_of(
        self, board: str, readings: list[Reading], first_rank: int, rows: list[Row]
    ) -> Page:
        total = sum(reading.answers[("size", board)] for reading in readings)
        version = sum(reading.version for reading in readings)
        return Page(board, total, first_rank, rows, version, readings)

    async def _team_page(self, board: str, also: Sequence[Ask]) -> Page:
        readings = await self._readings.everywhere([("teams", board), *also])
        rows = team_rows(readings, board, self._rules)
        version = sum(reading.version for reading in readings)
        return Page(board, len(rows), 1, rows, version, readings)

    @staticmethod
    def _cut(page: Page, after: int, limit: int) -> Page:
        page.rows = page.rows[after : after + limit]
        page.first_rank = after + 1
        return page

    @staticmethod
    def _around_team(page: Page, team: str, span: int) -> tuple[Page, int] | None:
        for place, row in enumerate(page.rows):
            if row.key.member == team:
                first = max(0, place - span)
                page.rows = page.rows[first : place + span + 1]
                page.first_rank = first + 1
                return page, place + 1
        return None


def owner_of(member: str, shards: int) -> int:
    """Find the shard that holds a member."""
    return int(shard_of(pa.array([member], pa.utf8()), shards)[0])


def head_rows(readings: list[Reading], ask: Ask, count: int) -> list[Row]:
    """Merge the shards' first rows into the board's first `count`."""
    parts = [reading.answers[ask] for reading in readings]
    return list(islice(merge(*parts, key=itemgetter(0)), count))


def team_rows(readings: list[Reading], board: str, rules: Rules) -> list[Row]:
    """Merge the shards' team sums into the rows of a team board."""
    teams = merge_teams([reading.answers[("teams", board)] for reading in readings])
    return rows_of(team_board_rows(teams, board, rules.tie_break), rules)


def rows_of(board_rows: BoardRows, rules: Rules) -> list[Row]:
    """Turn a team board's columns into rows; teams have no tier: -1."""
    columns = zip(
        board_rows.member,
        board_rows.score.tolist(),
        board_rows.tasks_completed_at_us.tolist(),
        board_rows.active_days.tolist(),
        strict=True,
    )
    return [
        Row(key_of(score, task_us, days, team, rules.tie_break), -1, task_us, days, False)
        for team, score, task_us, days in columns
    ]


def board_rows_of(board: str, rows: Sequence[Row], rules: Rules) -> BoardRows:
    """Turn rows from rank 1 down into columns, as the prize rules want them."""
    return BoardRows(
        board=board,
        rank=np.arange(1, len(rows) + 1, dtype=np.int64),
        member=[row.key.member for row in rows],
        score=np.array([row.key.score for row in rows], dtype=np.int64),
        tier=["" if row.tier < 0 else rules.levels[row.tier] for row in rows],
        tasks_completed_at_us=np.array([row.tasks_completed_at_us for row in rows], np.int64),
        active_days=np.array([row.active_days for row in rows], dtype=np.int64),
    )


def _key_before(samples: list[list[Key]], steps: list[int], after: int) -> Key | None:
    """Find the last sampled key that surely has at most `after` rows ahead of it."""
    best: Key | None = None
    for key in sorted(key for keys in samples for key in keys):
        at_most = sum(
            min(bisect_left(keys, key), len(keys)) * step
            for keys, step in zip(samples, steps, strict=True)
        )
        if at_most > after:
            break
        best = key
    return best
