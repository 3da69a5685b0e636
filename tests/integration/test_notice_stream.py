"""The notice stream against real servers: told again after a crash, nothing comes twice."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from actors.folder_store import NoRanking
from actors.member_shard import MemberShard
from actors.notice_feed import NoticeFeed
from actors.notice_lane import NoticeLane
from actors.notice_webhook import Sent
from actors.shard_places import ShardPlaces
from actors.standing_news import StandingNews
from actors.store.archive import Archive
from actors.store.client import connect
from actors.store.deliveries import Deliveries
from actors.store.errors import StoreUnavailable
from actors.store.log import ShardLog
from actors.store.manifest import ManifestRecord
from actors.store.notice_desk import NoticeDesk
from actors.store.notice_stream import CHUNK, NoticeStream
from actors.store.server import EmbeddedServer
from actors.store.snapshot import SnapshotStore
from rules.compiling.compiled import Rules
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import running_stamps, stamp, to_ipc
from rules.notices.notice_book import Notice, NoticeBook, Notices
from rules.table.member_table import MemberTable
from tests.unit.played_log import Event, instant_us, play, rules_of
from tests.unit.test_notice_book import SEASON, drawn, event

SCOPE = "club"


class Lost(NoticeFeed):
    """A feed whose process died with everything in it."""

    def put(self, seq: int, notices: Notices) -> None:
        """Lose it."""


class Rig:
    """A shard on a folder and a server, and what its stream holds."""

    def __init__(self, client: redis.Redis, folder: Path, season: str = SEASON) -> None:
        self.client, self.folder = client, folder
        self.rules = rules_of(season)
        self.stream = NoticeStream(client, SCOPE, 0)
        self.stamp_us = 0

    def shard(self, feed: type[NoticeFeed] = NoticeFeed) -> MemberShard:
        self.feed = feed(self.stream)
        shard = MemberShard(
            self.rules,
            ShardPlaces(
                ShardLog(self.client, SCOPE, 0),
                SnapshotStore(self.folder / "snapshots", ManifestRecord(self.client, SCOPE)),
                Archive(self.folder / "archive"),
                feed=self.feed,
            ),
            StandingNews(NoRanking()),
            lambda: 0,
        )
        shard.start()
        return shard

    def send(self, shard: MemberShard, *events: Event) -> None:
        decoded = decode_json(msgspec.json.encode(list(events)), self.rules.names)
        assert not decoded.refused, decoded.refused
        at_us = decoded.columns.column("at_us").to_numpy()
        stamps = running_stamps(at_us, self.stamp_us)
        self.stamp_us = int(stamps[-1])
        shard.apply(to_ipc(stamp(decoded.columns, stamps)), "given")

    def told(self) -> list[tuple[str, Notice]]:
        self.feed.flush(30)
        return [
            (f"{chunk.id[0]}-{chunk.id[1] + nth}", one)
            for chunk in self.stream.read((0, 0), 10_000)
            for nth, one in enumerate(chunk.notices)
        ]


def enrol(number: int, day: int = 2) -> Event:
    return event("enrol", f"m{number}", f"06-{day:02d}T09:00:00", event_id=f"e{number}")


def test_what_a_crash_lost_is_told_again_and_nothing_twice(
    client: redis.Redis, tmp_path: Path
) -> None:
    rig = Rig(client, tmp_path)
    first = rig.shard()
    rig.send(first, enrol(1))
    before = rig.told()
    assert [one.member for _, one in before] == ["m1"]
    lost = rig.shard(Lost)
    rig.send(lost, *(enrol(number, 3) for number in range(2, CHUNK + 300)))
    rig.send(lost, enrol(9000, 28))
    assert rig.told() == before
    again = rig.shard()
    whole = rig.told()
    assert whole[:1] == before
    assert len({name for name, _ in whole}) == len(whole) > CHUNK + 300
    assert {one.kind for _, one in whole} == {"coupon_issued", "coupon_expiring"}
    rig.shard()
    assert rig.told() == whole
    again.close(rig.rules.ends_us)


def test_a_snapshot_waits_until_its_notices_are_in_the_stream(
    client: redis.Redis, tmp_path: Path
) -> None:
    rig = Rig(client, tmp_path)
    shard = rig.shard()
    rig.send(shard, *(enrol(number) for number in range(500)))
    shard.snapshot()
    assert rig.feed.idle
    assert len(rig.told()) == 500
    rig.shard()
    assert len(rig.told()) == 500


@pytest.mark.parametrize("seed", range(3))
def test_the_log_tells_again_exactly_what_was_told_live(
    client: redis.Redis, tmp_path: Path, seed: int
) -> None:
    source = random.Random(seed)
    sent = drawn(source)
    rig = Rig(client, tmp_path)
    shard = rig.shard()
    while sent:
        count = source.randrange(1, 6)
        rig.send(shard, *sent[:count])
        last = instant_us(str(sent[:count][-1]["at"]))
        # Known events only, and known ones behind new ones, may carry the clock over a midnight.
        rig.stamp_us = max(rig.stamp_us, last + source.randrange(3) * 43_200_000_000)
        rig.send(shard, *source.sample(sent[:count], 1))
        if len(sent) > count and source.random() < 0.5:
            rig.send(shard, sent[count], sent[0])
        sent = sent[count:]
    shard.advance(instant_us("2026-08-01T00:00:00+08:00"))
    live = rig.told()
    assert len(live) > 20
    rig.stream = NoticeStream(client, "told-again", 0)
    rig.stream.begin(0)
    rig.shard()
    assert rig.told() == live


def test_a_stream_that_is_new_beside_an_old_log_begins_behind_it(
    client: redis.Redis, tmp_path: Path
) -> None:
    rig = Rig(client, tmp_path)
    shard = rig.shard()
    rig.send(shard, enrol(1))
    rig.told()
    client.delete("forecourt:club:notices:{0}")
    shard = rig.shard()
    rig.send(shard, enrol(2))
    assert [one.member for _, one in rig.told()] == ["m2"]


def test_a_server_that_is_away_fails_no_answer(own_server: EmbeddedServer, tmp_path: Path) -> None:
    with connect(own_server.url) as client:
        rig = Rig(client, tmp_path)
        shard = rig.shard()
        assert shard.seq == 0
        rig.feed.flush(10)
        own_server.kill()
        rig.feed.put(1, _notices(rig.rules))
        with pytest.raises(StoreUnavailable):
            rig.feed.flush(0.5)
        own_server.start()
        rig.feed.flush(30)
        assert len(rig.stream.read((0, 0), 10)) == 2


def _notices(rules: Rules) -> Notices:
    table = MemberTable(rules)
    table.notices = NoticeBook()
    play(table, [enrol(1)])
    return table.notices.take()


class Desk:
    """A lane over the rig's stream whose sender keeps what it is given, and may die."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.sent = rig, list[str]()
        self.dies_after: int | None = None
        self.now = instant_us("2026-06-02T12:00:00+08:00")
        self.deliveries = Deliveries(rig.client, SCOPE, "webhook", 0)

    @property
    def rules(self) -> Rules:
        return self.rig.rules

    def now_us(self) -> int | None:
        return self.now

    async def send(self, letters: Sequence[dict[str, Any]]) -> list[Sent | None]:
        if self.dies_after is not None and len(self.sent) >= self.dies_after:
            raise OSError("the process was killed")
        self.sent += [letter["id"] for letter in letters]
        return [Sent(True, 1) for _ in letters]

    def lane(self) -> NoticeLane:
        return NoticeLane("webhook", self.send, [(self.rig.stream, self.deliveries)], self)

    def run(self) -> None:
        async def rounds() -> None:
            lane = self.lane()
            await lane.start()
            while await lane.round():
                pass

        asyncio.run(rounds())


