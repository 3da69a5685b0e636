"""Member tables behind one face: one in this process, or several in worker processes.

Members are spread by the stable hash of their id and all tables get the same stamps, so any
number of workers gives the same answers and the same tables, row numbers apart.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.accounts.journal import Journal
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.event_columns import from_ipc, text_of, to_ipc
from rules.decoding.identity import Hashes, shard_of
from rules.judging.kernel import advance, apply
from rules.judging.next_season import await_season
from rules.judging.orders import apply_order
from rules.judging.results import Outcome
from rules.ranks.standings import Standing
from rules.season.season_models import Season
from rules.table.member_table import MemberTable
from simulator import REPLAYING


class MergesMembersError(Exception):
    """A batch merges records of one person, which may lie in two tables: use one table."""


class Tables(Protocol):
    """What a replay needs of its member tables; a context that stops any workers."""

    def __enter__(self) -> Self:
        """Start."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""

    def apply(self, batch: pa.RecordBatch, hashes: Hashes | None = None, /) -> Outcome:
        """Apply a stamped batch; its outcome has no changed rows.

        hashes are the batch's, for who can use them.
        """

    def standing(self, at_us: int) -> Standing:
        """Let every clock go on to an instant, and give the standing of all members."""

    def order(self, order: dict[str, Any], at_us: int) -> None:
        """Carry out an order at an instant."""

    def finish(self, until_us: int | None, clock_us: int) -> list[MemberTable]:
        """Let every clock go on to an instant, and return the tables.

        Without until_us it is the season's final instant; clock_us, the last event's reading, is
        reached in any case.
        """


class OneTable:
    """A single table in this process."""

    def __init__(self, rules: Rules, upcoming: Rules | None = None) -> None:
        self._table = MemberTable(rules)
        self._season = rules.season_id
        if upcoming is not None:
            await_season(self._table, upcoming)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Hold nothing open."""

    def record(self) -> None:
        """Keep a journal of every movement of points from here on."""
        self._table.journal = Journal()

    def apply(self, batch: pa.RecordBatch, hashes: Hashes | None = None, /) -> Outcome:
        """Apply a stamped batch."""
        return apply(self._table, batch, hashes)

    def standing(self, at_us: int) -> Standing:
        """Run the ticks up to an instant and give all standings."""
        advance(self._table, at_us)
        followed = self._table.rules.season_id != self._season
        return self._table.older_standing() if followed else self._table.standing()

    def order(self, order: dict[str, Any], at_us: int) -> None:
        """Carry out an order at an instant."""
        apply_order(self._table, order, at_us)

    def finish(self, until_us: int | None, clock_us: int) -> list[MemberTable]:
        """Run the ticks up to an instant and return the table."""
        table = self._table
        held = [table.rules, table.upcoming, table.older.rules if table.older else None]
        final_us = max(rules.final_us for rules in held if rules is not None)
        end_us = max(final_us if until_us is None else until_us, clock_us)
        if end_us > self._table.clock_us:
            advance(self._table, end_us)
        return [self._table]


class WorkerTables:
    """One table in each of several processes."""

    def __init__(self, rules: Rules, workers: int) -> None:
        self._rules = rules
        # Spawned, not forked: Arrow's threads don't survive a fork.
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        for number in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work,
                args=(theirs, rules.season),
                name=f"{REPLAYING}-{number}",
                daemon=True,
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pipes, which ends the workers, and wait for them."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join()

    def apply(self, batch: pa.RecordBatch, _hashes: Hashes | None = None, /) -> Outcome:
        """Send each worker its members' events and put the answers back in order.

        Raises MergesMembersError, having applied nothing of the batch, where it holds a merge.
        """
        if pc.any(pc.equal(text_of(batch, "type"), "merge")).as_py():
            raise MergesMembersError
        whole = Outcome.empty(batch.num_rows)
        shards = shard_of(text_of(batch, "member"), len(self._pipes))
        places = [np.flatnonzero(shards == shard) for shard in range(len(self._pipes))]
        for pipe, mine in zip(self._pipes, places, strict=True):
            if len(mine):
                pipe.send(("apply", to_ipc(batch.take(pa.array(mine)))))
        for pipe, mine in zip(self._pipes, places, strict=True):
            if len(mine):
                whole.status[mine], whole.reason[mine], whole.points[mine] = pipe.recv()
        return whole

    def standing(self, at_us: int) -> Standing:
        """Run the ticks up to an instant and put all standings together."""
        return Standing.concat(self._everywhere("standing", at_us))

    def order(self, order: dict[str, Any], at_us: int) -> None:
        """Carry out an order at an instant."""
        self._everywhere("order", (order, at_us))

    def _everywhere(self, word: str, given: object) -> list[Any]:
        for pipe in self._pipes:
            pipe.send((word, given))
        return [pipe.recv() for pipe in self._pipes]

    def finish(self, until_us: int | None, clock_us: int) -> list[MemberTable]:
        """Run the ticks up to an instant and fetch the tables."""
        states: list[dict[str, npt.NDArray[Any]]] = self._everywhere("finish", (until_us, clock_us))
        return [MemberTable.from_state(self._rules, state) for state in states]


def _work(pipe: Connection, season: Season) -> None:
    """Serve one table until the pipe is closed."""
    with OneTable(compile_rules(season)) as tables:
        while True:
            try:
                word, given = pipe.recv()
            except EOFError:
                return
            if word == "apply":
                outcome = tables.apply(from_ipc(given))
                pipe.send((outcome.status, outcome.reason, outcome.points))
            elif word == "standing":
                pipe.send(tables.standing(given))
            elif word == "order":
                tables.order(*given)
                pipe.send(None)
            else:
                (table,) = tables.finish(*given)
                pipe.send(table.state())
