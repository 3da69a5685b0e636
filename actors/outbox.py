"""Outbox: delivers what members are to be told, every way the system was started with."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Final

from actors.calls import MemberShardFacade
from actors.figures import Figures, figures_of_process
from actors.messages import ShardDown, stand_of
from actors.notice_file import NoticeFile
from actors.notice_lane import NoticeLane, Send, file_sender, webhook_sender
from actors.notice_policy import quiet_until
from actors.notice_ways import Way, check_ways
from actors.notice_webhook import NoticeWebhook
from actors.rules_book import RulesBook
from actors.settings import Settings
from actors.store.client import connect
from actors.store.deliveries import Deliveries
from actors.store.errors import StoreError
from actors.store.notice_stream import NoticeStream
from rules.compiling.compiled import Rules

PAUSE_S: Final = 0.25
TROUBLE_PAUSE_S: Final = 1.0
UPKEEP_S: Final = 5.0

log = logging.getLogger(__name__)


class Outbox:
    """Runs a lane for each way of delivery; a restarted one goes on where the last one ended."""

    def __init__(self, settings: Settings, members: list[MemberShardFacade]) -> None:
        self._settings = settings
        self._members = members
        self._book = RulesBook(settings.rules)
        self._client = connect(settings.redis_url, name="outbox")
        scope, numbers = settings.rules.season_id, range(settings.shards)
        self._streams = [NoticeStream(self._client, scope, number) for number in numbers]
        self._stopping = asyncio.Event()
        self._webhooks: list[NoticeWebhook] = []
        self._deliveries: dict[str, list[Deliveries]] = {}
        self._lanes: list[NoticeLane] = []
        for way in check_ways(settings.notify, settings.webhook_secret):
            mine = [Deliveries(self._client, scope, way.lane, number) for number in numbers]
            self._deliveries[way.lane] = mine
            shards = list(zip(self._streams, mine, strict=True))
            self._lanes.append(NoticeLane(way.lane, self._sender(way), shards, self))

    @property
    def rules(self) -> Rules:
        """Give the rules in force."""
        return self._book.rules

    def now_us(self) -> int | None:
        """Read the wall clock; None where the events' own times are the clock."""
        return time.time_ns() // 1000 if self._settings.clock == "real" else None

    async def run(self) -> None:
        """Deliver until stopped."""
        await asyncio.gather(self._upkeep(), *(self._follow(lane) for lane in self._lanes))
        for webhook in self._webhooks:
            await webhook.close()

    def stop(self) -> None:
        """End after what is being sent."""
        self._stopping.set()

    def figures(self) -> Figures:
        """Tell how much waits to be told and what became of the rest; raises StoreError."""
        waiting = sum(stream.waiting() for stream in self._streams)
        counts: dict[str, dict[str, int]] = {}
        for lane, mine in self._deliveries.items():
            total = counts.setdefault(lane, {})
            for deliveries in mine:
                for state, count in deliveries.counts().items():
                    total[state] = total.get(state, 0) + count
        return figures_of_process({"waiting_entries": waiting}, counts=counts)

    async def _follow(self, lane: NoticeLane) -> None:
        started = False
        while not self._stopping.is_set():
            try:
                if not started:
                    await lane.start()
                    started = True
                pause_s = 0.0 if await lane.round() else PAUSE_S
            except (StoreError, OSError) as error:
                log.warning("the notices of %s wait: %s", lane.name, error)
                # What was decided but not noted has to be counted anew.
                started, pause_s = False, TROUBLE_PAUSE_S
            except Exception:  # the other lanes go on, and the log tells what is wrong here
                log.exception("the notices of %s are stuck", lane.name)
                started, pause_s = False, UPKEEP_S
            await self._pause(pause_s)

    async def _upkeep(self) -> None:
        """Follow new versions of the season file, and drop what every lane has dealt with."""
        while not self._stopping.is_set():
            try:
                statuses = [await shard.status() for shard in self._members]
                versions = await self._members[0].rules_versions()
                self._book.follow(versions, stand_of(statuses))
                await asyncio.to_thread(self._trim)
            except (StoreError, ShardDown) as error:
                log.info("the outbox looks after itself later: %s", error)
            await self._pause(UPKEEP_S)

    def _trim(self) -> None:
        for number, stream in enumerate(self._streams):
            stream.trim(min(mine[number].after() for mine in self._deliveries.values()))
        for mine in self._deliveries.values():
            for each in mine:
                each.trim(time.time_ns() // 1_000_000)

    def _sender(self, way: Way) -> Send:
        if way.lane == "file":
            return file_sender(NoticeFile(self._settings.folder / "notices"), month)
        webhook = NoticeWebhook(way.url, self._settings.webhook_secret, may_send=self._loud)
        self._webhooks.append(webhook)
        return webhook_sender(webhook, self._stopping)

    def _loud(self) -> bool:
        """Tell whether it isn't quiet now; tries that go on into the quiet hours wait too."""
        now_us, notices = self.now_us(), self.rules.season.notices
        if now_us is None or notices is None:
            return True
        return quiet_until(self.rules.calendar, notices.quiet_hours, now_us) == now_us

    async def _pause(self, pause_s: float) -> None:
        if not pause_s:
            await asyncio.sleep(0)
            return
        try:
            await asyncio.wait_for(self._stopping.wait(), pause_s)
        except TimeoutError:
            return


def month() -> str:
    """Name the month the wall clock shows in UTC, as files of notices are named."""
    return datetime.now(UTC).strftime("%Y-%m")
