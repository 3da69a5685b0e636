"""Notice lane: one way of delivery, following the notice streams of all shards.

A lane has its own cursor, counts and limits. It deals with an entry at a time: decides what is
sent, sends it, notes what became of each, moves on. After a crash it goes on at the first notice
without a note; only one whose outcome nobody saw is sent again, under the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from actors.notice_file import NoticeFile
from actors.notice_policy import SEND, WEEK_US, WeeklyLimit, decide, quiet_until
from actors.notice_texts import language, text_of
from actors.notice_webhook import NoticeWebhook, Sent
from actors.phases import instant
from actors.store.deliveries import DEAD, SENT, Deliveries, Delivery, notice_id
from actors.store.notice_stream import Chunk, NoticeStream
from rules.compiling.compiled import Rules
from rules.notices.notice_book import ALWAYS_TOLD, Notice

AT_ONCE: Final = 8
"""Members whose notices are posted at the same time; one member's go one by one."""


class Clock(Protocol):
    """Tells the time a lane goes by, and the rules in force."""

    @property
    def rules(self) -> Rules:
        """Give the rules in force."""

    def now_us(self) -> int | None:
        """Read the wall clock; None where the events' own times are the clock."""


Send = Callable[[Sequence[dict[str, Any]]], Awaitable[list[Sent | None]]]


class NoticeLane:
    """Delivers the notices of some shards one way."""

    def __init__(
        self,
        name: str,
        send: Send,
        shards: Sequence[tuple[NoticeStream, Deliveries]],
        clock: Clock,
    ) -> None:
        self.name = name
        self._send = send
        self._shards = shards
        self._clock = clock
        self._limit = WeeklyLimit()

    async def start(self) -> None:
        """Count what members were sent in the last seven days; raises StoreUnavailable."""
        self._limit = WeeklyLimit()
        now_us = self._clock.now_us()
        since_ms = 0 if now_us is None else max(0, (now_us - WEEK_US) // 1000)
        told: list[tuple[int, str]] = []
        for _, deliveries in self._shards:
            for one in await asyncio.to_thread(deliveries.history, since_ms):
                if one.state == SENT and one.notice.kind not in ALWAYS_TOLD:
                    told.append((one.told_us, one.notice.member))  # noqa: PERF401  an extend of this is harder to read
        for told_us, member in sorted(told):
            self._limit.add(member, told_us)

    async def round(self) -> bool:
        """Deal with one entry of each shard, and what is to be sent again; tell whether any was.

        Raises StoreUnavailable or OSError; the next round goes on where this one ended.
        """
        now_us = self._clock.now_us()
        if now_us is not None and self._quiet_until(now_us) > now_us:
            return False
        busy = False
        for stream, deliveries in self._shards:
            after = await asyncio.to_thread(deliveries.after)
            for chunk in await asyncio.to_thread(stream.read, after, 1):
                busy = True
                await self._deal(chunk, deliveries)
            busy |= await self._again(deliveries)
        return busy

    async def _deal(self, chunk: Chunk, deliveries: Deliveries) -> None:
        shard = deliveries.shard
        done = await asyncio.to_thread(deliveries.done)
        named = [(notice_id(shard, chunk.id, nth), one) for nth, one in enumerate(chunk.notices)]
        open_ones = [(name, one) for name, one in named if name not in done]
        settled: list[Delivery] = []
        sending: list[tuple[str, Notice, int]] = []
        for name, one in open_ones:
            due_us = self._due_us(one)
            fate = decide(one, self._clock.rules.season, self._limit, due_us)
            if fate == SEND:
                sending.append((name, one, due_us))
            else:
                settled.append(Delivery(name, one, fate, due_us))
        await asyncio.to_thread(deliveries.settle, settled)
        for part in _parts(sending, self.name):
            letters = [self.letter(name, one) for name, one, _ in part]
            sent = await self._send(letters)
            told = [
                _outcome(name, one, due_us, outcome)
                for (name, one, due_us), outcome in zip(part, sent, strict=True)
                if outcome is not None
            ]
            await asyncio.to_thread(deliveries.settle, told)
            if len(told) < len(part):
                return  # the system stops; the rest is for the next start
        await asyncio.to_thread(deliveries.finish, chunk.id)

    async def _again(self, deliveries: Deliveries) -> bool:
        """Send one of the dead letters that somebody wants sent again."""
        for entry, dead in await asyncio.to_thread(deliveries.again, 1):
            [sent] = await self._send([self.letter(dead.id, dead.notice)])
            if sent is None:
                return False
            outcome = _outcome(dead.id, dead.notice, self._due_us(dead.notice), sent)
            await asyncio.to_thread(deliveries.settle_again, entry, outcome)
            return True
        return False

    def letter(self, name: str, notice: Notice) -> dict[str, Any]:
        """Write a notice as it is handed on."""
        return {
            "id": name,
            "member": notice.member,
            "kind": notice.kind,
            "at": instant(notice.at_us),
            "lang": language(notice),
            "text": text_of(notice, self._clock.rules.calendar),
            "data": notice.data,
        }

    def _due_us(self, notice: Notice) -> int:
        """Tell when a notice is told: now, or by the events' clock once it isn't quiet."""
        now_us = self._clock.now_us()
        return self._quiet_until(notice.at_us) if now_us is None else now_us

    def _quiet_until(self, at_us: int) -> int:
        rules = self._clock.rules
        notices = rules.season.notices
        return quiet_until(rules.calendar, notices.quiet_hours if notices else None, at_us)


def file_sender(file: NoticeFile, month: Callable[[], str]) -> Send:
    """Send by appending to a file."""

    async def send(letters: Sequence[dict[str, Any]]) -> list[Sent | None]:
        return await asyncio.to_thread(file.send, letters, month())

    return send


def webhook_sender(webhook: NoticeWebhook, stopping: asyncio.Event) -> Send:
    """Send by posting, the letters of different members at the same time."""

    async def send(letters: Sequence[dict[str, Any]]) -> list[Sent | None]:
        return list(await asyncio.gather(*(webhook.send(each, stopping) for each in letters)))

    return send


def _parts(
    sending: Sequence[tuple[str, Notice, int]], lane: str
) -> list[list[tuple[str, Notice, int]]]:
    """Cut what is sent into parts that are noted at once.

    A file takes everything in one append. Posts go a few at a time, of distinct members, so that
    a member's arrive in order and a crash leaves few without a note.
    """
    if lane == "file":
        return [list(sending)] if sending else []
    parts: list[list[tuple[str, Notice, int]]] = []
    for each in sending:
        if not parts or len(parts[-1]) >= AT_ONCE or _has(parts[-1], each[1].member):
            parts.append([])
        parts[-1].append(each)
    return parts


def _has(part: Sequence[tuple[str, Notice, int]], member: str) -> bool:
    return any(one.member == member for _, one, _ in part)


def _outcome(name: str, notice: Notice, due_us: int, sent: Sent) -> Delivery:
    return Delivery(name, notice, SENT if sent.taken else DEAD, due_us, sent.tries, sent.why)
