"""Source: who else sends events to a season that is played."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from rules.judging.coding import Events
from rules.judging.results import Outcome
from rules.table.member_table import MemberTable


class Source(Protocol):
    """Adds events of its own to each day, such as those of cheats."""

    def events(self, nth: int, from_us: int, to_us: int, table: MemberTable) -> pa.RecordBatch:
        """Give the events of the day nth, within [from_us, to_us), of COLUMNS, by `at`.

        Their members are beside the population's; the table is as the day begins. The days after
        the last one played, up to the end of the run, are asked for too.
        """

    def answered(self, events: Events, outcome: Outcome, table: MemberTable) -> None:
        """Take note of what the kernel answered to a batch, the population's events included."""
