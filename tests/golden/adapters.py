"""Run one season file and one log through the oracle or the kernel, to one shape of result."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.compiled import Rules, compile_rules
from rules.coupons.coupon_book import NO_INSTANT_US
from rules.coupons.coupon_codes import write_code
from rules.decoding.events import Decoded, decode_json, running_stamps, stamp
from rules.judging.kernel import advance, apply
from rules.judging.results import REASONS, STATUSES
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.prizes import allocate
from rules.ranks.standings import BoardRows, Standing, board_rows
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable
from rules.table.storage import MEMORY, Memory
from tests.oracle import Answer, Oracle

Table = dict[str, Any]
Int64s = npt.NDArray[np.int64]

SAME_NAMED_COLUMNS = (
    "active",
    "debt",
    "earned_base",
    "earned_bonus",
    "earned_task",
    "adjusted",
    "redeemed",
    "expired",
    "visits",
)


@dataclass
class Result:
    """Hold what a run gives, quantities as whole small units and instants in microseconds.

    pools is what is used of each budget and stock; goods_given counts the goods members are owed.
    """

    answers: list[Answer]
    members: list[Table]
    standings: dict[str, list[Table]]
    prizes: list[Table]
    dropped: list[Table] = field(default_factory=list)
    coupons: list[Table] = field(default_factory=list)
    pool_limits: dict[str, int] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)
    goods_given: int = 0


def run_oracle(
    season_text: str,
    events: list[Table],
    until_us: int | None = None,
    stamps_us: Sequence[int] | None = None,
) -> Result:
    """Judge the events with the oracle, then let the clock run on.

    stamps_us gives every event its clock reading; without it the events' own times do.
    """
    oracle = Oracle(tomllib.loads(season_text))
    answers = [
        oracle.apply(event, None if stamps_us is None else stamps_us[place])
        for place, event in enumerate(events)
    ]
    if until_us is None:
        oracle.finish()
    else:
        oracle.advance(until_us)
    return oracle_result(oracle, answers)


def oracle_result(oracle: Oracle, answers: list[Answer]) -> Result:
    """Read off an oracle how a season ended."""
    return Result(
        answers=answers,
        members=oracle.members(),
        standings={
            board["id"]: [vars(row) for row in oracle.standings(board["id"])]
            for board in oracle.plan.boards
        },
        prizes=[vars(row) for row in oracle.prizes()],
        dropped=[vars(each) for each in oracle.dropped],
        coupons=oracle.coupons(),
        pool_limits={name: pool.limit for name, pool in oracle.state.pools.items()},
        pools={name: pool.used for name, pool in oracle.state.pools.items()},
        goods_given=oracle.state.goods_given,
    )


def run_kernel(
    season_text: str,
    events: list[Table],
    until_us: int | None = None,
    stamps_us: Sequence[int] | None = None,
    *,
    cuts: Sequence[int] = (),
    shards: int = 1,
    restarts: bool = False,
    storage: Memory = MEMORY,
) -> Result:
    """Apply the events with the kernel, cut into batches and spread over shards by member.

    With restarts, each batch begins with a table rebuilt from the last one's state.
    """
    rules = compile_rules(load_season(season_text, "season.toml"))
    decoded = decode_json(json.dumps(events).encode(), rules.names)
    shard_of = np.array(
        [hash_of(member) % shards for member in decoded.columns.column("member").to_pylist()],
        dtype=np.int64,
    )
    at_us = decoded.columns.column("at_us").to_numpy()
    if stamps_us is None:
        clock_us = running_stamps(at_us, int(at_us[0]) if len(at_us) else 0)
    else:
        clock_us = np.array(stamps_us, dtype=np.int64)[decoded.place]
    stamped = stamp(decoded.columns, clock_us)
    tables = [MemberTable(rules, storage) for _ in range(shards)]
    answers: dict[int, Answer] = {
        refusal.place: Answer(refusal.event_id, "rejected", 0, refusal.reason)
        for refusal in decoded.refused
    }
    for shard in range(shards):
        rows = np.flatnonzero(shard_of == shard)
        bounds = np.searchsorted(rows, [0, *sorted(cuts), len(at_us)]).tolist()
        for first, last in pairwise(bounds):
            if restarts:
                state = tables[shard].state()
                tables[shard] = MemberTable.from_state(rules, state, storage=storage)
            answers |= apply_rows(tables[shard], stamped, decoded, rows[first:last])
        end_us = rules.final_us if until_us is None else until_us
        advance(tables[shard], max([end_us, *clock_us[-1:].tolist()]))
    standing = Standing.concat([table.standing() for table in tables])
    return kernel_result(rules, tables, standing, [answers[place] for place in sorted(answers)])


def hash_of(member: str) -> int:
    """Spread members over shards in a way of its own: any spread must do."""
    return sum(member.encode())


def apply_rows(
    table: MemberTable, stamped: pa.RecordBatch, decoded: Decoded, rows: Int64s
) -> dict[int, Answer]:
    """Apply some rows of a log as one batch; give the answers by their place in the log."""
    batch = stamped.take(pa.array(rows))
    outcome = apply(table, batch)
    ids = batch.column("event_id").to_pylist()
    return {
        int(decoded.place[row]): Answer(
            ids[nth],
            STATUSES[outcome.status[nth]],
            int(outcome.points[nth]),
            REASONS[outcome.reason[nth]],
            outcome.details.get(nth),
        )
        for nth, row in enumerate(rows.tolist())
    }


def kernel_result(
    rules: Rules, tables: list[MemberTable], standing: Standing, answers: list[Answer]
) -> Result:
    """Read the tables, standings and prizes of a run."""
    barred = {
        member
        for member, out in zip(standing.member, standing.disqualified, strict=True)
        if bool(out)
    }
    boards = {
        board.id: board_rows(standing, rules.boards, board.id, rules.levels, rules.tie_break)
        for board in rules.boards
    }
    members = [row for table in tables for row in member_rows(table)]
    return Result(
        answers=answers,
        members=sorted(members, key=lambda row: str(row["member"]).encode()),
        standings={board: list_rows(rows) for board, rows in boards.items()},
        prizes=[award._asdict() for award in allocate(boards, rules.season, barred)],
        dropped=[
            {"event_id": event_id, "member": member, "reason": reason}
            for table in tables
            # Rounds drop in an order of their own; replay sorts them too.
            for member, event_id, reason in sorted(table.dropped)
        ],
        coupons=sorted(
            (row for table in tables for row in coupon_rows(table)), key=lambda row: row["code"]
        ),
        pool_limits={f"{pool.id}.{pool.measure}": pool.limit for pool in rules.pool_rules.pools},
        pools={
            f"{pool.id}.{pool.measure}": sum(int(table.pools.used[place]) for table in tables)
            for place, pool in enumerate(rules.pool_rules.pools)
        },
        goods_given=sum(len(table.fulfilments) for table in tables),
    )


def coupon_rows(table: MemberTable) -> list[Table]:
    """Read the columns of coupons.csv of a table; an instant that is not there is None."""
    book = table.coupon_book
    templates = [coupon.id for coupon in table.rules.season.coupons]
    status = book.status_as_of(table.clock_us)
    return [
        {
            "code": write_code(int(book.code[row])),
            "coupon": templates[book.template[row]],
            "member": table.member_ids[book.member[row]],
            "status": status[row],
            "issued_at": int(book.issued_us[row]),
            "expires_at": int(book.expires_us[row]),
            "used_at": int(book.used_us[row]) if book.used_us[row] != NO_INSTANT_US else None,
            "off": int(book.off_fen[row]),
        }
        for row in range(book.size)
    ]


def member_rows(table: MemberTable) -> list[Table]:
    """Read the columns of members.csv of a table's listed members."""
    rules, members = table.rules, table.members
    rows = []
    for row in np.flatnonzero(members.listed[: len(table)]):
        columns = {name: int(getattr(members, name)[row]) for name in SAME_NAMED_COLUMNS}
        rows.append(
            {
                "member": table.member_ids[row],
                "kind": rules.kinds[members.kind[row]],
                "tier": rules.levels[members.level[row]],
                "reversed": int(members.reversed_points[row]),
                "litres": int(members.litres_ml[row]),
                "amount": int(members.amount_fen[row]),
            }
            | columns
        )
    return rows


def list_rows(rows: BoardRows) -> list[Table]:
    """Read a board's rows one by one; no completion is None."""
    ends_us = [None if at_us == NO_TIME_US else int(at_us) for at_us in rows.tasks_completed_at_us]
    return [
        {
            "rank": int(rows.rank[place]),
            "member": rows.member[place],
            "score": int(rows.score[place]),
            "tier": rows.tier[place],
            "tasks_completed_at_us": ends_us[place],
            "active_days": int(rows.active_days[place]),
        }
        for place in range(len(rows))
    ]
