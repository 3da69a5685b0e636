"""Standing news: what a ranking shard still has to be told of its member shard's table."""

from __future__ import annotations

import time
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from actors.messages import BoardLayout, StandingChange
from rules.ranks.standings import Standing
from rules.table.distinct import distinct
from rules.table.member_table import MemberTable

ROWS_MAX: Final = 20_000
"""Changed standings that wait for the period's end; more are sent before it."""
ROWS_MAX_CROWDED: Final = 200_000
"""Changed standings that wait while the ranking shard is behind; then it is waited for."""

Int64s = npt.NDArray[np.int64]


class RankingSink(Protocol):
    """Where changed standings go: the ranking shard of the same number. Never blocks for long."""

    def update(self, after: int, version: int, clock_us: int, change: StandingChange) -> None:
        """Send the standings that changed between two versions."""

    def replace(self, version: int, clock_us: int, standing: Standing, layout: BoardLayout) -> None:
        """Send the standings of all members, and the boards they are for."""

    def is_behind(self) -> bool:
        """Tell whether several updates are on their way already."""

    def needs_all(self) -> bool:
        """Tell whether the ranking shard lost its standings or missed an update."""


class StandingNews:
    """Gathers changed rows and sends their standings as they are then, in numbers.

    The first change after a quiet time goes at once, those that follow within the period
    together: a call costs the same for one member as for hundreds.
    """

    def __init__(self, ranking: RankingSink, period_s: float = 0.0) -> None:
        self._ranking = ranking
        self._period_s = period_s
        self.crowded = False
        """Whether many more events wait; the ranking shard then leaves them the processors."""
        self._told_version = -1
        self._version = -1
        self._told_s = 0.0
        self._rows: list[Int64s] = []
        self._names = 0
        self._companies = 0

    def note(self, rows: Int64s, version: int) -> None:
        """Note that the standings of rows, int64[k], changed with a version."""
        self._rows.append(rows)
        self._version = version

    def tell_when_due(self, table: MemberTable) -> bool:
        """Send what is noted unless something was sent just now; tells whether some waits."""
        if not self._rows:
            return False
        rows = sum(map(len, self._rows))
        recent = time.monotonic() - self._told_s < self._period_s
        if recent and rows < ROWS_MAX:
            return True
        if self._period_s and rows < ROWS_MAX_CROWDED and self._ranking.is_behind():
            return True
        self.tell(table)
        return False

    def tell(self, table: MemberTable) -> None:
        """Send what is noted."""
        if not self._rows:
            return
        several = len(self._rows) > 1
        rows = distinct(np.concatenate(self._rows)) if several else self._rows[0]
        self._rows = []
        members = table.members
        level, on_board, company = table.standing_codes(rows)
        change = StandingChange(
            rows=rows,
            score=members.score[rows],
            tasks_completed_at_us=members.tasks_completed_at_us[rows],
            active_days=members.active_days[rows],
            tier=level,
            on_board=on_board,
            company=company,
            disqualified=members.disqualified[rows],
            first_name=self._names,
            names=table.member_ids[self._names :],
            first_company=self._companies,
            companies=table.companies[self._companies :],
            crowded=self.crowded,
        )
        self._names, self._companies = len(table.member_ids), len(table.companies)
        before, self._told_version = self._told_version, self._version
        self._ranking.update(before, self._version, table.clock_us, change)
        self._told_s = time.monotonic()

    def tell_all(self, table: MemberTable, version: int, layout: BoardLayout) -> None:
        """Send the standings of all members, and the boards they are for."""
        self._rows = []
        self._told_version = self._version = version
        self._names, self._companies = len(table.member_ids), 0
        self._ranking.replace(version, table.clock_us, table.standing(), layout)

    def needs_all(self) -> bool:
        """Tell whether the ranking shard lost its standings or missed an update."""
        return self._ranking.needs_all()
