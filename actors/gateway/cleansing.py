"""Cleansing: after an erasure, snapshots and the server's file are made anew without it."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from actors.messages import MemberShardCalls, ShardDown
from actors.store.errors import StoreError
from actors.store.vault import Vault

AGAIN_S: Final = 2.0

log = logging.getLogger(__name__)


class Cleanser:
    """Does it once for all erasures that wait; one that was cut off is done at the next start."""

    def __init__(self, vault: Vault, members: list[MemberShardCalls]) -> None:
        self._vault = vault
        self._members = members
        self._asked = 0
        self._done = 0
        self._whole = True
        self._changed = asyncio.Condition()
        self._wake = asyncio.Event()

    def ask(self) -> None:
        """Ask for it; several asks until it begins are one."""
        self._asked += 1
        self._wake.set()

    async def settled(self, within_s: float) -> bool:
        """Wait for what was asked so far; False when it isn't done in time or not wholly."""
        wanted = self._asked
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: self._done >= wanted)
        except TimeoutError:
            return False
        return self._whole

    async def run(self) -> None:
        """Serve asks until cancelled."""
        await self._ask_for_unfinished()
        while True:
            await self._wake.wait()
            self._wake.clear()
            asked = self._asked
            try:
                await asyncio.gather(*(shard.purge() for shard in self._members))
                whole = await asyncio.to_thread(self._vault.cleanse)
            except (ShardDown, StoreError, OSError) as error:
                log.warning("what was erased is not out of every file yet: %s", error)
                await asyncio.sleep(AGAIN_S)
                self._wake.set()
                continue
            if not whole:
                log.warning(
                    "the server did not rewrite its append-only file: run BGREWRITEAOF there, "
                    "what was erased may still be in it"
                )
            async with self._changed:
                self._done, self._whole = asked, whole
                self._changed.notify_all()

    async def _ask_for_unfinished(self) -> None:
        try:
            unfinished = await asyncio.to_thread(self._vault.unclean)
        except StoreError:
            unfinished = True
        if unfinished:
            self.ask()
