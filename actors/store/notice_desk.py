"""Notice desk: how notices stand, over all ways of delivery and shards, and trying one again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import redis

from actors.store.deliveries import Deliveries, notice_id
from actors.store.notice_stream import NoticeStream
from rules.notices.notice_book import Notice

STATES: Final = ("waiting", "sent", "dropped", "outdated", "retrying", "dead")
LOOKED_AT_MAX: Final = 20_000
"""Entries of one stream that a question looks through before it answers with what it has."""

_PAGE: Final = 1_000
_STREAM_OF: Final = {
    "sent": "history",
    "dropped": "history",
    "outdated": "history",
    "dead": "dead",
    "retrying": "again",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a notice stands with one way of delivery; told_us is 0 while it waits."""

    id: str
    lane: str
    state: str
    notice: Notice
    told_us: int = 0
    tries: int = 0
    why: str = ""


class NoticeDesk:
    """Reads what the outbox keeps; methods raise StoreUnavailable."""

    def __init__(self, client: redis.Redis, scope: str, shards: int, lanes: list[str]) -> None:
        numbers = range(shards)
        self._streams = [NoticeStream(client, scope, number) for number in numbers]
        self._deliveries = [
            [Deliveries(client, scope, lane, number) for number in numbers] for lane in lanes
        ]

    def counts(self) -> dict[str, dict[str, int]]:
        """Count, by way of delivery, what became of notices so far."""
        counted: dict[str, dict[str, int]] = {}
        for mine in self._deliveries:
            total: dict[str, int] = {}
            for each in mine:
                for state, count in each.counts().items():
                    total[state] = total.get(state, 0) + count
            counted[mine[0].lane] = total
        return counted

    def listed(self, member: str | None, state: str | None, limit: int) -> list[Standing]:
        """List notices, the newest first, of one member or in one state where given."""
        found: list[Standing] = []
        for mine in self._deliveries:
            for stream, each in zip(self._streams, mine, strict=True):
                if state in (None, "waiting"):
                    found += self._waiting(stream, each, member, limit)
                for what in ("history", "dead", "again"):
                    if state is None or _STREAM_OF.get(state) == what:
                        found += self._settled(each, what, member, state, limit)
        found.sort(key=lambda one: (one.notice.at_us, one.id), reverse=True)
        return found[:limit]

    def retry(self, name: str) -> list[str]:
        """Have dead letters of a notice sent again; returns the ways of delivery that will."""
        again: list[str] = []
        for mine in self._deliveries:
            for each in mine:
                for entry, one in each.latest("dead", LOOKED_AT_MAX):
                    if one.id == name and each.retry(entry):
                        again.append(each.lane)
        return again

    def _waiting(
        self, stream: NoticeStream, mine: Deliveries, member: str | None, limit: int
    ) -> list[Standing]:
        done, after, looked_at = mine.done(), mine.after(), 0
        found: list[Standing] = []
        while looked_at < LOOKED_AT_MAX:
            chunks = stream.read(after, 50)
            if not chunks:
                break
            for chunk in chunks:
                after, looked_at = chunk.id, looked_at + len(chunk.notices) + 1
                for nth, notice in enumerate(chunk.notices):
                    name = notice_id(mine.shard, chunk.id, nth)
                    if name not in done and member in (None, notice.member):
                        found.append(Standing(name, mine.lane, "waiting", notice))
        return found[-limit:]

    def _settled(
        self, mine: Deliveries, what: str, member: str | None, state: str | None, limit: int
    ) -> list[Standing]:
        found: list[Standing] = []
        before, looked_at = "+", 0
        while len(found) < limit and looked_at < LOOKED_AT_MAX:
            page = mine.latest(what, _PAGE, before)
            looked_at += len(page)
            for _, one in page:
                stands = "retrying" if what == "again" else one.state
                if member in (None, one.notice.member) and state in (None, stands):
                    told = (one.notice, one.told_us, one.tries, one.why)
                    found.append(Standing(one.id, mine.lane, stands, *told))
            if len(page) < _PAGE:
                break
            before = f"({page[-1][0]}"
        return found[:limit]
