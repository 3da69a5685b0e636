"""Archived tables: one table a shard of the live system, taken through what its log holds.

What lies between events happens at its own place in each shard's log, so a new version of the
season file, a close or a lease takes effect for exactly the events it did live.
"""

from __future__ import annotations

import json
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from rules.accounts.journal import Journal
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.identity import Hashes
from rules.judging.kernel import advance, apply
from rules.judging.next_season import await_season
from rules.judging.orders import apply_order
from rules.judging.results import Outcome
from rules.judging.ticks import due, use_rules
from rules.judging.versions import adopt, successor
from rules.ranks.standings import Standing
from rules.season.season_file import load_season
from rules.table.member_table import NO_CLOCK_US, MemberTable
from simulator.log.archived_log import ArchivedLog, Step
from simulator.log.log_files import LogProblem

DECIDING: Final = ("close", "rules", "lease", "order")
"""Steps that change what a replay gives; an advance only runs ticks that are due anyway."""


class _Shard:
    """One shard's table and the steps of its log still to come."""

    def __init__(self, rules: Rules, steps: list[Step], *, shared: bool) -> None:
        self.table = MemberTable(rules)
        if shared:
            self.table.pools.share()
        self._steps = list(reversed(steps))
        self._events = 0

    def apply(self, batch: pa.RecordBatch) -> list[Outcome]:
        """Apply a stamped batch, cut where steps lie; one outcome a piece."""
        outcomes = []
        first = 0
        while first < batch.num_rows:
            self.catch_up()
            last = batch.num_rows
            if self._steps:
                last = min(last, first + self._steps[-1].after_events - self._events)
            outcomes.append(apply(self.table, batch.slice(first, last - first)))
            self._events += last - first
            first = last
        return outcomes

    def catch_up(self, *, whole: bool = False) -> None:
        """Do the steps that come before the next event, or all that are left."""
        while self._steps and (whole or self._steps[-1].after_events <= self._events):
            take_step(self.table, self._steps.pop())


def take_step(table: MemberTable, step: Step) -> None:
    """Let a table go through a step."""
    if step.kind == "advance":
        go_on(table, step.stamp_us)
    elif step.kind == "close":
        use_rules(table, table.rules.with_ends(step.stamp_us))
    elif step.kind == "lease":
        table.pools.lease += np.array(json.loads(step.payload), dtype=np.int64)
    elif step.kind == "order":
        apply_order(table, json.loads(step.payload), step.stamp_us)
    elif step.kind == "rules":
        if table.clock_us != NO_CLOCK_US:
            go_on(table, step.stamp_us)
        _adopt(table, json.loads(step.payload)["text"])
    else:
        raise LogProblem(
            f"archive entry of kind {step.kind!r}: this release doesn't know it; replay the "
            "archive with the release that wrote it"
        )


def _adopt(table: MemberTable, text: str) -> None:
    rules = compile_rules(load_season(text, "archive"))
    if rules.season_id == table.rules.season_id:
        adopt(table, successor(table.rules, rules))
    else:
        await_season(table, rules)


def go_on(table: MemberTable, to_us: int) -> None:
    """Let a table's clock go on to an instant, with the ticks that are due."""
    if to_us > table.clock_us or due(table, to_us):
        advance(table, to_us)


class ArchivedTables:
    """The tables of all shards of an archive; apply() takes its events in their order, once."""

    def __init__(self, rules: Rules, archived: ArchivedLog) -> None:
        self._of_event = archived.shard
        self._done = 0
        numbers = sorted({*archived.steps, *np.unique(archived.shard).tolist()}) or [0]
        shared = archived.has(["lease"])
        self._shards = {
            number: _Shard(rules, archived.steps.get(number, []), shared=shared)
            for number in numbers
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Hold nothing open."""

    def record(self) -> None:
        """Keep a journal of every movement of points from here on."""
        for shard in self._shards.values():
            shard.table.journal = Journal()

    def apply(self, batch: pa.RecordBatch, _hashes: Hashes | None = None, /) -> Outcome:
        """Apply the next events of the archive, each to its shard's table."""
        whole = Outcome.empty(batch.num_rows)
        of_event = self._of_event[self._done : self._done + batch.num_rows]
        self._done += batch.num_rows
        for number, shard in self._shards.items():
            places = np.flatnonzero(of_event == number)
            first = 0
            for outcome in shard.apply(batch.take(pa.array(places))):
                mine = places[first : first + len(outcome.status)]
                whole.status[mine] = outcome.status
                whole.reason[mine] = outcome.reason
                whole.points[mine] = outcome.points
                first += len(mine)
        return whole

    def standing(self, at_us: int) -> Standing:
        """Run the ticks up to an instant and give all standings."""
        for shard in self._shards.values():
            advance(shard.table, at_us)
        return Standing.concat([shard.table.standing() for shard in self._shards.values()])

    def order(self, order: dict[str, Any], at_us: int) -> None:
        """Carry out an order at an instant."""
        for shard in self._shards.values():
            apply_order(shard.table, order, at_us)

    def finish(self, until_us: int | None, clock_us: int) -> list[MemberTable]:
        """Do what the logs still hold, then run the ticks up to an instant."""
        tables = []
        for shard in self._shards.values():
            shard.catch_up(whole=True)
            end_us = shard.table.rules.final_us if until_us is None else until_us
            if max(end_us, clock_us) > shard.table.clock_us:
                advance(shard.table, max(end_us, clock_us))
            tables.append(shard.table)
        return tables
