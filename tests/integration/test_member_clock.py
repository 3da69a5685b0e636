"""A shard's clock is what its log says: what it shows is what a start from that log shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import redis

from actors.folder_store import NoRanking
from actors.member_shard import MemberShard
from actors.shard_places import ShardPlaces
from actors.standing_news import StandingNews
from actors.store.archive import Archive
from actors.store.log import ShardLog
from actors.store.snapshot import SnapshotStore
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import stamp, to_ipc
from rules.judging.results import STATUSES
from tests.unit.played_log import Event, instant_us, rules_of

SEASON = """
format = 1
[programme]
id = "club"
timezone = "Asia/Shanghai"
[products.92]
category = "fuel"
[[earning]]
id = "spend"
on = "purchase"
points = 1
per = { amount = "1.00" }
[season]
id = "s"
starts = 2026-06-01T00:00:00
ends = 2026-12-01T00:00:00
[[boards]]
id = "overall"
[[coupons]]
id = "ten"
kind = "amount_off"
off = "10.00"
valid = "30d"
[coupon_rules]
reserve_for = "2h"
[[triggers]]
on = "enrol"
issue = "ten"
"""
AT = "2026-06-02T10:00:00+08:00"
ENROL = {"event_id": "e1", "type": "enrol", "member": "a", "at": AT}
RESERVE = {
    "event_id": "e2",
    "type": "reserve",
    "member": "a",
    "at": AT,
    "coupon": "ten",
    "order": "o1",
    "lines": [{"product": "92", "litres": "30", "amount": "240.00"}],
}


class Rig:
    """One shard's log on a server, and shards that start from it."""

    def __init__(self, client: redis.Redis, folder: Path) -> None:
        self._client, self._folder = client, folder
        self._rules = rules_of(SEASON)

    def shard(self) -> MemberShard:
        """Start a shard from the log, after whatever became of the one before."""
        places = ShardPlaces(
            ShardLog(self._client, "clock", 0),
            SnapshotStore(self._folder / "snapshots"),
            Archive(self._folder / "archive"),
        )
        shard = MemberShard(self._rules, places, StandingNews(NoRanking()), lambda: 0)
        shard.start()
        return shard

    def send(self, shard: MemberShard, events: list[Event], at: str) -> list[str]:
        """Have a shard apply events stamped at an instant; gives the answers' statuses."""
        columns = decode_json(msgspec.json.encode(events), self._rules.names).columns
        stamps = np.full(len(events), instant_us(at), dtype=np.int64)
        answer = shard.apply(to_ipc(stamp(columns, stamps)), "given")
        return [STATUSES[status] for status in answer.status]


def shown(shard: MemberShard) -> dict[str, Any]:
    found: dict[str, Any] = shard.read("coupons", "a", 0)[0]
    return {
        "clock_us": shard.status().clock_us,
        "status": found["status"],
        "exports": [shard.export(what, 0) for what in ("members", "coupons")],
    }


@pytest.mark.parametrize("later", [timedelta(hours=3), timedelta(days=2)])
def test_a_shard_shows_what_its_log_says_though_old_events_came_again_later(
    client: redis.Redis, tmp_path: Path, later: timedelta
) -> None:
    """A reservation lapses by the clock; a repeat alone, before midnight or after, is no event."""
    rig = Rig(client, tmp_path)
    shard = rig.shard()
    assert rig.send(shard, [ENROL, RESERVE], AT) == ["applied", "applied"]
    assert shown(shard)["status"] == "reserved"
    at = (datetime.fromisoformat(AT) + later).isoformat()
    assert rig.send(shard, [ENROL, RESERVE], at) == ["duplicate", "duplicate"]
    live = shown(shard)
    assert shown(rig.shard()) == live


def test_new_events_move_the_clock_to_the_stamps_of_repeats_behind_them(
    client: redis.Redis, tmp_path: Path
) -> None:
    rig = Rig(client, tmp_path)
    shard = rig.shard()
    rig.send(shard, [ENROL, RESERVE], AT)
    at = (datetime.fromisoformat(AT) + timedelta(hours=3)).isoformat()
    more = {**ENROL, "event_id": "e3", "type": "check_in"}
    assert rig.send(shard, [more, ENROL], at)[1] == "duplicate"
    live = shown(shard)
    assert (live["clock_us"], live["status"]) == (instant_us(at), "claimed")
    assert shown(rig.shard()) == live
