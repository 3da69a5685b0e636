"""Keeper: wakes shards when something is due, publishes the phase, freezes the final list."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from actors.calls import MemberShardFacade
from actors.final_list import FinalShelf
from actors.messages import ShardDown, ShardStatus, stand_of
from actors.phases import Window, instant
from actors.rules_book import RulesBook
from actors.settings import Settings
from actors.store.client import connect
from actors.store.errors import StoreError
from actors.store.mirror import Mirror
from rules.compiling.compiled import Rules

PERIOD_S: Final = 0.5

log = logging.getLogger(__name__)


class Keeper:
    """Looks at every shard twice a second; a restarted one just goes on."""

    def __init__(self, settings: Settings, shards: list[MemberShardFacade]) -> None:
        self._settings = settings
        self._shards = shards
        self._book = RulesBook(settings.rules)
        client = connect(settings.redis_url, name="keeper", answer_within_s=1.0)
        self._mirror = Mirror(client, self._rules.season_id, 0)
        self._published: dict[str, str | int] = {}
        self._stopping = False

    @property
    def _rules(self) -> Rules:
        return self._book.rules

    async def run(self) -> None:
        """Keep the season until stopped."""
        while not self._stopping:
            began_s = time.monotonic()
            await self._round()
            await asyncio.sleep(max(0.05, PERIOD_S - (time.monotonic() - began_s)))

    def stop(self) -> None:
        """End after this round."""
        self._stopping = True

    async def _round(self) -> None:
        now_us = time.time_ns() // 1000 if self._settings.clock == "real" else None
        statuses = await asyncio.gather(
            *(shard.poke(now_us) for shard in self._shards), return_exceptions=True
        )
        known = [status for status in statuses if isinstance(status, ShardStatus)]
        for status in statuses:
            if isinstance(status, Exception) and not isinstance(status, ShardDown):
                log.error("a shard failed when it was woken", exc_info=status)
        if len(known) < len(self._shards):
            return
        try:
            await self._follow(known)
            self._publish(known)
            if all(status.final for status in known) and self._shelf(self._rules).load() is None:
                await self.freeze()
            if all(status.older_final for status in known):
                await self._freeze_older()
        except (StoreError, ShardDown) as error:
            log.warning("the season's description waits: %s", error)

    async def _follow(self, statuses: list[ShardStatus]) -> None:
        """Follow a close and new versions of the season file; raises ShardDown between two."""
        numbers = {status.rules_number for status in statuses}
        if len(numbers) > 1:
            raise ShardDown(f"the shards go over from version {min(numbers)} to {max(numbers)}")
        versions = self._book.versions
        if numbers != {self._book.number}:
            versions = await self._shards[0].rules_versions()
        if len({status.season for status in statuses}) > 1:
            raise ShardDown("the shards open the next season")
        self._book.follow(versions, stand_of(statuses))

    def _publish(self, statuses: list[ShardStatus]) -> None:
        """Describe the season to other readers of Redis."""
        clock_us = max(0, *(status.clock_us for status in statuses))
        now_us = time.time_ns() // 1000 if self._settings.clock == "real" else clock_us
        info: dict[str, str | int] = {
            "shards": len(self._shards),
            "starts": instant(self._rules.starts_us),
            "ends": instant(self._rules.ends_us),
            "phase": Window.of(self._rules).phase(now_us),
            "as_of": instant(now_us),
        }
        if info != self._published:
            self._mirror.write_info(info)
            self._published = info

    def _shelf(self, rules: Rules) -> FinalShelf:
        return FinalShelf(self._settings.folder / "final", rules.season_id)

    async def _freeze_older(self) -> None:
        """Freeze the final list of the season before under its own id."""
        rules = self._book.older
        if rules is None or self._shelf(rules).load() is not None:
            return
        parts = await asyncio.gather(*(shard.older_standing() for shard in self._shards))
        held = [part for part in parts if part is not None]
        if len(held) == len(parts):
            frozen = self._shelf(rules).freeze(rules, held, rules.final_us)
            log.info("the standings of %s are final: %s", rules.season_id, frozen.standings_hash)

    async def freeze(self) -> None:
        """Freeze the final list once every shard is past the final instant.

        Raises ShardDown when a shard doesn't answer or isn't there yet; a frozen list stays.
        """
        statuses = await asyncio.gather(*(shard.status() for shard in self._shards))
        await self._follow(statuses)
        if statuses[0].older is not None and all(status.older_final for status in statuses):
            await self._freeze_older()
        if self._shelf(self._rules).load() is not None:
            return
        waiting = [status.shard for status in statuses if not status.final]
        if waiting:
            raise ShardDown(f"shards {waiting} are not past the final instant yet")
        parts = await asyncio.gather(*(shard.standing() for shard in self._shards))
        frozen = self._shelf(self._rules).freeze(self._rules, parts, self._rules.final_us)
        log.info("the standings are final: %s", frozen.standings_hash)
