"""A fork holds what all shards hold, however the log is spread over them and cut."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.merged_history import MergedHistory
from actors.store.log import Entry
from rules.decoding.event_columns import STAMPED, concat, running_stamps, stamp, text_of, to_ipc
from rules.decoding.identity import shard_of
from rules.judging.kernel import advance, apply
from rules.table.member_columns import POINT_COLUMNS
from rules.table.member_table import MemberTable
from simulator.outlook.fork import Fork
from simulator.play.play import Play
from tests.unit.simulated import population, rules_of

MEMBERS = 60
HALF = 17
COLUMNS = (*POINT_COLUMNS, "active", "debt", "score", "level", "visits", "litres_ml", "amount_fen")


@lru_cache(maxsize=1)
def log() -> pa.RecordBatch:
    """A simulated log, stamped; referrals tie members of different shards together."""
    batches: list[pa.RecordBatch] = []
    play = Play(rules_of(), population(), MEMBERS, 11, write=batches.append)
    play.run()
    whole = concat([one for one in batches if one.num_rows])
    whole = whole.filter(pc.not_equal(text_of(whole, "type"), "referral"))
    return stamp(whole, running_stamps(whole.column("at_us").to_numpy(), -(2**62)))


def held(tables: list[MemberTable]) -> dict[str, Any]:
    """What tables know of each member: points, lots, standing and coupons."""
    found = {}
    for table in tables:
        members, book = table.members, table.coupon_book
        standing = table.standing()
        owner = book.member[: book.size]
        for row, member in enumerate(table.member_ids):
            coupons = np.flatnonzero(owner == row)
            found[member] = (
                [int(getattr(members, name)[row]) for name in COLUMNS],
                table.lots.by_expiry(row),
                (int(standing.score[row]), int(standing.on_board[row]), standing.team_key[row]),
                sorted(
                    (int(book.template[one]), int(book.issued_us[one]), int(book.status[one]))
                    for one in coupons.tolist()
                ),
            )
    return found


@settings(max_examples=5, deadline=None)
@given(
    shards=st.integers(1, 4),
    cuts=st.lists(st.integers(1, 400), min_size=1, max_size=6),
    reading=st.integers(200, 3_000),
)
def test_a_fork_equals_the_shards_it_was_read_from(
    shards: int, cuts: list[int], reading: int
) -> None:
    rules, whole = rules_of(), log()
    calendar = rules.calendar
    upto_us = calendar.midnight(calendar.day(rules.starts_us) + HALF)
    of = shard_of(whole.column("member"), shards)
    tables, histories = [], []
    for shard in range(shards):
        own = whole.filter(pa.array(of == shard))
        before = int(np.searchsorted(own.column("stamp_us").to_numpy(), upto_us))
        table = MemberTable(rules)
        apply(table, own.slice(0, before))
        advance(table, upto_us)
        tables.append(table)
        entries: list[Entry] = []
        first = 0
        while first < own.num_rows:
            size = cuts[len(entries) % len(cuts)]
            part = concat([own.slice(first, size)], STAMPED)
            stamp_us = int(part.column("stamp_us")[-1].as_py())
            entries.append(Entry(len(entries) + 1, "events", stamp_us, to_ipc(part)))
            first += size
        histories.append(iter(entries))
    fork = Fork(rules, population(), upto_us)
    waiting: list[pa.RecordBatch] = []
    for item in MergedHistory(histories).read():
        assert not isinstance(item, Entry)
        waiting.append(item)
        if sum(one.num_rows for one in waiting) >= reading:
            fork.take(concat(waiting, STAMPED))
            waiting = []
    if waiting:
        fork.take(concat(waiting, STAMPED))
    forked = fork.end()
    assert held([forked.table]) == held(tables)
    assert forked.table.clock_us == upto_us
    visits = forked.seen.visits[: len(forked.table)]
    assert 0 < visits.sum() <= forked.table.members.visits[: len(forked.table)].sum()
