"""Fork: the tables of a running season as one, rebuilt from what its shards have logged.

All members lie in one table then, as a run of the simulator needs them. The kernel gives the same
however its input was cut and spread, so members, standings, points and coupons are those of the
live shards; where a budget ran short, first come is first served by the stamps.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.judging.coding import encode
from rules.judging.kernel import apply_events
from rules.table.member_table import NO_CLOCK_US, MemberTable
from simulator.log.archived_log import Step
from simulator.offline.archived_tables import go_on, take_step
from simulator.outlook.seen import Seen
from simulator.people.population import Population
from simulator.people.setting import setting_of

KINDS: Final = ("close", "order", "rules")
"""Steps that concern everybody; what a shard leased or when its clock moved is its own."""


@dataclass(frozen=True, slots=True)
class Forked:
    """A running season as it stood at an instant, with what it has shown of its members.

    `since_us` is when it began.
    """

    table: MemberTable
    seen: Seen
    at_us: int
    since_us: int
    events: int


class Fork:
    """Takes a history in the order of its stamps, up to an instant."""

    def __init__(self, rules: Rules, population: Population, upto_us: int) -> None:
        """Begin with nobody, by the file the season began with.

        Raises:
            ValueError: the season sells no fuel.
        """
        self._table = MemberTable(rules)
        self._upto_us = upto_us
        self._seen = Seen(setting_of(rules.season, population))
        self._events = 0

    def take(self, batch: pa.RecordBatch) -> None:
        """Apply a stamped batch, but for what comes at or after the instant."""
        stamps = batch.column("stamp_us").to_numpy()
        count = int(np.searchsorted(stamps, self._upto_us))
        calendar = self._table.rules.calendar
        days = calendar.days(stamps[:count])
        cuts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), count]
        for first, last in itertools.pairwise(cuts):
            if first < last:
                self._apply(batch.slice(first, last - first))

    def _apply(self, batch: pa.RecordBatch) -> None:
        table = self._table
        events = encode(table, batch)
        level = table.members.level[np.maximum(events.row, 0)].copy()
        outcome = apply_events(table, events)
        self._seen.note(table, events, level, outcome, table.rules.starts_us)
        self._events += batch.num_rows

    def step(self, kind: str, stamp_us: int, payload: bytes) -> None:
        """Take what happened between events, unless it came at or after the instant."""
        if stamp_us < self._upto_us and kind in KINDS:
            take_step(self._table, Step(0, kind, stamp_us, payload))

    def end(self) -> Forked:
        """Let the clock go on to the instant and give what there is."""
        table = self._table
        if table.clock_us != NO_CLOCK_US:
            go_on(table, self._upto_us)
        self._seen.fit(len(table))
        into = table.members.merged_into[: len(table)].astype(np.int64) - 1
        self._seen.merged(table.resolve(np.arange(len(table))) * (into >= 0) - (into < 0))
        return Forked(table, self._seen, self._upto_us, table.rules.starts_us, self._events)
