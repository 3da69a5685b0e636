"""A projection is what its entries make of it, whoever writes them and wherever it goes on."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from actors.attempt import Attempt
from actors.leases import encoded as lease_payload
from actors.messages import BoardLayout, StandingChange
from actors.projection import Projection
from actors.season_versions import Version
from actors.season_versions import encoded as version_payload
from actors.shard_status import points_per_hour, status_of
from actors.standing_news import StandingNews
from actors.store.log import Entry, Kind
from actors.store.snapshot import Snapshot
from rules.compiling.calendar import HOUR_US
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import stamp, to_ipc
from rules.ranks.standings import Standing
from rules.table.storage import MEMORY
from tests.unit.played_log import instant_us, rules_of
from tests.unit.test_triggers import season

NOON_US = instant_us("2026-06-02T12:00:00+08:00")
ENDS_US = instant_us("2026-07-01T00:00:00+08:00")
STOCK = '[[catalogue]]\nid = "mug"\npoints = 10\ngoods = { unit_cost = "5.00", stock = 3 }'
BOARD = '[[boards]]\nid = "overall"'
SEASON = season(STOCK, BOARD)
BETTER = SEASON.replace("points = 1\n", "points = 2\n")


class Ranking:
    """A ranking shard that counts what it is told."""

    def __init__(self) -> None:
        self.updates: list[tuple[int, int]] = []
        self.replaced: list[tuple[int, int]] = []

    def update(self, after: int, version: int, clock_us: int, change: StandingChange) -> None:
        assert clock_us
        self.updates.append((after, version))
        assert len(change.rows)

    def replace(self, version: int, clock_us: int, standing: Standing, layout: BoardLayout) -> None:
        assert clock_us
        assert layout.season == "s"
        self.replaced.append((version, len(standing.member)))

    def is_behind(self) -> bool:
        return False

    def needs_all(self) -> bool:
        return False


def projection(ranking: Ranking | None = None) -> Projection:
    news = StandingNews(ranking or Ranking(), 0.0)
    return Projection(0, rules_of(SEASON), news, MEMORY, shares=True)


def written(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat()


def bought(held: Projection, name: str, member: str, stamp_us: int) -> bytes:
    event: dict[str, Any] = {
        "event_id": name, "type": "purchase", "member": member,
        "at": written(stamp_us), "amount": "10.00",
    }  # fmt: skip
    decoded = decode_json(msgspec.json.encode([event]), held.rules.names)
    assert not decoded.refused, decoded.refused
    return to_ipc(stamp(decoded.columns, np.full(1, stamp_us)))


def entries(held: Projection) -> list[Entry]:
    """Write an entry of each kind, with events between them."""
    better = Version(2, rules_of(BETTER).rules_hash, NOON_US + 1, BETTER)
    codes = {"id": "partner", "coupon": "ten", "count": 1000, "key": "00" * 16}
    order = {"id": "o", "kind": "claim_codes", "batch": codes}
    seq = itertools.count(1)

    def entry(kind: Kind, stamp_us: int, payload: bytes = b"") -> Entry:
        return Entry(next(seq), kind, stamp_us, payload)

    return [
        entry("events", NOON_US, bought(held, "1", "a", NOON_US)),
        entry("lease", NOON_US, lease_payload(np.array([2]))),
        entry("order", NOON_US, json.dumps(order).encode()),
        entry("rules", NOON_US + 1, version_payload(better, held.rules.rules_hash)),
        entry("events", NOON_US + 2, bought(held, "2", "b", NOON_US + 2)),
        entry("close", ENDS_US),
        entry("advance", ENDS_US),
    ]


def test_each_kind_of_entry_takes_effect() -> None:
    ranking = Ranking()
    held = projection(ranking)
    events = [held.follow(one) for one in entries(held)]
    assert events == [1, 0, 0, 0, 1, 0, 0]
    assert held.seq == 7
    assert held.table.pools.lease.tolist() == [2]
    assert held.table.orders["o"]["count"] == 1000
    assert held.book.number == 2
    assert held.rules.ends_us == ENDS_US
    assert held.table.standing().score.tolist() == [10, 20], "the second came under new rules"
    assert held.table.clock_us == ENDS_US
    assert [version for version, _ in ranking.replaced] == [4, 6], "new rules, and a new end"


def test_a_snapshot_between_entries_changes_nothing() -> None:
    whole = projection()
    log = entries(whole)
    for one in log:
        whole.follow(one)
    state = whole.table.state()
    for cut in (1, 4, 6):
        before = projection()
        for one in log[:cut]:
            before.follow(one)
        found = Snapshot(before.seq, before.table.state(), json.loads(json.dumps(before.facts())))
        after = projection()
        after.restore(found)
        assert after.seq == cut
        for one in log[cut:]:
            after.follow(one)
        assert after.facts() == whole.facts(), cut
        again = after.table.state()
        assert again.keys() == state.keys()
        for name, array in state.items():
            assert np.array_equal(again[name], array), (cut, name)


def test_the_version_is_the_last_entry_that_changed_a_standing() -> None:
    held = projection()
    for one in entries(held)[:3]:
        held.follow(one)
    assert (held.version, held.seq) == (1, 3)
    known = Attempt.of(held.table, bought(held, "1", "a", NOON_US + 5), None)
    assert known.payload == b""
    held.apply(known.events)
    assert held.version == 1


def test_a_shard_without_members_is_due_at_the_final_instant_only() -> None:
    held = projection()
    assert not held.tick_due(held.rules.final_us - 1)
    assert held.tick_due(held.rules.final_us)
    held.follow(entries(held)[0])
    assert held.tick_due(NOON_US + 12 * HOUR_US), "midnight"


def test_a_status_tells_what_is_held() -> None:
    held = projection()
    log = entries(held)
    for one in log[:5]:
        held.follow(one)
    status = status_of(3, 9, held, -1)
    assert (status.shard, status.epoch, status.seq, status.version) == (3, 9, 5, 5)
    assert (status.members, status.rules_number, status.final) == (2, 2, False)
    assert status.points_per_hour == {NOON_US: 30}
    assert status_of(3, 9, held, 0).points_per_hour == {}
    later_us = NOON_US + 3 * HOUR_US
    held.follow(Entry(6, "events", later_us, bought(held, "3", "a", later_us)))
    assert points_per_hour(held.table, -1) == {NOON_US: 30, later_us: 20}
    assert points_per_hour(held.table, 3) == {later_us: 20}
