"""Judge the system's own log again: with the oracle, one event at a time, and with the kernel."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from actors.event_export import exported_events
from actors.leases import decoded as lease_change
from actors.store.archive import Archive
from actors.store.history import read_history
from actors.store.log import Entry, ShardLog
from loadtests.ledger import Identity
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.event_columns import from_ipc
from rules.judging.kernel import advance, apply
from rules.ranks.standings import Standing
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable
from tests.chaos.season import SEASON, SEASON_ID
from tests.golden.adapters import Result, kernel_result
from tests.oracle import Answer, Oracle
from tests.oracle.standings import board_rows

ACCEPTED = ("applied", "limit_reached", "waiting")


@dataclass
class Judged:
    """What the oracle answered to every event of the log."""

    accepted: dict[Identity, Answer] = field(default_factory=dict)
    times: Counter[Identity] = field(default_factory=Counter)
    refused: dict[Identity, set[str]] = field(default_factory=dict)
    events: int = 0


class Shard:
    """One shard's log, followed by an oracle and by a member table."""

    def __init__(self, rules: Rules, number: int, shards: int) -> None:
        self.oracle = Oracle(tomllib.loads(SEASON))
        self.table = MemberTable(rules)
        self._number = number
        self._seq = 0
        self._pools = [f"{pool.id}.{pool.measure}" for pool in rules.pool_rules.pools]
        if shards > 1:
            self.table.pools.share()
            for name in self._pools:
                self.oracle.state.pools[name].limit = 0

    def follow(self, client: redis.Redis, archive: Archive, judged: Judged) -> int:
        """Take what was logged since the last call; returns how many entries that were."""
        log = ShardLog(client, SEASON_ID, self._number)
        before = self._seq
        for entry in read_history(archive, log, self._seq):
            self._take(entry, judged)
            self._seq = entry.seq
        return self._seq - before

    def _take(self, entry: Entry, judged: Judged) -> None:
        if entry.kind == "lease":
            change = lease_change(entry.payload)
            self.table.pools.lease += change
            for name, units in zip(self._pools, change.tolist(), strict=True):
                self.oracle.state.pools[name].limit += units
            return
        if entry.kind == "events":
            batch = from_ipc(entry.payload)
            apply(self.table, batch)
            for event, stamp_us in events_of(exported_events(batch)):
                self._judge(event, stamp_us, judged)
        elif entry.kind != "advance":
            raise AssertionError(f"entry {entry.seq} is a {entry.kind}: nobody asked for one")
        if entry.stamp_us > self.table.clock_us:
            advance(self.table, entry.stamp_us)
        self.oracle.advance(entry.stamp_us)

    def _judge(self, event: dict[str, Any], stamp_us: int, judged: Judged) -> None:
        answer = self.oracle.apply(event, stamp_us)
        identity = event["member"], event["event_id"]
        judged.events += 1
        if answer.status in ACCEPTED:
            judged.accepted.setdefault(identity, answer)
            judged.times[identity] += 1
        elif answer.status == "rejected":
            judged.refused.setdefault(identity, set()).add(answer.reason)


def events_of(exported: Any) -> Iterator[tuple[dict[str, Any], int]]:
    """Write exported columns as the events they were, each with its stamp, µs UTC."""
    stamps_us = exported.column("stamp").cast("int64").to_pylist()
    for row, stamp_us in zip(exported.to_pylist(), stamps_us, strict=True):
        event = {name: value for name, value in row.items() if value is not None}
        event["at"] = event["at"].isoformat()
        for name in ("litres", "amount"):
            if name in event:
                event[name] = str(event[name])
        for name in ("lines", "attributes"):
            if name in event:
                event[name] = json.loads(event[name])
        del event["stamp"]
        yield event, stamp_us


class Judges:
    """All shards' logs, judged again."""

    def __init__(self, shards: int) -> None:
        self.rules = compile_rules(load_season(SEASON, "season.toml"))
        self.judged = Judged()
        self.shards = shards
        self._shards = [Shard(self.rules, number, shards) for number in range(shards)]

    def follow(self, client: redis.Redis, archive: Path) -> int:
        """Take what was logged since the last call; returns how many entries that were."""
        return sum(shard.follow(client, Archive(archive), self.judged) for shard in self._shards)

    def by_kernel(self) -> Result:
        """Give what the kernel makes of the log."""
        tables = [shard.table for shard in self._shards]
        standing = Standing.concat([table.standing() for table in tables])
        return kernel_result(self.rules, tables, standing, [])

    def by_oracle(self) -> Result:
        """Give what the oracle makes of the log."""
        oracles = [shard.oracle for shard in self._shards]
        ranked = [one for oracle in oracles for one in oracle._ranked]
        plan = oracles[0].plan
        members = [row for oracle in oracles for row in oracle.members()]
        coupons = [row for oracle in oracles for row in self._coupons(oracle)]
        limits = {name: pool.limit for name, pool in Oracle(
            tomllib.loads(SEASON)).state.pools.items()}  # fmt: skip
        return Result(
            answers=[],
            members=sorted(members, key=lambda row: str(row["member"]).encode()),
            standings={
                board["id"]: [vars(row) for row in board_rows(plan, ranked, board["id"])]
                for board in plan.boards
            },
            prizes=[],
            dropped=[],
            coupons=sorted(coupons, key=lambda row: str(row["code"])),
            pool_limits=limits,
            pools={
                name: sum(oracle.state.pools[name].used for oracle in oracles) for name in limits
            },
            goods_given=sum(oracle.state.goods_given for oracle in oracles),
        )

    @staticmethod
    def _coupons(oracle: Oracle) -> list[dict[str, Any]]:
        return oracle.coupons() if oracle.state.clock_us is not None else []