def test_a_lane_goes_on_where_the_last_one_ended(client: redis.Redis, tmp_path: Path) -> None:
    rig = Rig(client, tmp_path)
    shard = rig.shard()
    rig.send(shard, *(enrol(number) for number in range(50)))
    rig.send(shard, *(enrol(number) for number in range(50, 90)))
    rig.told()
    desk = Desk(rig)
    for dies_after in (3, 20, 21, 60, None):
        desk.dies_after = dies_after
        if dies_after is None:
            desk.run()
        else:
            with pytest.raises(OSError, match="killed"):
                desk.run()
    assert len(desk.sent) == len(set(desk.sent)) == 90
    assert desk.deliveries.counts() == {"sent": 90}
    desk.run()
    assert len(desk.sent) == 90


def test_the_quiet_hours_hold_everything(client: redis.Redis, tmp_path: Path) -> None:
    rig = Rig(client, tmp_path, SEASON + 'quiet_hours = "21:00-09:00"\n')
    shard = rig.shard()
    rig.send(shard, enrol(1))
    rig.told()
    desk = Desk(rig)
    for at, sent in (("02T23:00:00", 0), ("03T08:59:59", 0), ("03T09:00:00", 1)):
        desk.now = instant_us(f"2026-06-{at}+08:00")
        desk.run()
        assert len(desk.sent) == sent


def test_the_weekly_limit_is_remembered_by_the_next_lane(
    client: redis.Redis, tmp_path: Path
) -> None:
    rig = Rig(client, tmp_path, SEASON + "per_member_week = 1\n")
    shard = rig.shard()
    desk = Desk(rig)
    days = itertools.count(2)
    buys = [
        event("purchase", "a", f"06-{next(days):02d}T10:00:00", amount=amount, event_id=amount)
        for amount in ("1000.00", "200.00")
    ]
    redeem = event("redeem", "a", "06-03T11:00:00", item="black-card", event_id="r")
    rig.send(shard, buys[0])
    rig.told()
    desk.run()
    rig.send(shard, buys[1], redeem)
    rig.told()
    desk.run()
    # The rise; then only what is told whatever the limit says.
    assert desk.deliveries.counts() == {"sent": 2, "dropped": 3}
    listed = NoticeDesk(client, SCOPE, 1, ["webhook"]).listed("a", "dropped", 10)
    assert {one.notice.kind for one in listed} == {"tier_up", "coupon_issued"}
