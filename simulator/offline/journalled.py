"""Journalled replay: a log applied as any replay does, with every movement of points recorded."""

from __future__ import annotations

from collections.abc import Iterable

from rules.compiling.compiled import Rules
from rules.decoding.event_columns import Decoded
from rules.table.member_table import MemberTable
from simulator.offline.archived_tables import ArchivedTables
from simulator.offline.replay import Replay
from simulator.offline.tables import OneTable


def journalled_replay(
    rules: Rules,
    batches: Iterable[Decoded],
    until_us: int | None = None,
    tables: OneTable | ArchivedTables | None = None,
) -> list[MemberTable]:
    """Replay a log and return its tables with their journals.

    The clock goes on as in any replay. tables are those of an archive, with what was decided
    while it ran. Memory: about 100 bytes a posting besides the tables.
    """
    with tables or OneTable(rules) as used:
        used.record()
        run = Replay(rules, used)
        for decoded in batches:
            run.apply(decoded)
        return used.finish(until_us, run.clock_us)


def table_with(tables: Iterable[MemberTable], member: str) -> MemberTable | None:
    """Find the table that lists a member."""
    for table in tables:
        row = table.row_of(member)
        if row >= 0 and table.members.listed[row]:
            return table
    return None
